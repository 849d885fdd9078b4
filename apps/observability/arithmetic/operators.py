"""The binary operators, between scalars, between a vector and a scalar, and between vectors."""

import math
import operator
from collections.abc import Callable

from apps.observability.arithmetic import floats, matching
from apps.observability.arithmetic.values import (
    Samples,
    Scalar,
    Value,
    Vector,
    nameless,
    put,
)
from apps.observability.errors import NotExecutable
from apps.observability.promql.plan import Binary

ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": floats.divide,
    "%": floats.modulo,
    "^": floats.power,
    "atan2": math.atan2,
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
SET_OPERATORS = {"and", "or", "unless"}


def apply(node: Binary, left: Value, right: Value) -> Vector | Scalar:
    match left, right:
        case dict(), dict():
            return _between_vectors(node, left, right)
        case dict(), list():
            return _with_scalar(node, left, right, swapped=False)
        case list(), dict():
            return _with_scalar(node, right, left, swapped=True)
        case list(), list():
            return _between_scalars(node, left, right)
        case _:
            raise NotExecutable(f"{node.operator} has no meaning for a text.")


def _between_vectors(node: Binary, left: Vector, right: Vector) -> Vector:
    if node.operator in SET_OPERATORS:
        return matching.set_operation(node.operator, left, right, node.matching)
    function, drops_name = pairwise(node)
    return matching.join(left, right, node.matching, function, drops_name=drops_name)


def pairwise(node: Binary) -> tuple[matching.Pairwise, bool]:
    """Return what two samples become, and whether the metric's name is lost by it."""
    if node.operator in ARITHMETIC:
        return ARITHMETIC[node.operator], True
    compare = _comparison(node)
    if node.returns_bool:
        return (lambda a, b: 1.0 if compare(a, b) else 0.0), True
    return (lambda a, b: a if compare(a, b) else None), False


def _comparison(node: Binary) -> Callable[[float, float], bool]:
    if node.operator not in COMPARISONS:
        raise NotExecutable(f"{node.operator} cannot be worked out here.")
    return COMPARISONS[node.operator]


def _with_scalar(node: Binary, vector: Vector, scalar: Scalar, *, swapped: bool) -> Vector:
    function, drops_name = pairwise(node)
    # A filter leaves the vector's value, on whichever side it stands.
    filters = not drops_name
    result: Vector = {}
    for labels, samples in vector.items():
        found: Samples = []
        for value, other in zip(samples, scalar, strict=True):
            if value is None:
                found.append(None)
                continue
            met = function(other, value) if swapped else function(value, other)
            found.append(value if filters and met is not None else met)
        put(result, nameless(labels) if drops_name else labels, found)
    return result


def _between_scalars(node: Binary, left: Scalar, right: Scalar) -> Scalar:
    pairs = list(zip(left, right, strict=True))
    if node.operator in ARITHMETIC:
        function = ARITHMETIC[node.operator]
        return [function(a, b) for a, b in pairs]
    compare = _comparison(node)
    return [1.0 if compare(a, b) else 0.0 for a, b in pairs]
