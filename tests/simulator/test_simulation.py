"""The whole simulation as one process: it starts, suffers, heals, and leaves nothing behind."""

import asyncio
import os
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from apps.simulator import faults, fleet, history
from apps.simulator.fleet import Member
from tests.simulator.conftest import REPOSITORY

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


Start = Callable[[], Awaitable[Served]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Callable[[dict[str, str]], Awaitable[Served]]]:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())

        async def start(environment: dict[str, str]) -> Served:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "manage.py",
                "simulate",
                "serve",
                cwd=REPOSITORY,
                env={**os.environ, "AIOPS_VAR_DIR": str(tmp_path), **environment},
                stderr=asyncio.subprocess.PIPE,
            )
            stack.push_async_callback(end, process)
            served = Served(tmp_path, process, session)
            await until(lambda: exists(fleet.folder_of(tmp_path) / "fleet.json"))
            await until(lambda: answers(served, EDGE))
            return served

        yield start


async def exists(file: Path) -> bool:
    return await asyncio.to_thread(file.exists)


async def answers(served: Served, name: str) -> bool:
    return await served.version(name) == 200


async def refuses(served: Served, name: str) -> bool:
    try:
        await served.version(name)
    except aiohttp.ClientConnectionError:
        return True
    return False


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


@pytest.fixture
async def bare(serve: Callable[[dict[str, str]], Awaitable[Served]], tmp_path: Path) -> Served:
    """A simulation on a machine that has no Prometheus."""
    return await serve({"PATH": str(tmp_path), "AIOPS_TOOLS_DIR": str(tmp_path)})


async def test_without_prometheus_the_clusters_still_answer_and_it_says_why(bare: Served) -> None:
    for name in ("hub-frankfurt", "gpu-oregon", EDGE):
        await until(lambda name=name: answers(bare, name))  # type: ignore[misc]
    bare.process.send_signal(signal.SIGTERM)
    _, said = await bare.process.communicate()
    assert b"apt-get install prometheus" in said
    assert b"Traceback" not in said


async def test_a_fault_is_noticed_and_healed_while_it_runs(bare: Served) -> None:
    path = fleet.faults_file(bare.var_dir)
    faults.switch_on(path, "api-down", EDGE, time.time())
    await until(lambda: refuses(bare, EDGE))
    assert await bare.version("gpu-oregon") == 200
    faults.heal(path, EDGE, time.time())
    await until(lambda: answers(bare, EDGE))


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly(bare: Served, name: signal.Signals) -> None:
    bare.process.send_signal(name)
    assert await asyncio.wait_for(bare.process.wait(), 5) == 0


@pytest.fixture
async def with_history(
    serve: Callable[[dict[str, str]], Awaitable[Served]], prometheus_home: Path
) -> Served:
    """A simulation with Prometheus, where the smallest cluster gets its history."""
    rest(prometheus_home, "hub-frankfurt", "gpu-oregon")
    served = await serve({})
    await until(lambda: served.value(EDGE, "vector(1)"), 120)
    return served


@pytest.fixture
async def whole(
    serve: Callable[[dict[str, str]], Awaitable[Served]], prometheus_home: Path
) -> Served:
    """A simulation with Prometheus, and no history to wait for."""
    rest(prometheus_home, "hub-frankfurt", "gpu-oregon", EDGE)
    served = await serve({})
    await until(lambda: served.value(EDGE, "vector(1)"), 60)
    return served


@pytest.fixture
def prometheus_home(
    prometheus_program: Path, promtool: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """The folder of a fleet that finds the same Prometheus as these tests."""
    monkeypatch.setenv("AIOPS_TOOLS_DIR", str(prometheus_program.parent))
    return tmp_path


def rest(var_dir: Path, *names: str) -> None:
    """Make it look as if these had been scraped just now, so that they get no history."""
    for name in names:
        log = history.storage(var_dir, name) / "wal" / "00000000"
        log.parent.mkdir(parents=True)
        log.touch()


@pytest.mark.slow
async def test_a_real_prometheus_scrapes_on_from_six_hours_of_history(
    with_history: Served,
) -> None:
    hours = "count_over_time(node_load1[6h])"
    assert await with_history.value(EDGE, hours) >= 355
    assert await with_history.value(EDGE, "sum(resets(node_cpu_seconds_total[6h]))") == 0
    await until(lambda: fresh(with_history), 40)
    assert await with_history.value(EDGE, "count(up == 1)") == 7


async def fresh(served: Served) -> bool:
    """Tell whether the newest sample is a scrape: history has one a minute, on the minute."""
    return await served.value(EDGE, "count_over_time(node_load1[40s])") >= 2


@pytest.mark.slow
async def test_a_killed_prometheus_is_started_again(whole: Served) -> None:
    before = whole.prometheus(EDGE)
    os.kill(before, signal.SIGKILL)
    await until(lambda: replaced(whole, before))
    await until(lambda: whole.value(EDGE, "vector(1)"))


async def replaced(served: Served, before: int) -> bool:
    return served.prometheus(EDGE) != before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
async def test_no_prometheus_outlives_a_simulator_that_was_killed(whole: Served) -> None:
    child = whole.prometheus(EDGE)
    whole.process.kill()
    await whole.process.wait()
    await until(lambda: gone(child), 5)


async def gone(pid: int) -> bool:
    return not alive(pid)


@pytest.mark.slow
async def test_a_signal_ends_prometheus_too(whole: Served) -> None:
    child = whole.prometheus(EDGE)
    whole.process.terminate()
    assert await asyncio.wait_for(whole.process.wait(), 5) == 0
    assert not alive(child)
