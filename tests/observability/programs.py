"""Programs of Prometheus, where they can be had, started for a test and ended with it."""

import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aiops import BASE_DIR
from apps.simulator import binaries
from tests.processes import process


def program(*names: str) -> Path:
    for name in names:
        if found := binaries.find(name, BASE_DIR / "var"):
            return found
    pytest.skip(f"{names[0]} is not installed; `apt-get install {names[0]}` brings it")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: list[str | Path], ready_url: str, log: Path, cwd: Path | None = None
) -> Iterator[None]:
    with log.open("wb") as out, process(command, stdout=out, stderr=out, cwd=cwd) as child:
        deadline = time.monotonic() + 30
        while not answers(ready_url):
            assert child.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
        yield


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except OSError:
        # The port is not open yet; asking again at once would only burn the processor.
        time.sleep(0.1)
        return False
