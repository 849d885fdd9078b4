"""Which series belong together, by `by` and `without`."""

from apps.observability.arithmetic.values import NAME, Labels, Vector, only, without
from apps.observability.promql.plan import Grouping


def grouped(vector: Vector, grouping: Grouping) -> dict[Labels, list[Labels]]:
    """Return the members of each group, in the order in which they are met."""
    names = set(grouping.labels)
    groups: dict[Labels, list[Labels]] = {}
    for labels in vector:
        key = only(labels, names) if grouping.by else without(labels, names | {NAME})
        groups.setdefault(key, []).append(labels)
    return groups
