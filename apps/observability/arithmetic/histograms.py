"""histogram_quantile over classic buckets that were added up across clusters."""

import math
import re
import sys
from bisect import bisect_left

from apps.observability.arithmetic.values import NAME, Labels, Samples, Scalar, Vector, without

BUCKET = "le"
# Sums of floats differ in their last digits; a step that small between buckets is none.
TOLERANCE = 1e-12

Buckets = list[tuple[float, float]]
_BOUND = re.compile(
    r"[+-]?(\d+\.?\d*(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?|inf(inity)?)", re.IGNORECASE | re.ASCII
)


def quantiles(wanted: Scalar, vector: Vector) -> Vector:
    """Return one series for each set of labels besides `le`; what has no bound is left out."""
    found: dict[Labels, list[tuple[float, Samples]]] = {}
    for labels, samples in vector.items():
        bound = dict(labels).get(BUCKET, "")
        if _BOUND.fullmatch(bound):
            key = without(labels, (NAME, BUCKET))
            found.setdefault(key, []).append((float(bound), samples))
    result: Vector = {}
    for key, rows in found.items():
        result[key] = [
            bucket_quantile(
                q, [(bound, count) for bound, row in rows if (count := row[step]) is not None]
            )
            for step, q in enumerate(wanted)
        ]
    return result


def bucket_quantile(q: float, buckets: Buckets) -> float | None:
    """Interpolate linearly within the bucket in which the quantile falls."""
    if not buckets:
        return None
    if math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    bounds, counts = _coalesced(sorted(buckets, key=lambda bucket: bucket[0]))
    _repair(counts)
    if bounds[-1] != math.inf or len(bounds) < 2 or not counts[-1]:
        return math.nan
    return _interpolated(q * counts[-1], bounds, counts)


def _interpolated(rank: float, bounds: list[float], counts: list[float]) -> float:
    at = bisect_left(range(len(bounds) - 1), True, key=lambda i: counts[i] >= rank)
    if at == len(bounds) - 1:
        # Nothing is known of how far the last bucket reaches.
        return bounds[-2]
    if at == 0 and bounds[0] <= 0:
        return bounds[0]
    begin, below = (bounds[at - 1], counts[at - 1]) if at else (0.0, 0.0)
    count = counts[at] - below
    share = (rank - below) / count if count else math.nan
    return begin + (bounds[at] - begin) * share


def _coalesced(buckets: Buckets) -> tuple[list[float], list[float]]:
    """Add up buckets of one bound that is written in two ways."""
    bounds: list[float] = []
    counts: list[float] = []
    for bound, count in buckets:
        if bounds and bounds[-1] == bound:
            counts[-1] += count
        else:
            bounds.append(bound)
            counts.append(count)
    return bounds, counts


def _repair(counts: list[float]) -> None:
    """Make the counts grow from bucket to bucket, as in a histogram they must."""
    before = counts[0]
    for at, count in enumerate(counts):
        if count < before or _almost_equal(before, count):
            counts[at] = before
        else:
            before = count


def _almost_equal(a: float, b: float) -> bool:
    if a == b:
        return True
    size, difference = abs(a) + abs(b), abs(a - b)
    if not a or not b or size < sys.float_info.min:
        return difference < TOLERANCE * sys.float_info.min
    return difference / min(size, sys.float_info.max) < TOLERANCE
