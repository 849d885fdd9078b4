"""The whole simulation as one process: it starts, suffers, heals, and leaves nothing behind."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from apps.simulator import faults, fleet
from tests.simulator.serving import EDGE, Serve, Served, alive, answers, gone, rest, until


async def refuses(served: Served, name: str) -> bool:
    try:
        await served.version(name)
    except aiohttp.ClientConnectionError:
        return True
    return False


@pytest.fixture
async def bare(serve: Serve, tmp_path: Path) -> Served:
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
async def with_history(serve: Serve, prometheus_home: Path) -> Served:
    """A simulation with Prometheus, where the smallest cluster gets its history."""
    rest(prometheus_home, "hub-frankfurt", "gpu-oregon")
    served = await serve({})
    await until(lambda: served.value(EDGE, "vector(1)"), 120)
    return served


@pytest.fixture
async def whole(serve: Serve, prometheus_home: Path) -> Served:
    """A simulation with Prometheus, and no history to wait for."""
    rest(prometheus_home, "hub-frankfurt", "gpu-oregon", EDGE)
    served = await serve({})
    await until(lambda: served.value(EDGE, "vector(1)"), 60)
    return served


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


@pytest.mark.slow
async def test_a_signal_ends_prometheus_too(whole: Served) -> None:
    child = whole.prometheus(EDGE)
    whole.process.terminate()
    assert await asyncio.wait_for(whole.process.wait(), 5) == 0
    assert not alive(child)
