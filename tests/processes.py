"""Processes that a test starts: each with what it starts in a group, and gone with its block."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from typing import Any


@contextmanager
def process(command: Sequence[str | Path], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """Run `command` until the block ends, by the end of its input if it reads any."""
    child = subprocess.Popen(command, text=True, start_new_session=True, **options)
    try:
        yield child
    finally:
        _end(child)


def said_by(child: "subprocess.Popen[str]", within: float = 120) -> str:
    """Return its next line. One that says nothing for so long is killed, and this fails."""
    assert child.stdout is not None
    patience = Timer(within, _kill, [child])
    patience.start()
    try:
        line = child.stdout.readline()
    finally:
        patience.cancel()
    assert line, f"{child.args!r} ended and said nothing"
    return line.strip()


def _end(child: "subprocess.Popen[str]") -> None:
    if child.stdin is None:
        child.terminate()
    else:
        with suppress(BrokenPipeError):
            child.stdin.close()
    try:
        child.wait(20)
    except subprocess.TimeoutExpired:
        _kill(child)
        child.wait()
        raise
    finally:
        if child.stdout is not None:
            child.stdout.close()


def _kill(child: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
