"""Typed readers of the environment. Nonsense is refused at start, by name, with what to write."""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from psycopg import Connection

from apps.sealing import read_keys

_RATE = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})", re.ASCII)


def text(name: str, default: str | None = None) -> str:
    """Return NAME, or the content of the file that NAME_FILE names, or `default`."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE cannot be read: {error.strerror}: {path}"
            ) from error
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. Set {name}, or {name}_FILE to a file.")
    return value


def flag(name: str, default: bool) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no. Write 1 or 0.")


def number(name: str, default: float, *, least: float = 0, most: float = 1e9) -> float:
    value = text(name, str(default))
    try:
        parsed = float(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={value!r} is not a number.") from error
    if not least <= parsed <= most:
        raise ImproperlyConfigured(f"{name}={value} is not between {least:g} and {most:g}.")
    return parsed


def rate(name: str, default: str) -> tuple[float, float] | None:
    """Return how many a minute and how many at once; None where there is no limit."""
    value = text(name, default)
    if value.lower() in {"0", "off"}:
        return None
    found = _RATE.fullmatch(value)
    if not found:
        raise ImproperlyConfigured(
            f"{name}={value!r} is no rate. Write PER_MINUTE/AT_ONCE such as {default}, or off."
        )
    return float(found[1]), float(found[2])


def one_of(name: str, default: str, known: set[str]) -> str:
    value = text(name, default).lower()
    if value not in known:
        raise ImproperlyConfigured(f"{name}={value!r} is none of {', '.join(sorted(known))}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def url(name: str, schemes: set[str]) -> SplitResult:
    value = text(name)
    allowed = " or ".join(f"{scheme}://" for scheme in sorted(schemes))
    refusal = f"{name} must begin with {allowed} and name a host, and a port that is a number."
    try:
        parsed = urlsplit(value)
        host, _ = parsed.hostname, parsed.port
    except ValueError:
        # Its own words would show what stands after the last colon: perhaps a password.
        raise ImproperlyConfigured(refusal) from None
    if parsed.scheme not in schemes or not (host or parsed.path):
        raise ImproperlyConfigured(refusal)
    return parsed


def database() -> dict[str, object]:
    """Read DATABASE_URL into Django's form; its parameters (sslmode, ...) are libpq's own."""
    parsed = url("DATABASE_URL", {"postgres", "postgresql"})
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parsed.path.lstrip("/")) or "aiops",
        "USER": unquote(parsed.username or ""),
        "PASSWORD": unquote(parsed.password or ""),
        "HOST": parsed.hostname or "",
        "PORT": str(parsed.port or ""),
        "OPTIONS": {"connect_timeout": 5}
        | dict(parse_qsl(parsed.query))
        # Of Django's cursors none prepares; of ours those that are told to.
        | {"pool": _pool(), "prepare_threshold": 5},
    }


def _pool() -> dict[str, object]:
    return {
        "min_size": 0,
        "max_size": int(number("AIOPS_DATABASE_CONNECTIONS", 20, least=2, most=1000)),
        "max_idle": 60.0,
        # So long a request waits for one, and is not told any sooner of a PostgreSQL that is away.
        "timeout": 5.0,
        "num_workers": 1,
        "reset": _let_go_of_locks,
    }


def _let_go_of_locks(connection: Connection[Any]) -> None:
    """Leave nothing of a round that broke to whoever gets the connection next."""
    connection.autocommit = True
    connection.execute("SELECT pg_advisory_unlock_all()")


def mail_server() -> dict[str, object]:
    """Read AIOPS_EMAIL_URL into Django's form: smtp://, smtp+starttls:// or smtps://."""
    if not text("AIOPS_EMAIL_URL", ""):
        return {"EMAIL_HOST": ""}
    parsed = url("AIOPS_EMAIL_URL", {"smtp", "smtp+starttls", "smtps"})
    ports = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
    return {
        "EMAIL_HOST": parsed.hostname or "",
        "EMAIL_PORT": parsed.port or ports[parsed.scheme],
        "EMAIL_HOST_USER": unquote(parsed.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parsed.password or ""),
        "EMAIL_USE_TLS": parsed.scheme == "smtp+starttls",
        "EMAIL_USE_SSL": parsed.scheme == "smtps",
    }


def redis(database_number: int) -> str:
    """Return REDIS_URL with its path replaced by one of our four database numbers."""
    parsed = url("REDIS_URL", {"redis", "rediss"})
    return parsed._replace(path=f"/{database_number}").geturl()


def sealing_keys(value: str) -> str:
    """Return `value` if it holds keys to seal with, now and not at the first secret."""
    try:
        keys = read_keys(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"AIOPS_SEALING_KEYS: {error}") from None
    if not keys:
        raise ImproperlyConfigured(
            "AIOPS_SEALING_KEYS is empty: nothing could be sealed. Write NAME:BASE64 of 32 random "
            "bytes, for example from: openssl rand -base64 32"
        )
    return value
