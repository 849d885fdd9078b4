"""The parts of a date in UTC, for any year: a value of a series need not be a year of ours."""

import math
from collections.abc import Callable
from datetime import date

from apps.observability.errors import NotExecutable

DAY = 86_400
# Within 400 years the calendar repeats, so each date has its like in the years that Python has.
CYCLE_DAYS, CYCLE_YEARS = 146_097, 400
FARTHEST = 1e15


def _day(seconds: float) -> tuple[date, int]:
    """Return a date of the first cycle and the number of cycles between."""
    cycles, days = divmod(_whole(seconds) // DAY, CYCLE_DAYS)
    return date.fromordinal(date(1970, 1, 1).toordinal() + days), cycles


def _whole(seconds: float) -> int:
    if math.isnan(seconds) or abs(seconds) > FARTHEST:
        raise NotExecutable(f"{seconds} is no time, so it has no date.")
    return math.trunc(seconds)


def _days_in_month(seconds: float) -> float:
    day = _day(seconds)[0]
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return float((following - day.replace(day=1)).days)


def _year(seconds: float) -> float:
    day, cycles = _day(seconds)
    return float(day.year + cycles * CYCLE_YEARS)


PARTS: dict[str, Callable[[float], float]] = {
    "minute": lambda seconds: float(_whole(seconds) // 60 % 60),
    "hour": lambda seconds: float(_whole(seconds) // 3600 % 24),
    "day_of_week": lambda seconds: float(_day(seconds)[0].isoweekday() % 7),
    "day_of_month": lambda seconds: float(_day(seconds)[0].day),
    "day_of_year": lambda seconds: float(_day(seconds)[0].timetuple().tm_yday),
    "days_in_month": _days_in_month,
    "month": lambda seconds: float(_day(seconds)[0].month),
    "year": _year,
}
