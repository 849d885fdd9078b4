"""topk and bottomk, and the order of sort and sort_desc."""

import heapq
import math

from apps.observability.arithmetic.grouping import grouped
from apps.observability.arithmetic.values import Labels, Scalar, Vector, sorted_by_labels
from apps.observability.errors import NotExecutable
from apps.observability.promql.plan import Grouping

LARGEST_INT = float(2**63)


def first_of_each(
    vector: Vector, limits: Scalar, grouping: Grouping, *, largest: bool, instant: bool
) -> Vector:
    """Return at each step the first `limits` of each group; series that are never first go.

    An instant answer is in their order, group by group; else in that of the labels.
    """
    for limit in limits:
        if not -LARGEST_INT <= limit < LARGEST_INT:
            raise NotExecutable(f"Scalar value {limit} overflows int64")
    chosen: Vector = {}
    for members in grouped(vector, grouping).values():
        for step, limit in enumerate(limits):
            for labels in _first(vector, members, step, int(limit), largest):
                samples = chosen.setdefault(labels, [None] * len(limits))
                samples[step] = vector[labels][step]
    return chosen if instant else sorted_by_labels(chosen)


def _first(
    vector: Vector, members: list[Labels], step: int, limit: int, largest: bool
) -> list[Labels]:
    there = [(value, m) for m in members if (value := vector[m][step]) is not None]
    if limit < 1:
        return []

    def rank(one: tuple[float, Labels]) -> tuple[bool, float]:
        value = one[0]
        # NaN comes after all others, whichever end is sought.
        return (True, 0.0) if math.isnan(value) else (False, -value if largest else value)

    return [labels for _, labels in heapq.nsmallest(limit, there, key=rank)]


def in_order(vector: Vector, *, descending: bool) -> Vector:
    """Sort an instant vector by value, NaN last both ways. A range keeps its order."""

    def rank(labels: Labels) -> tuple[bool, float]:
        value = vector[labels][0]
        if value is None or math.isnan(value):
            return (True, 0.0)
        return (False, -value if descending else value)

    return {labels: vector[labels] for labels in sorted(vector, key=rank)}
