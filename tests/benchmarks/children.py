"""Processes that are measured or that make the load, each on a core of its own where there are two.

A child says "ready" once it is; then each line it is given is answered by one line of JSON.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

LOAD_CORE, MEASURED_CORE = 0, -1


class Child:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @property
    def files(self) -> int:
        """How many it may open, now that it has asked for all it can get."""
        return resource.prlimit(self._process.pid, resource.RLIMIT_NOFILE)[0]

    def ask(self, line: str) -> dict[str, Any]:
        self.tell(line)
        return self.hear()

    def tell(self, line: str) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(f"{line}\n")
        stdin.flush()

    def hear(self) -> dict[str, Any]:
        return dict(json.loads(self.read()))

    def read(self) -> str:
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            raise RuntimeError(f"{self._process.args!r} ended by itself")
        return said


@contextmanager
def start(words: Sequence[str], core: int) -> Iterator[Child]:
    """Run `python -m WORDS` until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    _pin(process.pid, core)
    child = Child(process)
    try:
        if child.read().strip() != "ready":
            raise RuntimeError(f"{words} did not get ready")
        yield child
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _pin(process: int, core: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(process, {cores[core]})


def tell(line: str) -> None:
    """What a child says to the one that started it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
