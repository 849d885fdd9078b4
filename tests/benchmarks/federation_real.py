"""Benchmark 1 against eight real Prometheus servers, where that program can be had."""

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from apps.simulator import binaries
from tests.benchmarks import children, federation
from tests.benchmarks.answers import POINTS, STEP
from tests.benchmarks.spreading import spread

BEGIN = 1_767_225_600
SERVERS, SERIES = 8, 90
SETTLING_S = 0.5
LAST = float(BEGIN + STEP * (POINTS - 1))
# From one series of a cluster, eight in all, to 1.8 MB of each.
QUERIES = {
    "8 series, one moment": ('load{n="0"}', True),
    "720 series, one moment": ("load", True),
    "80 series, 720 points": ('load{n=~"[0-9]"}', False),
    "720 series, 720 points": ("load", False),
}


def measure(
    worker: children.Child, repeats: int, say: Callable[[str], None]
) -> dict[str, Any] | None:
    from aiops import BASE_DIR

    if not binaries.find("prometheus", BASE_DIR / "var"):
        say("There is no Prometheus here; the part with real ones is left out.")
        return None
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in QUERIES}
    with _servers() as urls:
        federation.register(urls)
        for turn in range(federation.WARM_UP + repeats):
            for name, (query, is_instant) in QUERIES.items():
                # A little off each time: nothing that is asked was kept.
                end = LAST - turn / 1000
                start = end if is_instant else end - STEP * (POINTS - 1)
                times = (start, end, 0.0 if is_instant else float(STEP))
                # What the question before has left to be done, its storing, is not in this one.
                time.sleep(SETTLING_S)
                found = federation.ask(worker, query=query, times=times)
                if found["answered"] != SERVERS:
                    raise RuntimeError(f"of {SERVERS} servers {found['answered']} answered")
                if turn >= federation.WARM_UP:
                    taken[name].append(found)
    return {"servers": SERVERS, "rows": [_row(name, turns, say) for name, turns in taken.items()]}


def _row(name: str, turns: list[dict[str, Any]], say: Callable[[str], None]) -> dict[str, Any]:
    row = {
        "what": name,
        "bytes": turns[0]["bytes"],
        "total_ms": spread([1000 * one["total"] for one in turns]),
        "slowest_ms": spread([1000 * one["slowest"] for one in turns]),
        "to_slowest": spread([one["total"] / one["slowest"] for one in turns]),
    }
    say(f"{name}: {row}")
    return row


@contextmanager
def _servers() -> Iterator[dict[str, str]]:
    from tests.observability import real_fleet
    from tests.observability.programs import program

    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as folder, ExitStack() as stack:
        cores = os.sched_getaffinity(0)
        urls = {}
        for number in range(SERVERS):
            home = Path(folder) / f"real-{number}"
            real_fleet.import_into(program("promtool"), home, _series(number))
            # What is started from a core stays on it.
            os.sched_setaffinity(0, {sorted(cores)[children.LOAD_CORE]})
            try:
                server = stack.enter_context(real_fleet.serving(program("prometheus"), home))
            finally:
                os.sched_setaffinity(0, cores)
            urls[f"real-{number}"] = server.url
        yield urls


def _series(number: int) -> list[Any]:
    chance = random.Random(f"{federation.SEED} {number}")
    times = range(BEGIN, BEGIN + STEP * POINTS, STEP)
    return [
        (
            (("__name__", "load"), ("instance", f"10.0.{number}.{at}:9100"), ("n", str(at))),
            [(moment, chance.uniform(0, 1e4)) for moment in times],
        )
        for at in range(SERIES)
    ]
