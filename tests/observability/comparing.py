"""Whether two answers of Prometheus' API are the same, value for value."""

import json
import math
from dataclasses import dataclass
from typing import Any

from apps.observability.arithmetic.values import Labels, labels_of

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Tolerance:
    relative: float = 1e-9
    absolute: float = 1e-12


EXACT = Tolerance()


def difference(
    kind: str, ours: Any, theirs: Any, *, ordered: bool = False, tolerance: Tolerance = EXACT
) -> str | None:
    """Return the first difference between two results, or None."""
    if kind == "string":
        return None if ours == theirs else f"{ours} is not {theirs}"
    if kind == "scalar":
        return _points("scalar", _read([ours]), _read([theirs]), tolerance)
    if ordered and [row["metric"] for row in ours] != [row["metric"] for row in theirs]:
        return "the same series, or others, in another order"
    found, expected = _series(ours), _series(theirs)
    if found.keys() != expected.keys():
        extra, missing = found.keys() - expected.keys(), expected.keys() - found.keys()
        return f"too many: {sorted(extra)[:3]}; missing: {sorted(missing)[:3]}"
    for labels, points in found.items():
        if said := _points(labels, points, expected[labels], tolerance):
            return said
    return None


def _series(rows: list[dict[str, Any]]) -> dict[Labels, Points]:
    found = {}
    for row in rows:
        labels = labels_of(row["metric"])
        assert labels not in found, f"{labels} twice"
        found[labels] = _read(row["values"] if "values" in row else [row["value"]])
    return found


def _read(values: list[tuple[float, str]]) -> Points:
    return [(float(time), float(value)) for time, value in values]


def _points(of: object, ours: Points, theirs: Points, tolerance: Tolerance) -> str | None:
    if [time for time, _ in ours] != [time for time, _ in theirs]:
        return f"{of}: samples at {len(ours)} steps, not at {len(theirs)}, or at others"
    for (time, mine), (_, yours) in zip(ours, theirs, strict=True):
        if not same(mine, yours, tolerance):
            return f"{of}: {mine!r} at {time}, not {yours!r}"
    return None


def same(mine: float, yours: float, tolerance: Tolerance = EXACT) -> bool:
    if math.isnan(mine) or math.isnan(yours):
        return math.isnan(mine) and math.isnan(yours)
    return math.isclose(mine, yours, rel_tol=tolerance.relative, abs_tol=tolerance.absolute)


def decoded(result: bytes) -> Any:
    return json.loads(result)
