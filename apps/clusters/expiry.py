"""When credentials end, read from themselves: pure, and safe with whatever strangers made."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
from cryptography import x509
from django.conf import settings

LONGEST_TOKEN = 16 * 1024
# The last second that a datetime can hold; a token may claim any number.
LATEST = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Expiry:
    """The moment, and which secret ends then; no name where a person stated it."""

    at: datetime
    name: str = ""


def warn_until(now: datetime) -> datetime:
    """What ends before this is warned of; it may have ended already."""
    return now + timedelta(days=settings.EXPIRY_WARNING_DAYS)


def earliest(secrets: Mapping[str, str], stated: datetime | None = None) -> Expiry | None:
    """Return which of `secrets` (by name) ends first, or the stated end if that comes before."""
    ends = [Expiry(stated)] if stated else []
    for name, secret in secrets.items():
        read = of_certificate if name == "client_certificate" else of_token
        at = read(secret)
        if at is not None:
            ends.append(Expiry(at, name))
    return min(ends, key=lambda one: one.at, default=None)


def of_token(token: str) -> datetime | None:
    """Return the `exp` that a JSON web token states, which is not proven, or None."""
    parts = token.split(".", 3)
    if len(token) > LONGEST_TOKEN or len(parts) != 3:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return None
    return moment_of(claims.get("exp")) if isinstance(claims, dict) else None


def moment_of(seconds: object) -> datetime | None:
    """Return the moment of a count of seconds since 1970, or None for what is none."""
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    # Compared before it is converted: also infinities and what is no number fail here.
    if not number or not 0 < seconds <= LATEST:  # type: ignore[operator]
        return None
    return datetime.fromtimestamp(seconds, UTC)  # type: ignore[arg-type]


def of_certificate(pem: str) -> datetime | None:
    """Return when the first certificate of a PEM chain ends, whichever that is, or None."""
    if not pem:
        return None
    try:
        chain = x509.load_pem_x509_certificates(pem.encode())
        return min(one.not_valid_after_utc for one in chain)
    except (ValueError, x509.InvalidVersion):
        # TLS takes certificates of versions that nobody has defined.
        return None
