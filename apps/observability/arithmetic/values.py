"""What is reckoned with: vectors and scalars on one grid of steps, and the labels of a series."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from apps.observability.errors import NotExecutable
from apps.observability.promql import naming

Labels = tuple[tuple[str, str], ...]
# None is no sample at that step; NaN is a sample.
Samples = list[float | None]
# Sorted by label names within a key; the order of the keys is that of an instant answer.
Vector = dict[Labels, Samples]
Scalar = list[float]
Value = Vector | Scalar | str

NAME = "__name__"
SAME_LABELS = "vector cannot contain metrics with the same labelset"


@dataclass(frozen=True)
class Grid:
    """The steps of a query, in seconds. A step of 0 is an instant query: one point, `start`."""

    start: float
    end: float
    step: float = 0.0

    @classmethod
    def at(cls, time: float) -> "Grid":
        return cls(time, time)

    @property
    def is_instant(self) -> bool:
        return self.step == 0

    @cached_property
    def milliseconds(self) -> list[int]:
        """Each step as Prometheus counts time: in whole milliseconds."""
        start = round(self.start * 1000)
        if self.is_instant:
            return [start]
        return list(range(start, round(self.end * 1000) + 1, max(round(self.step * 1000), 1)))

    @cached_property
    def times(self) -> list[float]:
        return [moment / 1000 for moment in self.milliseconds]

    def __len__(self) -> int:
        return len(self.milliseconds)


def labels_of(metric: dict[str, str]) -> Labels:
    """An empty value is no label at all, as in Prometheus."""
    return tuple(sorted((name, value) for name, value in metric.items() if value))


def without(labels: Labels, names: Collection[str]) -> Labels:
    return tuple(pair for pair in labels if pair[0] not in names)


def nameless(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[0] != NAME)


def only(labels: Labels, names: Collection[str]) -> Labels:
    return tuple(pair for pair in labels if pair[0] in names)


def with_label(labels: Labels, name: str, value: str) -> Labels:
    """Set one label; an empty value removes it."""
    rest = without(labels, (name,))
    return tuple(sorted((*rest, (name, value)))) if value else rest


def of_cluster(labels: Labels, cluster: str) -> Labels:
    """Return the labels as the fleet has them; no name, no label of the cluster."""
    return tuple(sorted(naming.under(cluster, dict(labels)).items()))


def put(vector: Vector, labels: Labels, samples: Samples, refusal: str = SAME_LABELS) -> None:
    """Add a series; two of the same labels become one where they never meet at a step."""
    there = vector.setdefault(labels, samples)
    if there is samples:
        return
    if any(a is not None and b is not None for a, b in zip(there, samples, strict=True)):
        raise NotExecutable(refusal)
    vector[labels] = [b if a is None else a for a, b in zip(there, samples, strict=True)]


def values_of(samples: Sequence[float | None]) -> Sequence[float]:
    """Return those that are there, as they are where none is missing."""
    if None not in samples:
        return cast(Sequence[float], samples)
    return [value for value in samples if value is not None]


def anywhere(rows: Iterable[Samples], length: int) -> list[bool]:
    """Return for each step whether any of the series has a sample."""
    found = [False] * length
    for samples in rows:
        found = [was or value is not None for was, value in zip(found, samples, strict=True)]
    return found


def sorted_by_labels(vector: Vector) -> Vector:
    return dict(sorted(vector.items(), key=lambda series: series[0]))
