"""Reads the part that one cluster sent of a leaf onto the grid, or says what is wrong with it.

A cluster may be broken or hostile: what is not the well-formed answer to this very query is its
failure alone.
"""

import re
from collections.abc import Sequence

import msgspec

from apps.observability.arithmetic.values import Grid, Samples, Vector, labels_of

MOST_SERIES = 200_000
# Series times steps: a short answer of sparse series must not become gigabytes of empty steps.
MOST_CELLS = 10_000_000

# What Go prints of a float; Python's float() would read underscores and blanks as well.
_FLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|Inf)|NaN", re.ASCII | re.IGNORECASE)


class Malformed(Exception):
    """The answer of a cluster cannot be reckoned with; the text says why, for people."""


class _Sampled(msgspec.Struct):
    metric: dict[str, str] = {}
    value: tuple[float, float] | None = None
    values: list[tuple[float, float]] = []
    histogram: msgspec.Raw | None = None
    histograms: msgspec.Raw | None = None


class _Printed(msgspec.Struct):
    metric: dict[str, str] = {}
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] = []
    histogram: msgspec.Raw | None = None
    histograms: msgspec.Raw | None = None


_sampled = msgspec.json.Decoder(list[_Sampled], strict=False)
_printed = msgspec.json.Decoder(list[_Printed])


def read(result_type: str, result: bytes, grid: Grid) -> Vector:
    """Return the `result` of an answer as a vector on `grid`, or raise Malformed."""
    expected = "vector" if grid.is_instant else "matrix"
    if result_type != expected:
        raise Malformed(f"it answers with a {result_type[:20] or 'nothing'}, not a {expected}")
    series = _decode(result)
    if len(series) > MOST_SERIES:
        raise Malformed(f"it answers with {len(series)} series; {MOST_SERIES} are allowed")
    if len(series) * len(grid) > MOST_CELLS:
        raise Malformed(
            f"{len(series)} series over {len(grid)} steps are more than can be worked with; "
            "narrow the query, or take a coarser step"
        )
    vector: Vector = {}
    for one in series:
        if one.histogram is not None or one.histograms is not None:
            raise Malformed(
                "it answers with native histograms, which cannot be combined across clusters; "
                "keep them apart with by (cluster)"
            )
        labels = labels_of(one.metric)
        if labels in vector:
            raise Malformed("it answers with two series of the same labels")
        vector[labels] = _aligned(one, grid)
    return vector


def _decode(result: bytes) -> Sequence[_Sampled | _Printed]:
    try:
        # The quick way reads the quoted floats itself. It knows no "+Inf".
        return _sampled.decode(result)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return _printed.decode(result)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"its samples are not Prometheus' JSON ({str(error)[:100]})") from None


def _aligned(one: _Sampled | _Printed, grid: Grid) -> Samples:
    points = ([] if one.value is None else [one.value]) if grid.is_instant else one.values
    values = [value if isinstance(value, float) else _float(value) for _, value in points]
    if len(points) == len(grid) and [time for time, _ in points] == grid.times:
        return list(values)
    samples: Samples = [None] * len(grid)
    last = -1
    step = 1 if grid.is_instant else max(round(grid.step * 1000), 1)
    for (time, _), value in zip(points, values, strict=True):
        index = _index(time, grid, step)
        if index <= last:
            raise Malformed("its samples are not in the order of time")
        samples[index] = value
        last = index
    return samples


def _index(time: float, grid: Grid, step: int) -> int:
    # First of all within the grid: of 1e308 or NaN there are no milliseconds.
    if grid.times[0] <= time <= grid.times[-1]:
        index, rest = divmod(round(time * 1000) - grid.milliseconds[0], step)
        if not rest:
            return index
    raise Malformed(f"its sample at {time:.17g} is at none of the steps that were asked for")


def _float(text: str) -> float:
    if _FLOAT.fullmatch(text) is None:
        raise Malformed(f"{text[:40]!r} is not a value")
    return float(text)
