"""A fleet of real Prometheus servers with split data, and one that holds all of it.

The data is seeded: counters that reset, gauges with NaN, infinities, gaps and an end, classic
histograms, upstream labels called `cluster`, and the same instances in several clusters.
"""

import json
import math
import random
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.observability.arithmetic.values import Labels, labels_of, of_cluster
from tests.observability.programs import free_port, program, running

SEED = 20260101
START = 1_767_225_600  # 2026-01-01, at a border of Prometheus' blocks
SCRAPE, LENGTH = 30, 5400
INSTANT = START + 4200
RANGE = {"start": START + 600, "end": START + 5900, "step": 70}
CLUSTERS = ("north", "south", "edge-1", "east", "west", "edge-2", "core", "lab")
BOUNDS = (0.05, 0.1, 0.5, 1.0, 2.5, math.inf)

Point = tuple[int, float]
Series = tuple[Labels, list[Point]]


@dataclass(frozen=True)
class Server:
    url: str

    def ask(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        body = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}", body, timeout=30) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def version(self) -> str:
        with urllib.request.urlopen(f"{self.url}/api/v1/status/buildinfo", timeout=30) as reply:
            return str(json.load(reply)["data"]["version"])


@dataclass(frozen=True)
class RealFleet:
    """`whole` holds the series of all of `split`, each with the label `cluster`."""

    split: dict[str, Server]
    whole: Server


def series_of(cluster: str) -> list[Series]:
    chance = random.Random(f"{SEED} {cluster}")
    made = [*_of_the_instances(cluster, chance), *_of_the_rest(cluster, chance)]
    _broken_histograms(made, chance)
    return made


def _series(name: str, labels: dict[str, str], points: Iterator[Point]) -> Series:
    return labels_of({"__name__": name, **labels}), list(points)


def _of_the_instances(cluster: str, chance: random.Random) -> list[Series]:
    made: list[Series] = []

    def add(name: str, labels: dict[str, str], points: Iterator[Point]) -> None:
        made.append(_series(name, labels, points))

    for instance in ("a:80", "b:80", "c:80")[: 2 + (len(cluster) % 2)]:
        add("up", {"job": "api", "instance": instance}, _gauge(chance, 0.6, 0.5, round_to=1))
        for code, method in (("200", "GET"), ("200", "POST"), ("500", "GET")):
            labels = {"job": "api", "instance": instance, "code": code, "method": method}
            add("requests_total", labels, _counter(chance))
        add("memory_used_bytes", {"instance": instance}, _gauge(chance, 5e9, 1e9))
        add("memory_total_bytes", {"instance": instance}, _gauge(chance, 8e9, 0.0))
        version = chance.choice(("1.0", "1.1", "2.0"))
        add("build_info", {"instance": instance, "version": version}, _gauge(chance, 1, 0))
        for namespace in ("shop", "bank"):
            labels = {"namespace": namespace, "instance": instance}
            _histogram(made, chance, labels)
            add("queue_depth", labels, _gauge(chance, 10, 8, round_to=0))
    return made


def _of_the_rest(cluster: str, chance: random.Random) -> list[Series]:
    made: list[Series] = []

    def add(name: str, labels: dict[str, str], points: Iterator[Point]) -> None:
        made.append(_series(name, labels, points))

    for sensor in ("in", "out", "deep"):
        add("temperature", {"sensor": sensor}, _gauge(chance, 0.5, 9))
    add("odd", {"kind": "nan"}, _odd(chance, math.nan))
    add("odd", {"kind": "inf"}, _odd(chance, math.inf if len(cluster) % 2 else -math.inf))
    add("odd", {"kind": "plain"}, _gauge(chance, 2, 1))
    add("gappy", {"part": "early"}, _between(_gauge(chance, 4, 1), 0, 2000 + 10 * len(cluster)))
    add("gappy", {"part": "late"}, _between(_gauge(chance, 4, 1), 3100, 9999))
    add("gappy", {"part": "always"}, _gauge(chance, 4, 1))
    add("backup_seconds", {"target": "db"}, _gauge(chance, START - 4e6, 3e6))
    if len(cluster) % 2:
        for inner in ("blue", "green"):
            add("lag_seconds", {"cluster": inner, "shard": "0"}, _gauge(chance, 3, 1))
        add("queue_depth", {"namespace": "shop", "zone": "z1"}, _gauge(chance, 5, 1))
    else:
        add("lag_seconds", {"shard": "0"}, _gauge(chance, 3, 1))
    if cluster == "north":
        add("only_north", {"instance": "a:80"}, _gauge(chance, 1, 3))
    return made


