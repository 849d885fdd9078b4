"""What a value means against its thresholds, and whether it is news."""

from apps.observability.models import Indicator
from apps.observability.models.indicator import Direction
from apps.observability.models.reading import State


def judge(indicator: Indicator, value: float) -> State:
    if _reaches(indicator, value, indicator.critical):
        return State.CRITICAL
    if _reaches(indicator, value, indicator.warning):
        return State.WARNING
    return State.OK


def _reaches(indicator: Indicator, value: float, threshold: float | None) -> bool:
    if threshold is None:
        return False
    return value <= threshold if indicator.direction == Direction.BELOW else value >= threshold


def is_significant(indicator: Indicator, told: float, value: float) -> bool:
    """Whether `value` is far enough from the one that was told last.

    Measured by the warning threshold where that is larger: from one sleeping pod to two is a
    change by half, and no news where twenty are allowed.
    """
    if indicator.significance is None or value == told:
        return False
    measure = max(abs(told), abs(indicator.warning or 0.0))
    return abs(value - told) >= indicator.significance * measure


def change_percent(before: float, value: float) -> float | None:
    """Return the change in percent, which from nothing there is none of."""
    return round(100 * (value - before) / abs(before), 2) if before else None
