"""Which function each cluster can work out for itself, and which has to wait for all of them."""

from collections.abc import Sequence

from promql_parser import Call, Expr, MatrixSelector, StringLiteral, VectorSelector

from apps.observability.errors import NotSplittable
from apps.observability.promql import tree
from apps.observability.promql.naming import CLUSTER
from apps.observability.promql.narrowing import Texts
from apps.observability.promql.plan import Call as CallNode
from apps.observability.promql.shares import SCALAR, VECTOR, Leaves, Share, Spread, Whole


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


OVER_RANGES = _words(
    "rate irate increase delta idelta deriv changes resets predict_linear holt_winters "
    "double_exponential_smoothing avg_over_time min_over_time max_over_time "
    "sum_over_time count_over_time quantile_over_time stddev_over_time stdvar_over_time "
    "last_over_time first_over_time present_over_time mad_over_time ts_of_min_over_time "
    "ts_of_max_over_time ts_of_first_over_time ts_of_last_over_time"
)
# Each result comes of one series (or of the buckets of one), so of one cluster.
ELEMENTWISE = _words(
    "abs ceil floor exp ln log2 log10 sqrt sgn round clamp clamp_min clamp_max acos acosh asin "
    "asinh atan atanh cos cosh sin sinh tan tanh deg rad day_of_month day_of_week day_of_year "
    "days_in_month hour minute month year histogram_quantile label_replace label_join"
)
# Of these, too, but they need what only the cluster has: the sample's time, native histograms.
ONLY_UPSTREAM = _words(
    "timestamp histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar "
    "histogram_fraction"
)
SORTING = frozenset({"sort", "sort_desc"})
_FIXED = {"time": SCALAR, "pi": SCALAR}


def share(expr: Call, arguments: Sequence[Share], leaves: Leaves) -> Share:
    name = expr.func.name
    if name in OVER_RANGES:
        return _over_range(expr, arguments)
    if name in ELEMENTWISE | ONLY_UPSTREAM:
        return _elementwise(expr, arguments, leaves)
    if name in ("absent", "absent_over_time"):
        return _absent(expr, leaves)
    if name in ("scalar", "vector"):
        return _turned(expr, arguments[0], leaves)
    if name in _FIXED:
        return Whole(CallNode(name), _FIXED[name], is_constant=True)
    raise _refusal(name)


def sorted_last(expr: Call, argument: Share, leaves: Leaves) -> Whole:
    """Sort the whole answer; inside a query an order means nothing."""
    return Whole(CallNode(expr.func.name, (leaves.node(argument),)))


def _refusal(name: str) -> NotSplittable:
    if name in SORTING:
        return NotSplittable(
            f"{name}() inside a query orders nothing; take it off, or put it around the whole query"
        )
    return NotSplittable(
        f"{name}() is not among the functions that can be answered over several clusters; "
        "ask one cluster for it"
    )


def _over_range(expr: Call, arguments: Sequence[Share]) -> Spread:
    for argument in arguments:
        if isinstance(argument, Whole) and not argument.can_be_sent:
            raise NotSplittable(
                f"{expr.func.name}() runs inside each cluster, and one of its arguments is only "
                "known once all have answered; write a number there"
            )
    return Spread(expr)


def _elementwise(expr: Call, arguments: Sequence[Share], leaves: Leaves) -> Share:
    if any(isinstance(one, Spread) for one in arguments) and _can_be_sent(expr, arguments):
        return Spread(expr)
    if expr.func.name in ONLY_UPSTREAM:
        raise NotSplittable(
            f"{expr.func.name}() needs the samples as a cluster holds them, not what several "
            "clusters made together; put it inside the aggregation"
        )
    is_constant = all(isinstance(one, Whole) and one.is_constant for one in arguments)
    nodes = tuple(leaves.node(one) for one in arguments)
    return Whole(CallNode(expr.func.name, nodes), VECTOR, is_constant)


def _can_be_sent(expr: Call, arguments: Sequence[Share]) -> bool:
    """Whether every other argument is constant, and none names the label `cluster`."""
    named = (tree.bare(expr.args[index]) for index in tree.label_arguments(expr))
    return all(isinstance(one, Spread) or one.can_be_sent for one in arguments) and not any(
        isinstance(one, StringLiteral) and one.val == CLUSTER for one in named
    )


def _turned(expr: Call, argument: Share, leaves: Leaves) -> Whole:
    kind = SCALAR if expr.func.name == "scalar" else VECTOR
    if isinstance(argument, Spread) and not leaves.are_one(argument.expr):
        raise NotSplittable(
            "scalar() of every cluster's series is NaN unless there is only one; make one value "
            'of them first, as in scalar(sum(...)), or name one cluster with cluster="..."'
        )
    is_constant = isinstance(argument, Whole) and argument.is_constant
    return Whole(CallNode(expr.func.name, (leaves.node(argument),)), kind, is_constant)


def _absent(expr: Call, leaves: Leaves) -> Whole:
    """Absence in one named cluster is that cluster's to tell; in the fleet it is nobody's."""
    selector: Expr = tree.bare(expr.args[0])
    if isinstance(selector, MatrixSelector):
        selector = selector.vector_selector
    if isinstance(selector, VectorSelector) and leaves.name_one(selector):
        return Whole(leaves.add(Texts(expr)))
    raise NotSplittable(
        f"{expr.func.name}() over several clusters cannot tell a series that is nowhere from a "
        'cluster that did not answer; ask for one cluster with cluster="...", or use '
        "`count(...) or vector(0)`"
    )
