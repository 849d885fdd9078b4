"""What no real server of one version shows: merging, refusals, broken answers, printing."""

import json
import math
import os
import random

import pytest

from apps.observability.arithmetic import decoding, evaluation, floats, rendering
from apps.observability.arithmetic.decoding import Malformed
from apps.observability.arithmetic.values import Grid, Value, Vector, labels_of, of_cluster
from apps.observability.errors import NotExecutable
from apps.observability.promql.plan import (
    Aggregation,
    Binary,
    Call,
    Grouping,
    Leaf,
    Matching,
    Merge,
    Node,
    Number,
    Plan,
    Text,
)

NAN, INF = math.nan, math.inf
ONCE = Grid.at(1000)
THRICE = Grid(1000, 1030, 15)


def vector(**values: float | None) -> Vector:
    """An instant vector of series that differ in the label `of`."""
    return {(("of", name),): [value] for name, value in values.items()}


def merged(merge: Merge, *parts: Vector, **more: object) -> Value:
    leaf = Leaf(lambda _: "x", merge, **more)  # type: ignore[arg-type]
    named = {f"c{number}": part for number, part in enumerate(parts)}
    return evaluation.evaluate(Plan(leaf), {leaf: named}, ONCE)


def value_of(node: Node, *leaves: tuple[Leaf, Vector], grid: Grid = ONCE) -> Value:
    return evaluation.evaluate(Plan(node), {leaf: {"": part} for leaf, part in leaves}, grid)


def leaf() -> Leaf:
    return Leaf(lambda _: "x")


@pytest.mark.parametrize(
    ("merge", "expected"),
    [
        (Merge.SUM, {"a": 4.0, "b": 2.0, "n": NAN, "m": NAN}),
        (Merge.MIN, {"a": 1.0, "b": 2.0, "n": 7.0, "m": NAN}),
        (Merge.MAX, {"a": 3.0, "b": 2.0, "n": 7.0, "m": NAN}),
        (Merge.GROUP, {"a": 1.0, "b": 1.0, "n": 1.0, "m": 1.0}),
    ],
)
def test_equal_labels_of_the_clusters_are_combined(
    merge: Merge, expected: dict[str, float]
) -> None:
    parts = vector(a=1.0, b=2.0, n=NAN, m=NAN), vector(a=3.0, b=None, n=7.0)
    assert repr(merged(merge, *parts)) == repr(
        dict(sorted((labels_of({"of": name}), [value]) for name, value in expected.items()))
    )


def test_series_side_by_side_keep_their_clusters_and_an_upstream_label_moves_on() -> None:
    part: Vector = {labels_of({"cluster": "inner", "exported_cluster": "older"}): [1.0]}
    assert merged(Merge.UNION, part, vector(a=2.0)) == {
        labels_of(
            {"cluster": "c0", "exported_cluster": "inner", "exported_exported_cluster": "older"}
        ): [1.0],
        labels_of({"cluster": "c1", "of": "a"}): [2.0],
    }
    assert of_cluster((), "c") == (("cluster", "c"),)
    # A sum by the upstream label is one by its name in the fleet.
    assert merged(Merge.SUM, {(("cluster", "inner"),): [1.0]}) == {
        (("exported_cluster", "inner"),): [1.0]
    }


def test_the_first_of_all_are_sought_among_each_clusters_first() -> None:
    parts = vector(a=5.0, b=NAN), vector(a=1.0, b=9.0)
    assert list(merged(Merge.TOPK, *parts, limit=2)) == [
        (("cluster", "c1"), ("of", "b")),
        (("cluster", "c0"), ("of", "a")),
    ]
    grouping = Grouping(("of",))
    found = merged(Merge.BOTTOMK, *parts, limit=1, grouping=grouping)
    assert isinstance(found, dict)
    assert sorted(found.values()) == [[1.0], [9.0]]


def test_what_rounding_loses_in_a_sum_is_not_lost() -> None:
    assert floats.total([1e100, 1.0, -1e100]) == 1.0
    assert floats.total([INF, 1.0]) == INF
    assert math.isnan(floats.total([INF, -INF]))


