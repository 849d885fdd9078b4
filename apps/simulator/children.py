"""Child processes that never outlive the simulator, however it ends."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

STOP_SECONDS = 3.0
REPOSITORY = Path(__file__).parents[2]
# A step between fork and program, in an interpreter of its own: Python code in a forked child may
# hang where the parent has threads. It asks Linux for SIGKILL at the parent's death
# (PR_SET_PDEATHSIG is 1), unless the parent is dead already, and becomes the program.
LAST_WILL = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def mortal(command: Sequence[str | Path]) -> list[str | Path]:
    """Return the command so that its process is killed when the thread that starts it ends."""
    if not sys.platform.startswith("linux"):
        # Elsewhere the child shares our process group, which the terminal or supervisor ends.
        return list(command)
    return [sys.executable, "-I", "-S", "-c", LAST_WILL, str(os.getpid()), *command]


def open_log(log: Path) -> BinaryIO:
    """Go on with a log, or begin it anew once it has grown past a megabyte."""
    return log.open("ab" if log.exists() and log.stat().st_size < 1_000_000 else "wb")


async def start(
    command: Sequence[str | Path], log: Path, cwd: Path = REPOSITORY
) -> asyncio.subprocess.Process:
    """Start a child whose output goes to `log`."""
    with open_log(log) as out:
        return await asyncio.create_subprocess_exec(
            *mortal(command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=cwd,
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
