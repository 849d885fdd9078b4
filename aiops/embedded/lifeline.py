"""Ties a process to the one that started it, so that even kill -9 leaves no orphan."""

import ctypes
import os
import signal
import sys

# Holds the number of the process that starts others: init, or whoever adopts orphans, is not it.
PARENT = "AIOPS_PARENT_PID"
_PR_SET_PDEATHSIG = 1


def as_parent() -> dict[str, str]:
    """Return the environment for a child that is to end with this process."""
    return {**os.environ, PARENT: str(os.getpid())}


def end_with_parent(with_signal: signal.Signals) -> None:
    """Let the kernel send `with_signal` here when the parent dies. Kept across exec.

    Call it after a change of user: that clears the wish. Linux only; elsewhere the parent
    ends its children itself, and what a killed parent leaves is found by the next start.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    if str(os.getppid()) != os.environ.get(PARENT):  # The parent was gone before we asked.
        raise SystemExit(1)
