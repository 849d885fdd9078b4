"""A running `manage.py simulate serve`, and how tests wait for what it does."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from apps.simulator import fleet, history
from apps.simulator.fleet import Member

EDGE = "edge-tokyo"


@dataclass
class Served:
    """A running `manage.py simulate serve`."""

    var_dir: Path
    process: asyncio.subprocess.Process
    session: aiohttp.ClientSession

    def member(self, name: str) -> Member:
        return next(member for member in fleet.members(self.var_dir) if member.name == name)

    async def version(self, name: str) -> int:
        member = self.member(name)
        trust = ssl.create_default_context(cadata=member.ca_bundle)
        headers = {"Authorization": f"Bearer {member.token}"}
        url = f"{member.api_server_url}/version"
        async with self.session.get(url, ssl=trust, headers=headers) as answer:
            return answer.status

    async def value(self, name: str, promql: str) -> float:
        """Ask the cluster's Prometheus for one number."""
        member = self.member(name)
        assert member.prometheus_url is not None
        url, query = f"{member.prometheus_url}/api/v1/query", {"query": promql}
        async with self.session.get(url, params=query) as answer:
            answer.raise_for_status()
            result: list[dict[str, Any]] = (await answer.json())["data"]["result"]
            return float(result[0]["value"][1])

    def prometheus(self, name: str) -> int:
        return int((fleet.folder_of(self.var_dir) / name / "prometheus.pid").read_text())


async def until(ask: Callable[[], Awaitable[object]], seconds: float = 20) -> None:
    """Wait until `ask` returns something true; what fails on the way is asked again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if await ask():
                return
        except (aiohttp.ClientError, OSError, IndexError):
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.05)


async def exists(file: Path) -> bool:
    return await asyncio.to_thread(file.exists)


async def answers(served: Served, name: str) -> bool:
    return await served.version(name) == 200


async def end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    # What it still says is read, so that the pipe is closed with the test.
    await process.communicate()


def alive(pid: int) -> bool:
    """Tell whether a process runs; a dead one that nobody has buried does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def rest(var_dir: Path, *names: str) -> None:
    """Make it look as if these had been scraped just now, so that they get no history."""
    for name in names:
        log = history.storage(var_dir, name) / "wal" / "00000000"
        log.parent.mkdir(parents=True)
        log.touch()


async def gone(pid: int) -> bool:
    return not alive(pid)


Serve = Callable[..., Awaitable[Served]]
