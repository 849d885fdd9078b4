"""Answers just as Prometheus prints them take a short way: to the same end, or not at all."""

import json
import random
from typing import Any

import pytest

from apps.http import Reply, Upstream
from apps.observability.federation import merge, printed
from apps.observability.federation.outcome import SourceFailed
from apps.observability.sources import prometheus

VALUES = ("1", "-0.5", "1e+06", "NaN", "+Inf", "-Inf", "0.30000000000000004")
TEXTS = ("", "a", 'b"c\\d', "é{}],[", "\u2028\n\t\x7f", '},"value":[1,"1"]},{"metric":{', "cluster")
NAMES: tuple[str, ...] = (
    "__name__",
    "job",
    "c",
    "e",
    "clust",
    "clusters",
    "cluster_name",
    "exported_job",
)
NAMES += ("exported_", "exported_cl", "exported_exporter", "exported_exported", "exportedcluster")
RENAMED = ("cluster", "exported_cluster", "exported_exported_cluster")
# What a hostile or broken server may put anywhere.
PIECES = [b'"', b"\\", b",", b"}", b"]", b"{", b"[", b" ", b"\n", b"\x00", b"\xff", b"null", b"1"]
PIECES += [b'"cluster":"x",', b'\\u0063luster":"', b"\\ud800", b"\\u12", b"\\q", b"01", b".", b"-"]
PIECES += [b'{"metric":{', b'},"value":[1,"1"]', b',"histogram":[1,{}]', b'"values":[]', b"1e999"]


def body_of(kind: str, rows: list[dict[str, Any]]) -> bytes:
    said = {"status": "success", "data": {"resultType": kind, "result": rows}}
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


def row_of(chance: random.Random, kind: str, names: tuple[str, ...] = NAMES) -> dict[str, Any]:
    labels = {name: chance.choice(TEXTS) for name in chance.sample(names, chance.randint(1, 4))}
    samples = [[chance.choice((0, 1.5, 1769860800)), chance.choice(VALUES)] for _ in range(3)]
    return {
        "metric": labels,
        **({"value": samples[0]} if kind == "vector" else {"values": samples}),
    }


def by_the_long_way(body: bytes, kind: str) -> tuple[list[Any], int] | None:
    try:
        said = prometheus.read_as(prometheus.SERIES, Upstream("http://a.test"), Reply(200, body, 0))
        return read(merge.splice(said.data, kind, "north"))
    except SourceFailed:
        return None


def by_the_short_way(body: bytes, kind: str) -> tuple[list[Any], int] | None:
    part = printed.splice(body, kind, "north")
    return None if part is None else read(part)


def read(part: merge.Part) -> tuple[list[Any], int]:
    return json.loads(b"[" + b",".join(part.chunks) + b"]"), part.number


@pytest.mark.parametrize("kind", ["vector", "matrix"])
def test_both_ways_lead_to_the_same_series(kind: str) -> None:
    chance = random.Random(1)
    for _ in range(300):
        body = body_of(kind, [row_of(chance, kind) for _ in range(chance.randint(1, 5))])
        found = by_the_short_way(body, kind)
        assert found is not None, body
        assert found == by_the_long_way(body, kind)


@pytest.mark.parametrize("kind", ["vector", "matrix"])
def test_an_answer_of_many_chunks_loses_no_series(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printed, "CHUNK", 2000)
    monkeypatch.setattr(merge, "CHUNK", 2000)
    chance = random.Random(2)
    body = body_of(kind, [row_of(chance, kind) for _ in range(200)])
    part = printed.splice(body, kind, "north")
    assert part is not None
    assert len(part.chunks) > 5
    assert read(part) == by_the_long_way(body, kind)


@pytest.mark.parametrize("name", RENAMED)
def test_a_label_that_the_fleet_renames_takes_the_long_way(name: str) -> None:
    row = {"metric": {"job": "node", name: "theirs"}, "value": [1, "1"]}
    body = body_of("vector", [row])
    assert by_the_short_way(body, "vector") is None
    assert by_the_long_way(body, "vector") == (
        [{**row, "metric": {"job": "node", f"exported_{name}": "theirs", "cluster": "north"}}],
        1,
    )


@pytest.mark.parametrize("kind", ["vector", "matrix"])
def test_what_a_server_breaks_passes_by_the_short_way_only_where_the_long_one_takes_it(
    kind: str,
) -> None:
    chance = random.Random(3)
    passed = 0
    for _ in range(25_000):
        body = body_of(kind, [row_of(chance, kind) for _ in range(2)])
        for _ in range(chance.randint(1, 2)):
            begin = chance.randrange(len(body))
            end = begin + chance.choice((0, 0, 1, 2, 20))
            body = body[:begin] + chance.choice((b"", *PIECES)) + body[end:]
        found = by_the_short_way(body, kind)
        if found is not None:
            passed += 1
            assert found == by_the_long_way(body, kind), body
    # Some changes leave a sound answer, and most do not.
    assert 100 < passed < 12_500


def test_long_series_are_left_to_the_long_way() -> None:
    values = [[1769860800 + step, "1.5"] for step in range(1000)]
    rows: list[dict[str, Any]] = [
        {"metric": {"job": str(number)}, "values": values} for number in range(3)
    ]
    body = body_of("matrix", rows)
    assert by_the_short_way(body, "matrix") is None
    assert by_the_long_way(body, "matrix") == (
        [{**row, "metric": {**row["metric"], "cluster": "north"}} for row in rows],
        3,
    )