@pytest.mark.parametrize(
    ("operator", "left", "right", "expected"),
    [
        ("/", 1.0, 0.0, INF),
        ("/", 1.0, -0.0, -INF),
        ("/", 0.0, 0.0, NAN),
        ("%", 5.0, 0.0, NAN),
        ("%", INF, 2.0, NAN),
        ("%", -5.0, 3.0, -2.0),
        ("%", 5.0, INF, 5.0),
        ("^", -8.0, 1 / 3, NAN),
        ("^", 0.0, -1.0, INF),
        ("^", -0.0, -1.0, -INF),
        ("^", -0.0, -2.0, INF),
        ("^", -10.0, 999.0, -INF),
        ("^", 10.0, 999.0, INF),
        ("^", 1.0, NAN, 1.0),
        ("==", NAN, NAN, 0.0),
        ("!=", NAN, NAN, 1.0),
    ],
)
def test_floats_are_those_of_go(operator: str, left: float, right: float, expected: float) -> None:
    node = Binary(operator, Number(left), Number(right), returns_bool=True)
    assert repr(value_of(node)) == repr([expected])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1.5e-9, "1.5e-09"),
        (NAN, "NaN"),
        (INF, "+Inf"),
        (-INF, "-Inf"),
    ],
)
def test_values_are_printed_as_prometheus_prints_them(value: float, expected: str) -> None:
    assert floats.printed(value) == expected


def test_answers_are_printed_as_prometheus_prints_them() -> None:
    series: Vector = {labels_of({"a": 'q"\\'}): [1.0, None, NAN], labels_of({}): [None] * 3}
    assert rendering.render(series, Grid(0.5, 30.5, 15)).result == (
        b'[{"metric":{"a":"q\\"\\\\"},"values":[[0.500,"1"],[30.500,"NaN"]]}]'
    )
    assert rendering.render(vector(a=2.5), ONCE).result == (
        b'[{"metric":{"of":"a"},"value":[1000,"2.5"]}]'
    )
    assert rendering.render([3.0], ONCE) == rendering.Rendered("scalar", b'[1000,"3"]')
    assert rendering.render([3.0] * 3, THRICE).result_type == "matrix"
    assert rendering.render("words", ONCE).result == b'[1000,"words"]'
    with pytest.raises(NotExecutable):
        rendering.render("words", THRICE)


def test_samples_are_read_onto_their_steps() -> None:
    row = {"metric": {"a": "b", "gone": ""}, "values": [[1000, "1"], [1030, "+Inf"]]}
    assert decoding.read("matrix", json.dumps([row]).encode(), THRICE) == {
        (("a", "b"),): [1.0, None, INF]
    }


@pytest.mark.parametrize(
    "values",
    [
        [[1000, "1"], [1000, "2"]],
        [[1015, "1"], [1000, "2"]],
        [[1001, "1"]],
        [[985, "1"]],
        [[1045, "1"]],
        [[1e308, "1"]],
        [["NaN", "1"]],
        [[1000, "1_0"]],
        [[1000, " 1"]],
        [[1000, "one"]],
        [[1000, None]],
        [[1000, "1", "2"]],
        [["1000"]],
        "1000",
        None,
        {"1000": "1"},
    ],
)
def test_samples_that_no_prometheus_sends_are_that_clusters_failure(values: object) -> None:
    body = json.dumps([{"metric": {}, "values": values}]).encode()
    with pytest.raises(Malformed):
        decoding.read("matrix", body, THRICE)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"{}",
        b"null",
        b"[1]",
        b'[{"metric":{"a":1}}]',
        b'[{"metric":[]}]',
        b'[{"metric":{"a":"\xff"}}]',
        b"[" * 5000,
        b'[{"metric":{}},{"metric":{}}]',
        b'[{"metric":{},"histogram":[1000,{}]}]',
        b'[{"metric":{},"value":[1001,"1"]}]',
    ],
)
def test_an_answer_of_another_form_is_that_clusters_failure(body: bytes) -> None:
    with pytest.raises(Malformed):
        decoding.read("vector", body, ONCE)


def test_a_mangled_answer_is_read_or_refused_and_never_breaks() -> None:
    chance = random.Random(20260101)
    body = json.dumps(
        [
            {"metric": {"a": "b\u2028", "c": str(i)}, "values": [[1000, "1"], [1015, "+Inf"]]}
            for i in range(3)
        ]
    ).encode()
    refused = 0
    rounds = int(os.environ.get("AIOPS_MANGLED_ANSWERS", "3000"))
    for _ in range(rounds):
        mangled = bytearray(body)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(mangled))
            piece = chance.choice((b"", b"[", b'"', b"}", b"e999", b"NaN", b"null", b"\xff", b"0"))
            mangled[at : at + chance.randint(0, 9)] = piece
        try:
            found = decoding.read("matrix", bytes(mangled), THRICE)
        except Malformed:
            refused += 1
            continue
        assert all(len(samples) == 3 for samples in found.values())
    assert rounds / 2 < refused < rounds


def test_another_kind_of_answer_and_too_many_series_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(Malformed, match="matrix"):
        decoding.read("matrix", b"[]", ONCE)
    rows = json.dumps([{"metric": {"i": str(i)}, "value": [1000, "1"]} for i in range(11)])
    monkeypatch.setattr(decoding, "MOST_SERIES", 10)
    with pytest.raises(Malformed, match="11 series"):
        decoding.read("vector", rows.encode(), ONCE)


