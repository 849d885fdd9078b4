"""Makes one vector of the clusters' parts of a leaf."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from apps.observability.arithmetic import floats
from apps.observability.arithmetic.selection import first_of_each
from apps.observability.arithmetic.values import (
    Grid,
    Labels,
    Samples,
    Vector,
    of_cluster,
    sorted_by_labels,
    values_of,
)
from apps.observability.promql.plan import Leaf, Merge

Combine = Callable[[Sequence[float]], float]


def _one(_: Sequence[float]) -> float:
    return 1.0


_COMBINED: dict[Merge, Combine] = {
    Merge.SUM: floats.total,
    Merge.MIN: floats.smallest,
    Merge.MAX: floats.largest,
    Merge.GROUP: _one,
}


def merge(leaf: Leaf, parts: Mapping[str, Vector], grid: Grid) -> Vector:
    """Return the fleet's vector; `parts` are the clusters' by the name of the cluster.

    A cluster that was not asked, or failed, has no part.
    """
    combine = _COMBINED.get(leaf.merge)
    if combine is not None:
        return _added(parts.values(), combine)
    union = sorted_by_labels(
        {
            of_cluster(labels, cluster): samples
            for cluster, part in parts.items()
            for labels, samples in part.items()
        }
    )
    if leaf.merge == Merge.UNION:
        return union
    limits = [float(leaf.limit)] * len(grid)
    return first_of_each(
        union, limits, leaf.grouping, largest=leaf.merge == Merge.TOPK, instant=grid.is_instant
    )


def _added(parts: Iterable[Vector], combine: Combine) -> Vector:
    found: dict[Labels, list[Samples]] = {}
    for part in parts:
        for labels, samples in part.items():
            # What drops the cluster may keep a label that is called `cluster` there.
            found.setdefault(of_cluster(labels, ""), []).append(samples)
    vector: Vector = {}
    for labels, rows in sorted(found.items(), key=lambda item: item[0]):
        vector[labels] = [_step(values, combine) for values in zip(*rows, strict=True)]
    return vector


def _step(values: tuple[float | None, ...], combine: Combine) -> float | None:
    there = values_of(values)
    return combine(there) if there else None
