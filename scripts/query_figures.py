"""The pages of figures about queries over the fleet: answers merged, kept and asked for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

MERGING = """\
Each of the answers is about 4.6 MB as Prometheus prints it: 720 points a series in a matrix, 20,000
series in a vector. Ours checks it, gives each series the label `cluster` and leaves it ready to be
sent; orjson only reads it, with the garbage collector off; a copy is what memory can do."""

CACHING = """\
Of {panels} panels ({large} where answers are large) one is drawn by Zipf's law and asks for the
last hour, aligned to 15 s. A hit is the key made, looked up and its age told; the whole is the
question as the API asks it, until its result can be sent. GET is redis-py's own, of the same
bytes."""

FEDERATION = """\
Upstreams that replay 8 series after 50 ms, 20 % more or less, in a process on the other core;
nothing that is asked was kept. For one who is signed in, total is from the question to the last
byte of the merged answer, with the choice of clusters from the database; the slowest upstream is
that of the same question, as the way out sees it, and as it says itself, from the last byte asked
to the first answered. Bare is the limit: the same upstreams in turn with it, asked by open sockets
and nothing else."""

SERVER = """\
The same at 100 clusters from outside, through Daphne with a token: {total_ms} ms, to the slowest as
it says {to_slowest_as_it_says}."""

REAL = """\
{servers} real Prometheus servers, on one core together:"""

HOSTILE = """\
How long the good clusters take, {good} of them, with one hostile cluster among them and without it,
in turn. The whole question ends with the hostile one, or at its deadline."""


def merging(figures: Mapping[str, Any]) -> Iterable[str]:
    yield MERGING
    yield ""
    yield "| answers | ours MB/s | orjson MB/s | copy MB/s | ours to orjson |"
    yield "|---|---|---|---|---|"
    for row in figures["speed"]:
        ways = (told(row[f"{way}_mb_per_second"]) for way in ("ours", "orjson", "copy"))
        name = f"{row['answers']} {row['kind']}"
        yield line(name, *ways, told(row["ours_to_orjson"]))
    grown = [f"{row['growth_mb']:g} MB over {row['answers']}" for row in figures["memory"]]
    yield ""
    yield f"As they are sent on, the process grows by {', '.join(grown)} matrices."


def caching(figures: Mapping[str, Any]) -> Iterable[str]:
    rows = figures["rows"]
    yield CACHING.format(panels=figures["panels"], large=rows[-1]["panels"])
    yield ""
    yield "| answers | hit p50 ms | hit p99 ms | GET p50 ms | GET p99 ms | whole p50 ms | hits |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        parts = ("ours_p50", "ours_p99", "get_p50", "get_p99", "whole_p50")
        hits = sum(one.get("whole", 0) for one in row["hits"])
        name = f"{row['what']}, {row['bytes']:,} bytes"
        of_all = f"{hits:,} of {row['questions'] * len(row['hits']):,}"
        yield line(name, *(told(row[f"{part}_ms"]) for part in parts), of_all)


def federation(figures: Mapping[str, Any]) -> Iterable[str]:
    yield FEDERATION
    yield ""
    yield "| clusters | total ms | slowest ms | to slowest | bare | as it says | CPU us a cluster |"
    yield "|---|---|---|---|---|---|---|"
    columns = (
        "total_ms",
        "slowest_ms",
        "to_slowest",
        "bare_to_slowest",
        "to_slowest_as_it_says",
        "cpu_us_per_cluster",
    )
    for row in figures["growth"]:
        yield line(f"{row['clusters']:,}", *(told(row[column]) for column in columns))
    if server := figures.get("through_the_server"):
        yield ""
        yield SERVER.format(**{name: told(spread) for name, spread in server.items()})
    if figures.get("real"):
        yield from _real(figures["real"])
    if figures["hostile"]:
        yield from _hostile(figures["hostile"])


def _real(real: Mapping[str, Any]) -> Iterable[str]:
    yield ""
    yield REAL.format(**real)
    yield ""
    yield "| question | bytes | total ms | slowest ms | to slowest |"
    yield "|---|---|---|---|---|"
    for row in real["rows"]:
        columns = (told(row[name]) for name in ("total_ms", "slowest_ms", "to_slowest"))
        yield line(row["what"], f"{row['bytes']:,}", *columns)


def _hostile(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    rows = list(rows)
    yield ""
    yield HOSTILE.format(**rows[0])
    yield ""
    yield "| the hostile one | part | without ms | with ms | ratio |"
    yield "|---|---|---|---|---|"
    for row in rows:
        for part in ("p50", "p95"):
            columns = (told(row[part][name]) for name in ("without_ms", "with_ms", "ratio"))
            yield line(WHAT[row["what"]], part, *columns)


WHAT = {"hang": "hangs", "drip": "sends a byte a second", "flood": "sends 1 GB"}

# Title, and what stands beneath it.
PAGES: dict[str, tuple[str, Callable[[Mapping[str, Any]], Iterable[str]]]] = {
    "federation": ("1. Questions to the fleet", federation),
    "merge": ("2. Answers merged", merging),
    "cache": ("3. Answers kept", caching),
}


def line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def told(spread: Mapping[str, float]) -> str:
    return f"{spread['median']:g} ({spread['least']:g} to {spread['most']:g})"
