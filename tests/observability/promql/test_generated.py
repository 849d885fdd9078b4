"""Twenty thousand generated queries: written as read, held to limits, and never a surprise."""

from collections import Counter

from promql_parser import Call, Expr, parse

from apps.errors import DomainError
from apps.observability.errors import InvalidPromQL, NotSplittable
from apps.observability.promql import enforce, guard, split, tree, writing
from apps.observability.promql.plan import Plan
from tests.observability.promql.generating import Queries
from tests.observability.promql.shapes import shape

NUMBER = 20_000
NAMESPACES = ["team-a", 'odd"|.name\\', "b"]
CLUSTERS = ["eu-1", "a", "a.b"]


def read(text: str) -> Expr | DomainError:
    try:
        return guard.read(text)
    except InvalidPromQL as refusal:
        return refusal


def planned(text: str) -> Plan | DomainError:
    try:
        return split.plan(guard.read(text), CLUSTERS)
    except (InvalidPromQL, NotSplittable) as refusal:
        return refusal


def reads_beyond_its_text(expr: Expr) -> bool:
    return any(isinstance(one, Call) and one.func.name == "info" for one in tree.walk(expr))


def test_every_selector_of_every_query_is_restricted_and_nothing_else_changes() -> None:
    queries, restricted = Queries(seed=4), 0
    limits = enforce.limit("namespace", NAMESPACES)
    added = tuple((one.name, str(one.op), one.value) for one in limits)
    for _ in range(NUMBER):
        text = queries.one()
        expr = read(text)
        if isinstance(expr, DomainError):
            continue
        assert shape(parse(writing.write(expr))) == shape(expr), text
        if not reads_beyond_its_text(expr):
            assert shape(enforce.restrict(expr, limits)) == shape(expr, added), text
            restricted += 1
    # Else the grammar makes little that is PromQL, and the above says little.
    assert restricted > NUMBER * 0.7


def test_every_query_is_planned_or_refused_with_a_reason() -> None:
    queries, outcomes = Queries(seed=5), Counter[str]()
    for _ in range(NUMBER // 8):
        text = queries.one()
        found = planned(text)
        outcomes[type(found).__name__] += 1
        if isinstance(found, DomainError):
            assert found.message, text
            continue
        for leaf in found.leaves:
            for sent in filter(None, map(leaf.text_for, CLUSTERS)):
                guard.read(sent)
                # The query has no exported_exported_cluster that this could be.
                assert "exported_cluster" not in sent, text
    assert outcomes["Plan"] > NUMBER / 50, outcomes
    assert outcomes["NotSplittable"] > NUMBER / 50, outcomes


def test_a_mistake_is_refused_where_it_is_and_nothing_worse() -> None:
    queries = Queries(seed=6)
    for _ in range(NUMBER // 8):
        text = queries.mutated()
        found = planned(text)
        if isinstance(found, DomainError) and "line" in found.details:
            assert 1 <= found.details["line"] <= text.count("\n") + 1, text
            assert 0 <= found.details["position"] <= len(text), text
