"""Locks that the kernel frees when their holder dies, however it dies.

The files stay in place, empty: removing a locked file would let two holders in.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class HeldError(Exception):
    """Somebody else holds the lock, and still did at the deadline."""


def take(path: Path, *, shared: bool = False, within: float | None = None) -> int:
    """Return a descriptor that holds the lock until it is closed; wait for ever by default."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        if within is None:
            fcntl.flock(descriptor, kind)
        else:
            _take_within(descriptor, kind, time.monotonic() + within)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _take_within(descriptor: int, kind: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise HeldError from None
            time.sleep(0.05)


@contextmanager
def hold(path: Path, *, shared: bool = False, within: float | None = None) -> Iterator[int]:
    descriptor = take(path, shared=shared, within=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def is_free(path: Path, *, shared: bool = False, within: float = 0) -> bool:
    try:
        os.close(take(path, shared=shared, within=within))
    except HeldError:
        return False
    except FileNotFoundError:
        return True  # Not even its folder has been made.
    return True
