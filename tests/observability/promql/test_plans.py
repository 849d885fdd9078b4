"""The table of plans.txt: what each query comes to, or the sentence that refuses it.

A row is a query and, below it, its plan: what the clusters eu and us are sent stands in brackets
behind how their answers are merged, each for itself where they differ; the kind goes before it
where it is no vector.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.errors import DomainError
from apps.observability.errors import NotSplittable
from apps.observability.promql import guard, split
from apps.observability.promql.plan import Leaf
from tests.observability.promql.saying import CLUSTERS, said

TABLE = Path(__file__).with_name("plans.txt")


def rows() -> Iterator[tuple[str, str]]:
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("# ")]
    for query, expected in zip(lines[::2], lines[1::2], strict=True):
        assert expected.startswith("  "), expected
        yield query, expected.strip()


@pytest.mark.parametrize(("query", "expected"), list(rows()))
def test_a_query_is_divided_as_the_table_says(query: str, expected: str) -> None:
    try:
        found = said(split.plan(guard.read(query), CLUSTERS))
    except DomainError as refusal:
        found = f"refused: {refusal.message}"

    assert found == expected


def test_what_cannot_be_divided_is_unprocessable_under_a_code_of_its_own() -> None:
    with pytest.raises(NotSplittable) as refused:
        split.plan(guard.read("quantile(0.9, up)"), CLUSTERS)

    assert (refused.value.code, refused.value.status) == ("PROMQL_NOT_SPLITTABLE", 422)


def test_what_is_asked_twice_is_one_leaf() -> None:
    plan = split.plan(guard.read("sum(up) / sum(up) + avg(up)"), CLUSTERS)

    assert len(plan.leaves) == 4
    assert len(set(plan.leaves)) == 2


def test_a_thousand_clusters_share_the_few_texts_that_there_are() -> None:
    names = [f"edge-{number}" for number in range(1000)]
    root = split.plan(guard.read('up{cluster=~"edge-.*7"} or down'), names).root
    assert isinstance(root, Leaf)

    texts = [root.text_for(name) for name in names]

    assert len({id(text) for text in texts}) == 2
    assert texts[7] == "up or down"
    assert texts[8] == 'up{__never__="",__never__="x"} or down'


def test_with_one_cluster_nothing_has_to_be_divided() -> None:
    plan = split.plan(guard.read("quantile(0.9, a * on (pod) group_left () b)"), ["only"])

    assert said(plan) == "SUM[quantile(0.9, a * on (pod) group_left () b)]"


def test_the_deepest_query_that_is_read_is_planned() -> None:
    chain = "(" * 63 + "sum(a)" + " + sum(a))" * 63 + " - sum(a)" * 65
    functions = "abs(" * 64 + "a" + ")" * 64

    assert len(split.plan(guard.read(chain), CLUSTERS).leaves) == 129
    assert said(split.plan(guard.read(functions), CLUSTERS)) == f"UNION[{functions}]"


@pytest.mark.parametrize(
    ("match", "sent"),
    [
        ('up{cluster="eu",job="x"}', ['up{job="x"}', None]),
        ('{cluster="us"}', [None, '{__name__!=""}']),
        ('{exported_cluster="z"}', ['{cluster="z"}'] * 2),
        ('{cluster=~".+",job=~".*"}', ['{job=~".*",__name__!=""}'] * 2),
    ],
)
def test_a_match_is_sent_to_the_clusters_it_means(match: str, sent: list[str | None]) -> None:
    texts = split.selector_texts(guard.read_selector(match, may_be_wide=True))

    assert [texts(cluster) for cluster in CLUSTERS] == sent