def test_series_of_the_same_labels_meet_at_a_step_or_become_one() -> None:
    named, other = leaf(), {labels_of({"__name__": "y"}): [None, 2.0, 3.0]}
    first: Vector = {labels_of({"__name__": "x"}): [1.0, None, None]}
    assert value_of(Call("abs", (named,)), (named, {**first, **other}), grid=THRICE) == {
        (): [1.0, 2.0, 3.0]
    }
    with pytest.raises(NotExecutable, match="same labelset"):
        value_of(
            Call("abs", (named,)),
            (named, {labels_of({"__name__": "x"}): [1.0], labels_of({"__name__": "y"}): [2.0]}),
        )


def test_doubles_on_one_side_are_refused_only_where_they_meet() -> None:
    left, right = leaf(), leaf()
    node = Binary("+", left, right, Matching(("a",), on=True))
    doubles: Vector = {labels_of({"a": "1", "b": str(i)}): [None] * 3 for i in range(2)}
    for number, samples in enumerate(doubles.values()):
        samples[number] = 10.0
    single: Vector = {labels_of({"a": "1"}): [1.0, 2.0, 3.0]}
    given = [(left, single), (right, doubles)]
    assert value_of(node, *given, grid=THRICE) == {(("a", "1"),): [11.0, 12.0, None]}
    for samples in doubles.values():
        samples[2] = 1.0
    with pytest.raises(NotExecutable, match=r'match group \{a="1"\} on the right'):
        value_of(node, *given, grid=THRICE)
    single[(("a", "1"),)][2] = None
    assert value_of(node, *given, grid=THRICE) == {(("a", "1"),): [11.0, 12.0, None]}


@pytest.mark.parametrize(
    "node",
    [
        Call("timestamp", (Call("vector", (Number(1),)),)),
        Call("rate", ()),
        Call("scalar", (Number(1),)),
        Call("label_join", (Number(1),)),
        Binary("+", Text("a"), Number(1)),
        Binary("~", Number(1), Number(2)),
        Aggregation("sum", Number(1)),
        Aggregation("limitk", Call("vector", (Number(1),)), parameter=Number(1)),
        Aggregation("topk", Call("vector", (Number(1),)), parameter=Number(NAN)),
        Call("year", (Call("vector", (Number(NAN),)),)),
        Call(
            "label_replace",
            (Call("vector", (Number(1),)), Text("a"), Text("b"), Text("c"), Text("(")),
        ),
        Call(
            "label_replace",
            (Call("vector", (Number(1),)), Text(""), Text("b"), Text("c"), Text("d")),
        ),
    ],
)
def test_what_cannot_be_worked_out_is_refused(node: Node) -> None:
    with pytest.raises(NotExecutable):
        value_of(node)


def test_a_text_is_replaced_as_go_expands_it() -> None:
    source = leaf()
    words = map(Text, ("to", "${1}x-$2-$name-$9-$$-$1x", "of", "(a)(z)?(?P<name>.*)"))
    node = Call("label_replace", (source, *words))
    assert value_of(node, (source, vector(abc=1.0))) == {
        (("of", "abc"), ("to", "ax--bc--$-")): [1.0]
    }


def test_an_expression_that_takes_much_memory_is_refused() -> None:
    source = leaf()
    node = Call("label_replace", (source, *map(Text, ("to", "", "of", r"\pL{100}"))))
    with pytest.raises(NotExecutable, match="regular expression in label_replace"):
        value_of(node, (source, vector(abc=1.0)))


def test_dates_reach_beyond_the_years_of_python() -> None:
    for name, expected in {"year": 33658.0, "month": 9.0, "day_of_month": 27.0}.items():
        assert value_of(Call(name, (Call("vector", (Number(1e12),)),))) == {(): [expected]}


def test_a_mean_beyond_the_largest_sum_is_still_a_mean() -> None:
    source = leaf()
    found = value_of(Aggregation("avg", source), (source, vector(a=1.5e308, b=1.5e308)))
    assert found == {(): [1.5e308]}


def test_few_bytes_do_not_become_gigabytes_of_empty_steps() -> None:
    grid = Grid(0, 10_999, 1)
    rows = [{"metric": {"i": str(i)}, "values": [[0, "1"]]} for i in range(1000)]
    with pytest.raises(Malformed, match="coarser"):
        decoding.read("matrix", json.dumps(rows).encode(), grid)
    samples: list[float | None] = [None] * len(grid)
    part: Vector = {(("i", str(i)),): samples for i in range(900)}
    source = leaf()
    with pytest.raises(NotExecutable, match="coarser"):
        evaluation.evaluate(Plan(source), {source: {str(c): part for c in range(6)}}, grid)
