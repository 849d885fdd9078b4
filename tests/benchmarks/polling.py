"""Benchmark 4: health checks of a fleet, with all that belongs to them, beside bare clients."""

import math
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

SEED = "bulk"
# Answered within this, or hanging. Shorter than an installation's, or the passes would take long.
TIMEOUT = 3
SIZES = {1000: 5, 2000: 5, 4000: 2, 8000: 2}
STEADY = {"clusters": 10_000, "seconds": 60, "repeats": 3}
WORKER = "tests.benchmarks.polling_worker"
LIMITS = "tests.benchmarks.polling_limits"
# A worker, and a process that answers, may open so many files (20,000 here) that it can keep the
# connections to this many clusters; a larger fleet has several of both (AIOPS_CHECK_PARTS).
PART = 2000
# What is measured beside what. Bare clients are one process always, and keep their connections
# only for the smallest fleet; of the larger ones there is one of ours alone.
MOST_FOR_TWO = 2000
OURS = ("ours, connections kept", "ours, a loop per round")
OTHERS = ("aiohttp, new connections", "streams, new connections")
OTHERS_KEPT = ("aiohttp, connections kept", "streams, connections kept")

Say = Callable[[str], None]
Keep = Callable[[dict[str, Any]], None]


def measure(say: Say, keep: Keep, *, quick: bool = False) -> None:
    """Measure all, and have kept what is measured so far; half an hour, or minutes if quick."""
    sizes = {500: 2, 1000: 2} if quick else SIZES
    steady = {"clusters": 1000, "seconds": 20, "repeats": 1} if quick else STEADY
    figures: dict[str, Any] = {"seed": SEED, "timeout_seconds": TIMEOUT, "growth": []}
    with _servers() as var:
        figures["steady"] = _steady(var, steady, say)
        keep(figures)
        for count, repeats in sizes.items():
            figures["growth"] += _passes(var, count, repeats, say)
            keep(figures)


