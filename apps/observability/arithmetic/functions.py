"""PromQL's functions of instant vectors and scalars. Those over ranges are the clusters' work."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from apps.observability.arithmetic import dates, floats, histograms, relabelling, selection
from apps.observability.arithmetic.values import Grid, Samples, Scalar, Value, Vector, nameless, put
from apps.observability.errors import NotExecutable

OF_ONE_VALUE: dict[str, floats.Function] = {
    "abs": abs,
    "ceil": floats.ceil,
    "floor": floats.floor,
    "sgn": floats.sign,
    "exp": floats.lenient(math.exp),
    "ln": floats.logarithm(math.log),
    "log2": floats.logarithm(math.log2),
    "log10": floats.logarithm(math.log10),
    "sqrt": floats.lenient(math.sqrt),
    "deg": lambda value: value * 180 / math.pi,
    "rad": lambda value: value * math.pi / 180,
    "sin": floats.lenient(math.sin),
    "cos": floats.lenient(math.cos),
    "tan": floats.lenient(math.tan),
    "asin": floats.lenient(math.asin),
    "acos": floats.lenient(math.acos),
    "atan": math.atan,
    "sinh": floats.lenient(math.sinh, odd=True),
    "cosh": floats.lenient(math.cosh),
    "tanh": math.tanh,
    "asinh": math.asinh,
    "acosh": floats.lenient(math.acosh),
    "atanh": floats.inverse_hyperbolic_tangent,
    **dates.PARTS,
}
WITH_SCALARS: dict[str, Callable[..., float | None]] = {
    "round": lambda value, to=1.0: floats.nearest(value, floats.divide(1.0, to)),
    "clamp": lambda value, low, high: (
        None if high < low else floats.greater(low, floats.lesser(high, value))
    ),
    "clamp_min": lambda value, low: floats.greater(low, value),
    "clamp_max": lambda value, high: floats.lesser(high, value),
}


def call(name: str, arguments: Sequence[Value], grid: Grid) -> Vector | Scalar:
    if name in OF_ONE_VALUE or name in WITH_SCALARS:
        return _elementwise(name, arguments, grid)
    if name not in _OTHERS:
        raise NotExecutable(
            f"{name}() cannot be worked out over the whole fleet. Ask it of each cluster: keep "
            "the label cluster in what it is applied to."
        )
    kinds, function = _OTHERS[name]
    given = [type(argument) for argument in arguments]
    if given[: len(kinds)] != list(kinds) or any(kind is not str for kind in given[len(kinds) :]):
        raise NotExecutable(f"{name}() is called with arguments of the wrong types.")
    return function(arguments, grid)


def _elementwise(name: str, arguments: Sequence[Value], grid: Grid) -> Vector:
    if not arguments and name in dates.PARTS:
        arguments = [{(): list(grid.times)}]
    vector, *scalars = arguments
    if not isinstance(vector, dict) or not all(isinstance(scalar, list) for scalar in scalars):
        raise NotExecutable(f"{name}() is a function of a vector.")
    result: Vector = {}
    function = OF_ONE_VALUE.get(name) or WITH_SCALARS[name]
    for labels, samples in vector.items():
        rows = zip(samples, *scalars, strict=True)
        found: Samples = [None if row[0] is None else function(*row) for row in rows]
        put(result, nameless(labels), found)
    return result


def as_scalar(vector: Vector, grid: Grid) -> Scalar:
    """Return the value of the only series at each step, NaN where there is none or several."""
    if not vector:
        return [math.nan] * len(grid)
    return [
        there[0] if len(there := [v for v in values if v is not None]) == 1 else math.nan
        for values in zip(*vector.values(), strict=True)
    ]


def _vector_of(scalar: Scalar) -> Vector:
    return {(): list(scalar)}


def _sorted(vector: Vector, grid: Grid, *, descending: bool) -> Vector:
    return selection.in_order(vector, descending=descending) if grid.is_instant else vector


# What each is called with; further arguments are texts. The planner checks their number.
_OTHERS: dict[str, tuple[tuple[type, ...], Callable[[Sequence[Any], Grid], Vector | Scalar]]] = {
    "time": ((), lambda _, grid: list(grid.times)),
    "pi": ((), lambda _, grid: [math.pi] * len(grid)),
    "scalar": ((dict,), lambda given, grid: as_scalar(given[0], grid)),
    "vector": ((list,), lambda given, _: _vector_of(given[0])),
    "sort": ((dict,), lambda given, grid: _sorted(given[0], grid, descending=False)),
    "sort_desc": ((dict,), lambda given, grid: _sorted(given[0], grid, descending=True)),
    "histogram_quantile": (
        (list, dict),
        lambda given, _: histograms.quantiles(given[0], given[1]),
    ),
    "label_replace": (
        (dict, str, str, str, str),
        lambda given, _: relabelling.label_replace(given[0], given[1:]),
    ),
    "label_join": (
        (dict, str, str),
        lambda given, _: relabelling.label_join(given[0], given[1:]),
    ),
}
