"""The settings: what is refused at start, what is passed on, and what is made once and kept."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aiops import BASE_DIR

LOCAL = {
    "DJANGO_SETTINGS_MODULE": "aiops.settings.development",
    "DATABASE_URL": "postgresql://a@127.0.0.1/x",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PATH": os.environ["PATH"],
}
PRODUCTION = LOCAL | {
    "DJANGO_SETTINGS_MODULE": "aiops.settings.production",
    "SECRET_KEY": "s" * 50,
    "AIOPS_SEALING_KEYS": "k" * 50,
    "ALLOWED_HOSTS": "aiops.example.net",
}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "", "SECRET_KEY"),
        ("DEBUG", "perhaps", "neither yes nor no"),
        ("AIOPS_CHECK_INTERVAL_SECONDS", "soon", "is not a number"),
        ("AIOPS_CHECK_INTERVAL_SECONDS", "0", "is not between"),
        ("DATABASE_URL", "mysql://x/y", "must begin with postgres://"),
        ("DATABASE_URL", "postgresql://a:b@host:c/x", "a port that is a number"),
        ("SECRET_KEY_FILE", "/nonexistent", "cannot be read"),
        ("ALLOWED_HOSTS", " , ", "ALLOWED_HOSTS is empty"),
        ("AIOPS_SEALING_KEYS", "", "AIOPS_SEALING_KEYS is not set"),
        ("AIOPS_SEALING_KEYS", " ", "AIOPS_SEALING_KEYS is empty"),
        ("AIOPS_SEALING_KEYS", "x", "32 random characters"),
        ("AIOPS_SEALING_KEYS", "first:c2hvcnQ=", "'first' must be NAME:BASE64"),
        ("AIOPS_TRUSTED_PROXIES", "many", "is not a number"),
        ("AIOPS_LIMIT_QUERIES", "60", "is no rate"),
    ],
)
def test_production_refuses_nonsense_at_start(name: str, value: str, words: str) -> None:
    run = run_with(PRODUCTION | {name: value}, "")
    assert run.returncode != 0
    assert words in run.stderr


def test_the_parameters_of_a_database_url_are_passed_on() -> None:
    url = "postgresql://a:p%40ss@db.example/x?sslmode=verify-full&sslrootcert=/ca.pem"
    show = (
        "import json; from django.conf import settings; "
        "print(json.dumps(settings.DATABASES, default=str))"
    )
    run = run_with(PRODUCTION | {"DATABASE_URL": url}, show)
    database = json.loads(run.stdout)["default"]
    assert (database["HOST"], database["PASSWORD"]) == ("db.example", "p@ss")
    pool = database["OPTIONS"].pop("pool")
    assert (pool["min_size"], pool["max_size"]) == (0, 20)
    assert database["OPTIONS"] == {
        "connect_timeout": 5,
        "sslmode": "verify-full",
        "sslrootcert": "/ca.pem",
        "prepare_threshold": 5,
    }


# What a folder of ours holds, so that nobody else's is closed to others.
MARKER = ".aiops-nextgen"
SECRETS = "from django.conf import settings; print(settings.SECRET_KEY, settings.SEALING_KEYS)"


def test_a_local_installation_keeps_its_secrets(tmp_path: Path) -> None:
    local = LOCAL | {"AIOPS_VAR_DIR": str(tmp_path / "var")}
    first, second = (run_with(local, SECRETS).stdout.split() for _ in range(2))
    assert first == second
    assert len(set(first)) == 2
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "var" / "sealing-keys").stat().st_mode & 0o777 == 0o600


def test_secrets_of_an_older_installation_are_read(tmp_path: Path) -> None:
    """They were written without a newline at their end."""
    (tmp_path / MARKER).touch()
    (tmp_path / "secret-key").write_text("s" * 64)
    (tmp_path / "sealing-keys").write_text("k" * 64)
    run = run_with(LOCAL | {"AIOPS_VAR_DIR": str(tmp_path)}, SECRETS)
    assert run.stdout.split() == ["s" * 64, "k" * 64]


def test_an_empty_sealing_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / MARKER).touch()
    (tmp_path / "sealing-keys").touch()
    run = run_with(LOCAL | {"AIOPS_VAR_DIR": str(tmp_path), "SECRET_KEY": "s" * 64}, SECRETS)
    assert "AIOPS_SEALING_KEYS is empty" in run.stderr


def run_with(given: dict[str, str], code: str) -> "subprocess.CompletedProcess[str]":
    """Start Django in a process of its own, with these variables and no others."""
    environment = {name: value for name, value in given.items() if value}
    command = [sys.executable, "-c", f"import django; django.setup(); {code}"]
    return subprocess.run(
        command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )


def test_clusters_on_this_machine_are_for_local_installations_alone(tmp_path: Path) -> None:
    show = "from django.conf import settings; print(settings.ALLOW_LOOPBACK_UPSTREAMS)"
    local = LOCAL | {"AIOPS_VAR_DIR": str(tmp_path / "var")}
    said = [run_with(env, show).stdout.strip() for env in (local, PRODUCTION)]
    assert said == ["True", "False"]
    asked_for = {"AIOPS_ALLOW_LOOPBACK_UPSTREAMS": "1"}
    assert run_with(PRODUCTION | asked_for, show).stdout.strip() == "True"
