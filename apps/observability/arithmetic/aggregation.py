"""The aggregations of PromQL over a vector that is already one of the whole fleet."""

import math
from collections.abc import Callable, Sequence

from apps.observability.arithmetic import floats
from apps.observability.arithmetic.grouping import grouped
from apps.observability.arithmetic.selection import first_of_each
from apps.observability.arithmetic.values import (
    Grid,
    Samples,
    Scalar,
    Value,
    Vector,
    put,
    sorted_by_labels,
    values_of,
    with_label,
)
from apps.observability.errors import NotExecutable
from apps.observability.promql.plan import Grouping

Column = Sequence[float]


def aggregate(
    operator: str, vector: Vector, grouping: Grouping, parameter: Value | None, grid: Grid
) -> Vector:
    if operator in {"topk", "bottomk"} and isinstance(parameter, list):
        return first_of_each(
            vector, parameter, grouping, largest=operator == "topk", instant=grid.is_instant
        )
    if operator == "count_values" and isinstance(parameter, str):
        return _count_values(vector, grouping, parameter, len(grid))
    if operator == "quantile" and isinstance(parameter, list):
        return _quantiles(vector, grouping, parameter)
    if operator in _AGGREGATIONS and parameter is None:
        return _each_group(vector, grouping, _AGGREGATIONS[operator])
    raise NotExecutable(f"{operator} cannot be worked out over the whole fleet.")


def quantile(q: float, values: Column) -> float:
    """Interpolate between the two nearest ranks; NaN counts as the least of all values."""
    if not values or math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    ordered = sorted(values, key=lambda value: (not math.isnan(value), value))
    rank = q * (len(ordered) - 1)
    below = math.floor(rank)
    weight = rank - below
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] * (1 - weight) + ordered[above] * weight


def _each_group(vector: Vector, grouping: Grouping, function: Callable[[Column], float]) -> Vector:
    result: Vector = {}
    for key, members in grouped(vector, grouping).items():
        result[key] = [
            function(column) if (column := values_of(values)) else None
            for values in zip(*(vector[labels] for labels in members), strict=True)
        ]
    return sorted_by_labels(result)


def _quantiles(vector: Vector, grouping: Grouping, q: Scalar) -> Vector:
    result: Vector = {}
    for key, members in grouped(vector, grouping).items():
        rows = zip(*(vector[labels] for labels in members), strict=True)
        result[key] = [
            quantile(wanted, column) if (column := values_of(values)) else None
            for wanted, values in zip(q, rows, strict=True)
        ]
    return sorted_by_labels(result)


def _count_values(vector: Vector, grouping: Grouping, label: str, length: int) -> Vector:
    if not label:
        raise NotExecutable(f"invalid label name {label!r}")
    counted: Vector = {}
    for key, members in grouped(vector, grouping).items():
        of_group: Vector = {}
        for labels in members:
            for step, value in enumerate(vector[labels]):
                if value is None:
                    continue
                name = with_label(key, label, floats.plain(value))
                counts = of_group.setdefault(name, [None] * length)
                counts[step] = (counts[step] or 0.0) + 1
        for name, samples in of_group.items():
            put_counts(counted, name, samples)
    return sorted_by_labels(counted)


def put_counts(counted: Vector, labels: tuple[tuple[str, str], ...], samples: Samples) -> None:
    """Groups that differ in just the label that is set become one, and their counts add up."""
    there = counted.get(labels)
    if there is None:
        put(counted, labels, samples)
        return
    counted[labels] = [
        None if a is None and b is None else (a or 0.0) + (b or 0.0)
        for a, b in zip(there, samples, strict=True)
    ]


def _average(values: Column) -> float:
    whole = floats.total(values)
    if math.isinf(whole) and all(map(math.isfinite, values)):
        # The sum is beyond the largest float; the mean is not.
        return math.fsum(value / len(values) for value in values)
    return whole / len(values)


def _variance(values: Column) -> float:
    if not all(map(math.isfinite, values)):
        return math.nan
    mean, squares = 0.0, 0.0
    for count, value in enumerate(values, 1):
        delta = value - mean
        mean += delta / count
        squares += delta * (value - mean)
    return squares / len(values)


_AGGREGATIONS: dict[str, Callable[[Column], float]] = {
    "sum": floats.total,
    "avg": _average,
    "min": floats.smallest,
    "max": floats.largest,
    "count": lambda values: float(len(values)),
    "group": lambda _: 1.0,
    "stddev": lambda values: math.sqrt(_variance(values)),
    "stdvar": _variance,
}
