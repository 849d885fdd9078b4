"""Which operators join series of one cluster, so that each can do it, and which the fleet's own."""

from typing import Literal

from promql_parser import BinaryExpr

from apps.observability.errors import NotSplittable
from apps.observability.promql import tree
from apps.observability.promql.naming import CLUSTER
from apps.observability.promql.narrowing import Texts
from apps.observability.promql.plan import Binary, Matching, Merge
from apps.observability.promql.shares import SCALAR, VECTOR, Leaves, Share, Spread, Whole
from apps.observability.promql.tree import Joined

_SET = frozenset({"and", "or", "unless"})
_KNOWN = _SET | {"+", "-", "*", "/", "%", "^", "atan2", "==", "!=", ">", "<", ">=", "<="}
_Card = Literal["one-to-one", "many-to-one", "one-to-many", "many-to-many"]
_CARDS: dict[str, _Card] = {
    "OneToOne": "one-to-one",
    "ManyToOne": "many-to-one",
    "OneToMany": "one-to-many",
    "ManyToMany": "many-to-many",
}


def share(expr: BinaryExpr, left: Share, right: Share, leaves: Leaves) -> Share:
    said, operator = tree.joined(expr), tree.operator(expr)
    if operator not in _KNOWN or said.filled:
        raise NotSplittable(
            "fill is not answered over several clusters; fill in with `or` and a second query"
            if said.filled
            else f"the operator {operator} is not answered over several clusters"
        )
    if CLUSTER in said.include:
        raise NotSplittable(
            "group_left and group_right cannot bring the label `cluster`: the series that are "
            "kept have it; leave it out"
        )
    if isinstance(left, Spread) and isinstance(right, Spread):
        return _of_clusters(expr, said, leaves)
    if _is_each_clusters(left, right):
        return Spread(expr)
    return _local(operator, said, (left, right), leaves)


def _is_each_clusters(left: Share, right: Share) -> bool:
    """Whether one side is the clusters' own, and the other a number that they all know."""
    return all(isinstance(one, Spread) or one.can_be_sent for one in (left, right)) and any(
        isinstance(one, Spread) for one in (left, right)
    )


def _of_clusters(expr: BinaryExpr, said: Joined, leaves: Leaves) -> Share:
    """Series of two clusters must never meet: no cluster has both."""
    operator = tree.operator(expr)
    if said.on is None or (CLUSTER in said.labels) == said.on:
        return Spread(expr)
    if leaves.are_one(expr):
        # No two to meet. Only one-to-one leaves no label but those that it matched by.
        keeps_cluster = operator in _SET or said.card != "OneToOne"
        return Spread(expr) if keeps_cluster else Whole(leaves.add(Texts(expr), Merge.SUM))
    within = [label for label in said.labels if label != CLUSTER]
    change = (
        f"on ({', '.join((CLUSTER, *within))})" if said.on else f"ignoring ({', '.join(within)})"
    )
    raise NotSplittable(
        f"this {operator!r} joins series of different clusters, which no cluster can do alone; "
        f'join within each cluster with `{change}`, name one with cluster="..." in every '
        "selector, or aggregate a side first"
    )


def _local(operator: str, said: Joined, sides: tuple[Share, Share], leaves: Leaves) -> Whole:
    left, right = sides
    matching = Matching(said.labels, bool(said.on), _CARDS[said.card], said.include)
    node = Binary(operator, leaves.node(left), leaves.node(right), matching, said.returns_bool)
    kind = SCALAR if left.kind == right.kind == SCALAR else VECTOR
    is_constant = all(isinstance(one, Whole) and one.is_constant for one in sides)
    return Whole(node, kind, is_constant)