@contextmanager
def _servers() -> Iterator[Path]:
    """Run PostgreSQL and Redis of our own, and begin with an empty database."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "aiops.settings.test",
        "AIOPS_ALLOW_INSECURE_UPSTREAMS": "true",
        "AIOPS_CHECK_TIMEOUT_SECONDS": str(TIMEOUT),
        "AIOPS_CHECK_INTERVAL_SECONDS": "3600",
    }
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    from aiops.embedded import purge
    from aiops.embedded.attachment import attach_or_start

    var = Path(tempfile.mkdtemp(prefix="aiops-bench-"))
    with ExitStack() as stack:
        stack.callback(purge.purge, var)
        stack.enter_context(attach_or_start(var))
        # Only now do the settings find a database.
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield var


@contextmanager
def _fleet(var: Path, count: int) -> Iterator[Sequence[Any]]:
    from apps.simulator import bulk
    from tests.benchmarks import children, polling_fleet

    folder = var / "bulk"
    shutil.rmtree(folder, ignore_errors=True)
    members: list[Any] = []
    with ExitStack() as stack:
        for first in range(0, count, PART):
            few = min(PART, count - first)
            words = ["apps.simulator.bulk", "--clusters", str(few), "--first", str(first)]
            words += ["--seed", SEED, "--folder", str(folder / f"{first:05}")]
            stack.enter_context(children.start(words, children.LOAD_CORE))
            members += bulk.read(folder / f"{first:05}")
        polling_fleet.register(members)
        yield members


class Crew:
    """Several processes that work at the same time on a core, as one: CPU time is their sum."""

    def __init__(self, members: Sequence[Any]) -> None:
        self._members = members

    def __len__(self) -> int:
        return len(self._members)

    @property
    def files(self) -> int:
        return min(int(one.files) for one in self._members)

    def ask(self, line: str) -> dict[str, Any]:
        for one in self._members:
            one.tell(line)
        heard = [one.hear() for one in self._members]
        return {
            "made": sum(one["made"] for one in heard),
            "cpu": sum(one["cpu"] for one in heard),
            "wall": max(one["wall"] for one in heard),
        }


@contextmanager
def _crew(name: str, var: Path, count: int) -> Iterator[Crew]:
    """Run what is called so: ours by as many workers as the fleet has parts, others by one."""
    from tests.benchmarks import children

    how = name.split(",", maxsplit=1)[0] + ("-kept" if name in OTHERS_KEPT else "")
    starts = [[LIMITS, how, str(var / "bulk"), str(TIMEOUT)]]
    if name in OURS:
        parts = math.ceil(count / PART)
        starts = [[WORKER, str(part)] for part in range(parts)]
        if name == OURS[1]:
            starts = [[*starts[0], "--loop-per-round"]]
            parts = 1
        os.environ["AIOPS_CHECK_PARTS"] = str(parts)
    with ExitStack() as stack:
        yield Crew(
            [stack.enter_context(children.start(one, children.MEASURED_CORE)) for one in starts]
        )


def _passes(var: Path, count: int, repeats: int, say: Say) -> list[dict[str, Any]]:
    """Check all clusters of a fleet again and again, ours and theirs in turn."""
    from tests.benchmarks import polling_fleet

    names = [*OURS, *OTHERS, *(OTHERS_KEPT if count <= min(SIZES) else ())]
    if count > MOST_FOR_TWO:
        names.remove(OURS[1])
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with _fleet(var, count), ExitStack() as stack:
        running = {name: stack.enter_context(_crew(name, var, count)) for name in names}
        for turn in range(repeats + 1):
            for name in names:
                # What is kept is what the pass right before has opened, as between two checks.
                for _ in range(2 if name.endswith("kept") else 1):
                    if name in OURS:
                        polling_fleet.make_all_due()
                    result = running[name].ask("pass")
                # The first turn warms up, and writes what each cluster is for the first time.
                if turn:
                    results[name].append(result)
                say(f"{count} clusters, turn {turn}, {name}: {_cost(result):.0f} us a check")
        found = polling_fleet.states()
    return [_row(count, name, results[name], found) for name in names]


def _cost(result: Mapping[str, Any]) -> float:
    return 1e6 * float(result["cpu"]) / max(1, int(result["made"]))


def _row(
    count: int, name: str, results: Sequence[Mapping[str, Any]], found: Mapping[str, int]
) -> dict[str, Any]:
    costs = [_cost(result) for result in results]
    rates = [60 * result["made"] / result["wall"] for result in results]
    return {
        "clusters": count,
        "what": name,
        "cpu_us_per_check": _spread(costs),
        "clusters_per_minute_and_core": round(60e6 / statistics.median(costs)),
        "clusters_per_minute_here": round(statistics.median(rates)),
        "made": [result["made"] for result in results],
        "states": dict(found) if name in OURS else {},
    }


def _steady(var: Path, plan: Mapping[str, int], say: Say) -> dict[str, Any]:
    """Check a fleet over a minute, as it becomes due, with its hanging clusters and without."""
    cores: dict[bool, list[float]] = {True: [], False: []}
    late: dict[bool, list[list[float]]] = {True: [], False: []}
    with _fleet(var, plan["clusters"]) as members:
        healthy = {one.name for one in members if one.kind in {"plain", "tls"}}
        hanging = {one.name for one in members if one.kind == "hanging"}
        with _crew(OURS[0], var, plan["clusters"]) as workers:
            for turn in range(plan["repeats"] + 1):
                for with_hanging in (True, False):
                    core, delays = _minute(workers, plan["seconds"], hanging, healthy, with_hanging)
                    if turn:
                        cores[with_hanging].append(core)
                        late[with_hanging].append(delays)
                    say(f"steady, turn {turn}: {core:.3f} core, p95 late {_at(delays, 0.95):.2f} s")
            files, parts = workers.files, len(workers)
    return {
        "clusters": plan["clusters"],
        "seconds": plan["seconds"],
        "files": files,
        "parts": parts,
        "core": _spread(cores[True]),
        "core_without_hanging": _spread(cores[False]),
        "late_p95_seconds": _spread([_at(one, 0.95) for one in late[True]]),
        "late_p95_seconds_without_hanging": _spread([_at(one, 0.95) for one in late[False]]),
        "late_worst_seconds": max(one[-1] for one in late[True]),
        "checked": [len(one) for one in late[True]],
    }


def _minute(
    workers: Crew, seconds: int, hanging: set[str], healthy: set[str], with_hanging: bool
) -> tuple[float, list[float]]:
    from datetime import timedelta

    from django.utils import timezone

    from tests.benchmarks import polling_fleet

    polling_fleet.enable(hanging, enabled=with_hanging)
    begin = timezone.now() + timedelta(seconds=1)
    due = polling_fleet.spread(begin, seconds)
    # The next minute begins before connections are let go: a real one would follow at once.
    result = workers.ask(f"steady {seconds + 1 + TIMEOUT}")
    # All that was due took so much of a core, had it been spent in the time it was due in.
    return result["cpu"] / seconds, polling_fleet.lateness(due, begin, healthy)


def _at(values: Sequence[float], part: float) -> float:
    return float(values[min(len(values) - 1, int(len(values) * part))]) if values else math.nan


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "median": float(f"{statistics.median(values):.4g}"),
        "least": float(f"{min(values):.4g}"),
        "most": float(f"{max(values):.4g}"),
    }
