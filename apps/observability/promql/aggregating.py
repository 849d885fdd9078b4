"""How an aggregation is divided: among the clusters first, then over what they answered."""

import math

from promql_parser import AggregateExpr, NumberLiteral, StringLiteral

from apps.observability.errors import NotSplittable
from apps.observability.promql import tree
from apps.observability.promql.naming import CLUSTER
from apps.observability.promql.narrowing import Texts, upstream_label
from apps.observability.promql.plan import Aggregation, Binary, Grouping, Merge
from apps.observability.promql.shares import Leaves, Share, Spread, Whole
from apps.observability.promql.writing import Wording

# What each cluster is asked for, and how the answers are combined.
_COMBINED = {
    "sum": Merge.SUM,
    "count": Merge.SUM,
    "min": Merge.MIN,
    "max": Merge.MAX,
    "group": Merge.GROUP,
}
_FIRST = {"topk": Merge.TOPK, "bottomk": Merge.BOTTOMK}
_UNCOMBINED = frozenset({"quantile", "stddev", "stdvar", "count_values"})
_MOST = 2**31


def share(expr: AggregateExpr, operand: Share, parameter: Share | None, leaves: Leaves) -> Share:
    operator = tree.operator(expr)
    if operator not in {*_COMBINED, *_FIRST, *_UNCOMBINED, "avg"}:
        raise NotSplittable(
            f"{operator} picks series by an order that only one Prometheus has; use topk, or ask "
            "one cluster for it"
        )
    if isinstance(operand, Whole):
        return _local(expr, operand, parameter, leaves)
    if isinstance(parameter, Spread) or (parameter and not parameter.can_be_sent):
        raise NotSplittable(
            f"the parameter of {operator} is only known once all clusters have answered; write a "
            "number there"
        )
    _check_label(expr)
    return Spread(expr) if keeps_cluster(expr) else _dropped(expr, operand, leaves)


def keeps_cluster(expr: AggregateExpr) -> bool:
    by, labels = tree.grouping(expr)
    return (CLUSTER in labels) == by


def _local(expr: AggregateExpr, operand: Whole, parameter: Share | None, leaves: Leaves) -> Whole:
    """What goes in are the fleet's own values, so this aggregation is the fleet's too."""
    by, labels = tree.grouping(expr)
    node = Aggregation(
        tree.operator(expr),
        operand.node,
        Grouping(labels, by),
        None if parameter is None else leaves.node(parameter),
    )
    is_constant = operand.is_constant and (parameter is None or _is_constant(parameter))
    return Whole(node, is_constant=is_constant)


def _is_constant(share: Share) -> bool:
    return isinstance(share, Whole) and share.is_constant


def _check_label(expr: AggregateExpr) -> None:
    label = None if expr.param is None else tree.bare(expr.param)
    if isinstance(label, StringLiteral) and label.val == CLUSTER:
        raise NotSplittable(
            "count_values cannot write the label `cluster`, which says where a series comes from; "
            "choose another name"
        )


def _dropped(expr: AggregateExpr, operand: Spread, leaves: Leaves) -> Whole:
    operator, within = tree.operator(expr), _within(expr)
    if operator in _COMBINED:
        return Whole(
            leaves.add(Texts(operand.expr, f"{operator}{within}(", ")"), _COMBINED[operator])
        )
    if operator in _FIRST:
        return _first(expr, operand, leaves)
    if operator == "avg":
        return _average(expr, operand, leaves)
    if leaves.are_one(operand.expr):
        # One part has nothing to be combined with.
        return Whole(leaves.add(Texts(expr), Merge.SUM))
    raise NotSplittable(
        f"{operator} over several clusters needs every single sample in one place; "
        f"keep the clusters apart with `{operator} by (cluster, ...)`, or name one with "
        'cluster="..." in every selector'
    )


def _average(expr: AggregateExpr, operand: Spread, leaves: Leaves) -> Whole:
    if "__name__" in tree.grouping(expr)[1]:
        raise NotSplittable(
            "avg by (__name__) would lose the names in its division; ask for sum and for count"
        )
    within = _within(expr)
    total, count = (
        leaves.add(Texts(operand.expr, f"{operator}{within}(", ")"), Merge.SUM)
        for operator in ("sum", "count")
    )
    return Whole(Binary("/", total, count))


def _first(expr: AggregateExpr, operand: Spread, leaves: Leaves) -> Whole:
    operator = tree.operator(expr)
    number = tree.bare(expr.param) if expr.param is not None else None
    if not isinstance(number, NumberLiteral) or not math.isfinite(number.val):
        raise NotSplittable(f"how many {operator} is to give must be a plain number")
    limit = max(0, min(int(number.val), _MOST))
    by, labels = tree.grouping(expr)
    texts = Texts(operand.expr, f"{operator}{_within(expr)}({limit}, ", ")")
    return Whole(leaves.add(texts, _FIRST[operator], limit, Grouping(labels, by)))


def _within(expr: AggregateExpr) -> str:
    """Write the grouping as the clusters have to read it: without `cluster`."""
    by, labels = tree.grouping(expr)
    said = Wording(label=upstream_label).labels(labels)
    if by:
        return f" by {said} " if labels else ""
    return f" without {said} "
