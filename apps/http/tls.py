"""Whom a connection trusts, and which certificate it shows."""

import os
import ssl
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

# Kept in memory where the system has such a folder.
MEMORY = Path("/dev/shm")  # noqa: S108  # a file without a name, see _load


@lru_cache(maxsize=4096)
def trust(ca_bundle: str, client_certificate: str = "", client_key: str = "") -> ssl.SSLContext:
    """Trust this PEM bundle alone, or the system's own store if it is empty.

    With a client certificate the context shows it; a pair that does not fit is an SSLError.
    """
    if not ca_bundle.isascii():
        # To Python's own mind this would be a mistake in the program, and not in the bundle.
        raise ValueError("A PEM bundle is ASCII.")
    context = ssl.create_default_context(cadata=ca_bundle or None)
    if client_certificate or client_key:
        _load(context, client_certificate, client_key)
    return context


def _load(context: ssl.SSLContext, client_certificate: str, client_key: str) -> None:
    """Load a pair from memory, which OpenSSL does from files alone.

    So they are files without a name, readable to nobody else, gone when the block ends or the
    process is killed; in memory where the system has a folder for it, else under TMPDIR.
    """
    folder = MEMORY if os.access(MEMORY, os.W_OK) else None
    with (
        tempfile.TemporaryFile(dir=folder) as certificate,
        tempfile.TemporaryFile(dir=folder) as key,
    ):
        for file, text in ((certificate, client_certificate), (key, client_key)):
            file.write(text.encode())
            file.flush()
            file.seek(0)
        # Without a password given here, OpenSSL would ask the terminal for the one of the key.
        context.load_cert_chain(
            f"/dev/fd/{certificate.fileno()}", f"/dev/fd/{key.fileno()}", password=""
        )


def end_of(certificate: Mapping[str, Any]) -> datetime | None:
    """Return when a certificate ends, given as the `ssl` module tells it."""
    end = certificate.get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC) if end else None
