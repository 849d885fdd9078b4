"""Child processes that never outlive the simulator, however it ends."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 3.0


def last_will() -> Callable[[], None] | None:
    """Return what a child does before it becomes its program: ask to be killed with its parent."""
    if not sys.platform.startswith("linux"):
        # Elsewhere the child shares our process group, which the terminal or supervisor ends.
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have died between the fork and the line above.
        if os.getppid() != parent:
            os._exit(1)

    return ask


def open_log(log: Path) -> BinaryIO:
    """Go on with a log, or begin it anew once it has grown past a megabyte."""
    return log.open("ab" if log.exists() and log.stat().st_size < 1_000_000 else "wb")


async def start(command: Sequence[str | Path], log: Path) -> asyncio.subprocess.Process:
    """Start a child whose output goes to `log`."""
    with open_log(log) as out:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=Path(__file__).parents[2],
            preexec_fn=last_will(),
        )


async def stop(child: asyncio.subprocess.Process) -> None:
    """End a child politely, and after a while not."""
    if child.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), STOP_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else ""
