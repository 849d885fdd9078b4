"""What an installation needs before its processes start: tables, an administrator, a fleet."""

import os
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.management import CommandError, call_command
from django.db import connections

from aiops import measuring
from aiops.embedded.layout import make_once, var_dir
from aiops.embedded.supervision import say
from aiops.settings import env


def prepare(*, simulated: bool) -> str:
    """Bring the database up to date and return the sentence that says how to sign in."""
    measuring.empty(var_dir() / "measures")
    say("Preparing the database.")
    call_command("migrate", interactive=False, verbosity=0)
    how_to_sign_in = admit_administrator(var_dir() / "admin-password")
    if simulated:
        say("Preparing the simulated fleet.")
        call_command("simulate", "prepare")
        call_command("simulate", "register")
    connections.close_all()
    return how_to_sign_in


def admit_administrator(kept: Path) -> str:
    """Make the administrator, or apply a password that was given anew."""
    name = env.text("AIOPS_ADMIN_USERNAME", "admin")
    given = env.text("AIOPS_ADMIN_PASSWORD", "")
    users = get_user_model().objects
    user = users.filter(username=name).first()
    if user is None:
        users.create_superuser(username=name, password=given or make_once(kept, 12))
    elif given and not user.check_password(given):
        user.set_password(given)
        user.save(update_fields=["password"])
    if given:
        return f"Sign in as {name} with the password given in AIOPS_ADMIN_PASSWORD."
    return f"Sign in as {name} with {_describe(user, kept)}."


def _describe(user: AbstractBaseUser | None, kept: Path) -> str:
    if not kept.exists():
        return "the password that AIOPS_ADMIN_PASSWORD gave before"
    password = kept.read_text(encoding="utf-8").strip()
    if user is None or user.check_password(password):
        return f"the password {password} (kept in {kept})"
    return "the password you have chosen"


def read_port() -> int:
    value = env.text("PORT", "8000")
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise CommandError(f"PORT={value!r} is no port. Write a number from 1 to 65535.")
    return int(value)


def hasten_checks() -> None:
    """A demonstration checks every cluster often, unless the environment says otherwise."""
    os.environ.setdefault("AIOPS_CHECK_INTERVAL_SECONDS", "10")
    os.environ.setdefault("AIOPS_CHECK_TIMEOUT_SECONDS", "5")
