"""A query to the fleet, divided into what each cluster answers and what is worked out here.

Every cluster's series have the label `cluster` in the fleet. What keeps that label apart is each
cluster's own matter; an aggregation that drops it is begun there and ended here; what can be
neither is refused with a way to ask it. A wrong answer is worse than none: in doubt, refuse.
"""

from collections.abc import Callable, Sequence

from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)

from apps.observability.errors import NotSplittable
from apps.observability.promql import aggregating, calling, joining, tree
from apps.observability.promql.narrowing import Texts
from apps.observability.promql.plan import Negation, Number, Plan, Text
from apps.observability.promql.shares import (
    MATRIX,
    SCALAR,
    STRING,
    VECTOR,
    Leaves,
    Share,
    Spread,
    Whole,
)


def plan(expr: Expr, clusters: Sequence[str]) -> Plan:
    """Return how the query is answered over these clusters, or raise NotSplittable."""
    leaves = Leaves(clusters)
    whole = tree.bare(expr)
    if isinstance(whole, Call) and whole.func.name in calling.SORTING:
        found: Share = calling.sorted_last(whole, _share(whole.args[0], leaves), leaves)
    else:
        found = _share(whole, leaves)
    return Plan(leaves.node(found), found.kind)


def selector_texts(selector: VectorSelector) -> Callable[[str], str | None]:
    """Return what to send each cluster for a `match[]`: None where it means another."""
    return Texts(selector)


def _share(expr: Expr, leaves: Leaves) -> Share:
    match expr:
        case ParenExpr():
            return _share(expr.expr, leaves)
        case AggregateExpr():
            parameter = None if expr.param is None else _share(expr.param, leaves)
            return aggregating.share(expr, _share(expr.expr, leaves), parameter, leaves)
        case BinaryExpr():
            return joining.share(expr, _share(expr.lhs, leaves), _share(expr.rhs, leaves), leaves)
        case Call():
            return calling.share(expr, [_share(one, leaves) for one in expr.args], leaves)
    return _simple(expr, leaves)


def _simple(expr: Expr, leaves: Leaves) -> Share:
    match expr:
        case VectorSelector():
            return Spread(expr, VECTOR)
        case MatrixSelector():
            return Spread(expr, MATRIX)
        case SubqueryExpr():
            return _subquery(expr, _share(expr.expr, leaves))
        case UnaryExpr():
            return _negation(expr, _share(expr.expr, leaves))
    return _literal(expr)


def _literal(expr: Expr) -> Whole:
    if isinstance(expr, NumberLiteral):
        return Whole(Number(expr.val), SCALAR, is_constant=True)
    if isinstance(expr, StringLiteral):
        return Whole(Text(expr.val), STRING, is_constant=True)
    raise NotSplittable(f"{type(expr).__name__} is not answered over several clusters")


def _negation(expr: UnaryExpr, operand: Share) -> Share:
    if isinstance(operand, Spread):
        return Spread(expr)
    return Whole(Negation(operand.node), operand.kind, operand.is_constant)


def _subquery(expr: SubqueryExpr, operand: Share) -> Spread:
    if isinstance(operand, Spread):
        return Spread(expr, MATRIX)
    raise NotSplittable(
        "a subquery over what several clusters make together cannot be worked out; keep the "
        "clusters apart inside it, as in max_over_time(sum by (cluster) (...)[1h:5m])"
    )