def _broken_histograms(made: list[Series], chance: random.Random) -> None:
    """Counts that sink, no last bucket, a bound written twice, a bound that is none."""
    for kind, bounds in (
        ("sinking", ("0.1", "1", "5", "+Inf")),
        ("open", ("0.1", "1", "5")),
        ("double", ("1", "1.0", "1e1", "+Inf")),
        ("wrong", ("0.5", "much", "+Inf")),
        ("negative", ("-5", "-1", "+Inf")),
        ("alone", ("+Inf",)),
        ("empty", ("1", "+Inf")),
    ):
        for at, bound in enumerate(bounds):
            spread = 0 if kind == "empty" else 3
            points = [(t, abs(chance.gauss(0, spread)) * (at + 1)) for t in _times()]
            labels = {"__name__": "broken_bucket", "kind": kind, "le": bound}
            made.append((labels_of(labels), points))


def _times() -> range:
    return range(START, START + LENGTH + 1, SCRAPE)


def _counter(chance: random.Random) -> Iterator[Point]:
    value, pace = chance.uniform(0, 500), chance.uniform(0.1, 20)
    for time in _times():
        value += chance.expovariate(1 / pace)
        if chance.random() < 0.015:
            value = chance.uniform(0, pace)
        yield time, value


def _gauge(
    chance: random.Random, middle: float, spread: float, round_to: int | None = None
) -> Iterator[Point]:
    for time in _times():
        value = chance.gauss(middle, spread)
        if round_to == 1:
            value = float(value > 0.3)
        yield time, float(round(value)) if round_to == 0 else value


def _odd(chance: random.Random, strange: float) -> Iterator[Point]:
    for time in _times():
        yield time, strange if chance.random() < 0.4 else chance.gauss(0, 3)


def _between(points: Iterator[Point], begin: float, end: float) -> Iterator[Point]:
    return ((time, value) for time, value in points if begin <= time - START <= end)


def _histogram(made: list[Series], chance: random.Random, labels: dict[str, str]) -> None:
    counts = [0.0] * len(BOUNDS)
    whole = 0.0
    rows: list[list[Point]] = [[] for _ in range(len(BOUNDS) + 1)]
    mean = chance.uniform(0.1, 1.5)
    for time in _times():
        for _ in range(chance.randint(0, 6)):
            seen = chance.expovariate(1 / mean)
            whole += seen
            counts = [n + (seen <= bound) for n, bound in zip(counts, BOUNDS, strict=True)]
        for row, value in zip(rows, [*counts, whole], strict=True):
            row.append((time, value))
    for bound, row in zip(BOUNDS, rows, strict=False):
        le = "+Inf" if bound == math.inf else str(bound)
        made.append((labels_of({"__name__": "latency_seconds_bucket", "le": le, **labels}), row))
    made.append((labels_of({"__name__": "latency_seconds_sum", **labels}), rows[-1]))
    made.append((labels_of({"__name__": "latency_seconds_count", **labels}), rows[-2]))


@contextmanager
def started(folder: Path, clusters: tuple[str, ...]) -> Iterator[RealFleet]:
    """Start one server for each cluster and one for all, each with its data imported."""
    prometheus, promtool = program("prometheus"), program("promtool")
    data = {cluster: series_of(cluster) for cluster in clusters}
    data[""] = [
        (of_cluster(labels, cluster), points)
        for cluster, series in data.items()
        for labels, points in series
    ]
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:

        def start(cluster: str) -> Server:
            home = folder / (cluster or "whole")
            return stack.enter_context(one_server(prometheus, promtool, home, data[cluster]))

        servers = dict(zip(data, pool.map(start, data), strict=True))
        whole = servers.pop("")
        yield RealFleet(servers, whole)


@contextmanager
def one_server(
    prometheus: Path, promtool: Path, home: Path, series: list[Series]
) -> Iterator[Server]:
    import_into(promtool, home, series)
    with serving(prometheus, home) as server:
        yield server


def import_into(promtool: Path, home: Path, series: list[Series]) -> None:
    home.mkdir()
    text = home / "data.om"
    with text.open("w") as out:
        for labels, points in series:
            name = dict(labels)["__name__"]
            rest = ",".join(f'{key}="{value}"' for key, value in labels if key != "__name__")
            for time, value in points:
                out.write(f"{name}{{{rest}}} {value!r} {time}\n".replace(" inf ", " +Inf "))
        out.write("# EOF\n")
    command: list[str | Path] = [
        promtool,
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "-q",
        text,
        home / "tsdb",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


@contextmanager
def serving(prometheus: Path, home: Path) -> Iterator[Server]:
    config = home / "prometheus.yml"
    config.write_text("{}")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [
        prometheus,
        f"--config.file={config}",
        f"--storage.tsdb.path={home / 'tsdb'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, f"{url}/-/ready", home / "log"):
        yield Server(url)
