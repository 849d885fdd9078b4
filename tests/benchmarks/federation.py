"""Benchmark 1: one question to many clusters, beside the slowest of them in the same batch."""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks import children, platform
from tests.benchmarks.answers import BEGIN
from tests.benchmarks.spreading import spread

SEED = "federation"
WORKER = "tests.benchmarks.federation_worker"
UPSTREAMS = "tests.benchmarks.federation_upstreams"
SIZES = (8, 32, 100, 128, 512)
HUNDRED = 100
SERIES = 8
REPEATS, WARM_UP = 20, 3
GOOD, HOSTILE_REPEATS, HURRY = 50, 6, 2.0
# A cluster that fails is asked again all the same: what it costs is measured, not its breaker.
PATIENT = {"AIOPS_BREAKER_FAILURES": "1000000", "AIOPS_METRICS_QUERIES_PER_USER": "64"}

Say = Callable[[str], None]
Keep = Callable[[dict[str, Any]], None]


def measure(say: Say, keep: Keep, *, quick: bool = False) -> None:
    """Three minutes, or one if quick."""
    from tests.benchmarks import federation_real

    repeats = 5 if quick else REPEATS
    figures: dict[str, Any] = {"seed": SEED, "growth": [], "hostile": []}
    with platform.running(**PATIENT), _measured() as worker:
        for size in SIZES:
            with _upstreams(size) as (ports, load):
                ask(worker, way="bare", ports=ports["good"])
                figures["growth"].append(_replayed(worker, load, size, repeats, say))
                if size == HUNDRED:
                    figures["through_the_server"] = _through_the_server(load, repeats, say)
            keep(figures)
        with (
            _upstreams(GOOD),
            children.start([UPSTREAMS, SEED, "0", "0"], children.LOAD_CORE) as evil,
        ):
            ports = evil.ask("ports")
            for how in ("hang", "drip", "flood"):
                figures["hostile"].append(_hostile(worker, how, ports[how], quick, say))
                keep(figures)
        figures["real"] = federation_real.measure(worker, repeats, say)
        keep(figures)


def ask(worker: children.Child, **asked: Any) -> dict[str, Any]:
    return worker.ask(json.dumps({"way": "as one", "timeout": 30.0, **asked}))


def moments() -> Iterator[tuple[float, float, float]]:
    """Another moment each time: nothing that is asked was kept."""
    at = float(BEGIN)
    while True:
        at += 1
        yield at, at, 0.0


@contextmanager
def _measured() -> Iterator[children.Child]:
    from tests.factories import make_user

    make_user("ada", is_staff=True, is_superuser=True)
    with children.start([WORKER], children.MEASURED_CORE) as worker:
        yield worker


@contextmanager
def _upstreams(number: int) -> Iterator[tuple[dict[str, Any], children.Child]]:
    words = [UPSTREAMS, SEED, str(number), str(SERIES)]
    with children.start(words, children.LOAD_CORE) as load:
        ports = load.ask("ports")
        register({f"c{at:04}": f"http://127.0.0.1:{port}" for at, port in enumerate(ports["good"])})
        yield ports, load


def register(urls: dict[str, str]) -> None:
    from apps.clusters.models import Cluster
    from tests.factories import make_cluster

    Cluster.objects.all().delete()
    for name, url in urls.items():
        make_cluster(name, prometheus_url=url)


def _replayed(
    worker: children.Child, load: children.Child, size: int, repeats: int, say: Say
) -> dict[str, Any]:
    times, turns, slowest, bare = moments(), [], [], []
    for turn in range(WARM_UP + repeats):
        limit = ask(worker, way="bare", ports=[])
        load.ask("took")
        found = ask(worker, query="kube_pod_info", times=next(times))
        told = load.ask("took")
        if found["answered"] != size or told["asked"] != size:
            raise RuntimeError(f"of {size} clusters {found['answered']} answered")
        if turn >= WARM_UP:
            turns.append(found)
            slowest.append(told["slowest"])
            bare.append(limit["total"] / limit["slowest"])
    row = {
        "clusters": size,
        "total_ms": spread([1000 * one["total"] for one in turns]),
        "slowest_ms": spread([1000 * one["slowest"] for one in turns]),
        "to_slowest": spread([one["total"] / one["slowest"] for one in turns]),
        "to_slowest_as_it_says": spread(
            [one["total"] / took for one, took in zip(turns, slowest, strict=True)]
        ),
        "bare_to_slowest": spread(bare),
        "cpu_us_per_cluster": spread([1e6 * one["cpu"] / size for one in turns]),
    }
    say(f"{size} clusters: {row}")
    return row


def _through_the_server(load: children.Child, repeats: int, say: Say) -> dict[str, Any]:
    """The same by Daphne, asked from outside with a token."""
    import requests

    from apps.accounts.models import ApiToken, User
    from tests.contract.conftest import running

    _, token = ApiToken.issue(User.objects.get(), "bench")
    totals, ratios, times = [], [], moments()
    with (
        Path(os.devnull).open("wb") as log,
        running(log.fileno()) as url,
        requests.Session() as client,
    ):
        client.trust_env = False
        client.headers["Authorization"] = f"Bearer {token}"
        for turn in range(WARM_UP + repeats):
            load.ask("took")
            asked: dict[str, str | float] = {"query": "kube_pod_info", "time": next(times)[0] + 0.5}
            began = time.perf_counter()
            client.get(f"{url}/prometheus/api/v1/query", params=asked).raise_for_status()
            total = time.perf_counter() - began
            if turn >= WARM_UP:
                totals.append(1000 * total)
                ratios.append(total / load.ask("took")["slowest"])
    row = {"total_ms": spread(totals), "to_slowest_as_it_says": spread(ratios)}
    say(f"through the server: {row}")
    return row


def _hostile(worker: children.Child, how: str, port: int, quick: bool, say: Say) -> dict[str, Any]:
    """What the good clusters take, with a hostile one among them and without it, in turn."""
    from apps.clusters.models import Cluster
    from tests.factories import make_cluster

    evil = make_cluster(f"evil-{how}", prometheus_url=f"http://127.0.0.1:{port}")
    taken: dict[bool, list[list[float]]] = {True: [], False: []}
    times = moments()
    for turn in range(1 + (2 if quick else HOSTILE_REPEATS)):
        for among in (False, True):
            Cluster.objects.filter(pk=evil.pk).update(enabled=among)
            found = ask(worker, way="each", query=f"up_{how}", times=next(times), timeout=HURRY)
            if found["answered"] != GOOD:
                raise RuntimeError(f"of {GOOD} good clusters {found['answered']} answered")
            if turn:
                taken[among].append(found["each_ms"])
    evil.delete()
    row: dict[str, Any] = {"what": how, "good": GOOD}
    for part in (0.5, 0.95):
        without, with_it = ([_at(one, part) for one in taken[among]] for among in (False, True))
        ratios = [a / b for a, b in zip(with_it, without, strict=True)]
        row[f"p{part * 100:.0f}"] = {
            "without_ms": spread(without),
            "with_ms": spread(with_it),
            "ratio": spread(ratios),
        }
    say(f"{how}: {row}")
    return row


def _at(values: Sequence[float], part: float) -> float:
    return float(values[min(len(values) - 1, int(len(values) * part))])
