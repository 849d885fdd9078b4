"""Works out a plan: the leaves are given, everything above them is reckoned here."""

from collections.abc import Mapping

from apps.observability.arithmetic import aggregation, functions, leaves, operators
from apps.observability.arithmetic.values import Grid, Value, Vector, nameless, put
from apps.observability.errors import NotExecutable
from apps.observability.promql.plan import (
    Aggregation,
    Binary,
    Call,
    Leaf,
    Negation,
    Node,
    Number,
    Plan,
    Text,
)

# What the clusters sent of each leaf, by the name of the cluster; see decoding.read.
Parts = Mapping[Leaf, Mapping[str, Vector]]


# Series times steps of all parts together; Prometheus' own limit is of this size.
MOST_CELLS = 50_000_000


def evaluate(plan: Plan, parts: Parts, grid: Grid) -> Value:
    """Return the answer of the fleet, or raise NotExecutable as Prometheus would."""
    require_room(
        sum(len(vector) for of_leaf in parts.values() for vector in of_leaf.values()), grid
    )
    return _value(plan.root, parts, grid)


def require_room(series: int, grid: Grid) -> None:
    if series * len(grid) > MOST_CELLS:
        raise NotExecutable(
            f"The clusters answered with {series} series over {len(grid)} steps, more than can "
            "be worked with at once. Narrow the query, or take a coarser step."
        )


def _value(node: Node, parts: Parts, grid: Grid) -> Value:  # noqa: PLR0911 - one per kind
    match node:
        case Leaf():
            return leaves.merge(node, parts.get(node, {}), grid)
        case Number(value=value):
            return [value] * len(grid)
        case Text(value=text):
            return text
        case Negation(operand=operand):
            return _negated(_value(operand, parts, grid))
        case Binary(left=left, right=right):
            met = operators.apply(node, _value(left, parts, grid), _value(right, parts, grid))
            return _without_the_empty(met)
        case Call(function=function, arguments=arguments):
            given = [_value(argument, parts, grid) for argument in arguments]
            return functions.call(function, given, grid)
        case Aggregation():
            return _aggregated(node, parts, grid)


def _aggregated(node: Aggregation, parts: Parts, grid: Grid) -> Vector:
    vector = _value(node.operand, parts, grid)
    if not isinstance(vector, dict):
        raise NotExecutable(f"{node.operator} is an aggregation of a vector.")
    parameter = None if node.parameter is None else _value(node.parameter, parts, grid)
    return aggregation.aggregate(node.operator, vector, node.grouping, parameter, grid)


def _negated(value: Value) -> Value:
    if isinstance(value, list):
        return [-number for number in value]
    if isinstance(value, str):
        raise NotExecutable("A text cannot be negated.")
    result: Vector = {}
    for labels, samples in value.items():
        put(result, nameless(labels), [None if v is None else -v for v in samples])
    return result


def _without_the_empty(value: Value) -> Value:
    if not isinstance(value, dict):
        return value
    return {
        labels: samples
        for labels, samples in value.items()
        if any(sample is not None for sample in samples)
    }
