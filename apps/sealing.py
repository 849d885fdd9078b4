"""Sealing of secrets at rest: AES-256-GCM, bound to the row and field that hold them.

A sealed text reads `v1.<key id>.<base64url of nonce and ciphertext>`. The place (for example
`clusters.credential:<id>:secrets`) is authenticated with it, so a ciphertext that somebody moves
to another row does not open there.
"""

import base64
import binascii
import os
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12
# A key is derived from such a text without slowing a guesser down, so it must not be guessable.
SHORTEST_TEXT = 32


class SealBroken(Exception):
    """A sealed text does not open: its key is missing, or it was altered or moved."""


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    secret: bytes = field(repr=False)


# A round of checks opens hundreds of texts; the keys stay the same all along.
@lru_cache(maxsize=8)
def read_keys(text: str) -> tuple[Key, ...]:
    """Read `name:base64,name:base64`; the first key seals, all of them open.

    A text without a colon is one key whose 32 bytes are derived from it, named by its digest;
    it must be random and have at least 32 characters.
    """
    return tuple(_read_key(part.strip()) for part in text.split(",") if part.strip())


def _read_key(text: str) -> Key:
    name, colon, encoded = text.partition(":")
    if not colon and len(text) < SHORTEST_TEXT:
        raise ValueError("A sealing key has NAME:BASE64 of 32 bytes, or 32 random characters.")
    if not colon:
        secret = sha256(b"aiops sealing key\0" + text.encode()).digest()
        return Key(sha256(secret).hexdigest()[:8], secret)
    try:
        secret = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise ValueError(f"Sealing key {name!r} is not base64.") from None
    if len(secret) != 32 or not name.isalnum():
        raise ValueError(f"Sealing key {name!r} must be NAME:BASE64 of exactly 32 bytes.")
    return Key(name, secret)


def key_names() -> list[str]:
    """Return the names of the keys at hand; the first is the one that seals."""
    return [key.name for key in read_keys(settings.SEALING_KEYS)]


def key_of(sealed: str) -> str:
    """Return the name of the key that sealed a text, whether it is at hand or not."""
    version, name, _ = [*sealed.split(".", 2), "", ""][:3]
    return name if version == "v1" else ""


def seal(plain: str, *, place: str) -> str:
    key = read_keys(settings.SEALING_KEYS)[0]
    nonce = os.urandom(NONCE_BYTES)
    box = AESGCM(key.secret).encrypt(nonce, plain.encode(), place.encode())
    return f"v1.{key.name}.{base64.urlsafe_b64encode(nonce + box).decode()}"


def unseal(sealed: str, *, place: str) -> str:
    """Open `sealed`, or raise SealBroken with a sentence that holds nothing of the secret."""
    version, name, encoded = [*sealed.split(".", 2), "", ""][:3]
    key = next((key for key in read_keys(settings.SEALING_KEYS) if key.name == name), None)
    if version != "v1" or key is None:
        raise SealBroken(f"No sealing key named {name!r}. Put it back into AIOPS_SEALING_KEYS.")
    try:
        box = base64.urlsafe_b64decode(encoded)
        return (
            AESGCM(key.secret)
            .decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], place.encode())
            .decode()
        )
    except (InvalidTag, ValueError):
        raise SealBroken("A sealed secret was altered or belongs to another row.") from None
