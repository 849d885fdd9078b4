"""Looks back at what is over, of which there may be a million rows, no further than it must.

How many rows a label or a word leaves is not known before they are read, and PostgreSQL guesses
badly: it would go through all of them for a few that are old, or fetch half of them for the newest
page. So the newest are gone through first; where these hold too few of what is looked for, that is
rare or long ago, and an index finds all of it, if there is not much; else older ones are gone
through, each time three times as many.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, cast
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Value

from apps.observability.models import Alert
from apps.observability.models.alert import AlertQuerySet
from apps.observability.queries.alerts import narrowing
from apps.observability.queries.alerts.around import rows_of
from apps.observability.queries.alerts.narrowing import Wish

# No more than this is told in one answer: nobody turns so many pages.
MOST = 1_000
# So many of what is over, the newest, are gone through in turn.
WINDOWS = (20_000, 60_000, 180_000)
# Where the first of these has fewer, what an index finds is fetched, if it is no more than this.
FEW_IN_WINDOW, FEW = 60, 5_000
# An index finds more than that where it finds so many in the first alone, of which few are wanted.
MANY_IN_WINDOW = 500
# All that the index finds are fetched as they lie; only then is it said which are wanted. One
# statement with a limit would be planned for the first of them, and go through the whole table.
_FETCHED = """
WITH found AS MATERIALIZED ({}),
    few AS MATERIALIZED (SELECT * FROM found LIMIT %s),
    newest AS MATERIALIZED (SELECT * FROM few WHERE fits ORDER BY ends_at DESC, id LIMIT %s)
SELECT (SELECT count(*) FROM few), ARRAY(SELECT id FROM newest), ARRAY(SELECT ends_at FROM newest),
    ARRAY(SELECT severity FROM newest)
"""


@dataclass(frozen=True, slots=True)
class Past:
    """The newest of what was looked for, newest first; none was over before `back_to`."""

    ids: list[UUID]
    severities: Counter[str]
    back_to: datetime | None

    @classmethod
    def of(cls, rows: "Rows", back_to: datetime | None) -> Self:
        return cls([row[0] for row in rows], Counter(row[2] for row in rows), back_to)


# Its id, when it was over, and its severity.
Rows = list[tuple[UUID, datetime, str]]


def look(seen: AlertQuerySet, is_narrow: bool, wish: Wish, most: int) -> Past:
    """Find the `most` newest among those `seen`, which `is_narrow` says are not nearly all."""
    indexed, rest = narrowing.indexed(wish), narrowing.besides(wish)
    over = narrowing.over(seen, wish).filter(*indexed)
    wanted = over.filter(*rest).order_by("-ends_at", "pk").values_list("pk", "ends_at", "severity")
    found: Rows = []
    began = None
    can_fetch = is_narrow or bool(indexed)
    for size in WINDOWS if can_fetch else WINDOWS[:1]:
        ends = _where(size, wish)
        window = wanted.filter(ends_at__gte=ends) if ends else wanted
        window = window.filter(ends_at__lt=began) if began else window
        found += cast(Rows, window[: most + 1 - len(found)])
        if len(found) > most or ends is None:
            return _trimmed(found, most, None)
        if can_fetch and began is None and len(found) < FEW_IN_WINDOW:
            fetched = None if rest and _are_many(over, ends) else _fetched(over, rest, most)
            if fetched is not None:
                return _trimmed(fetched, most, None)
        began = ends
    return Past.of(found, began)


def _where(size: int, wish: Wish) -> datetime | None:
    """Return when the last of so many was over; None where there are no more than that."""
    over = narrowing.over(Alert.objects.all(), wish).order_by("-ends_at")
    found = over.values_list("ends_at", flat=True)[size - 1 : size + 1]
    return found[0] if len(found) > 1 else None


def _are_many(over: QuerySet[Alert], since: datetime) -> bool:
    among = over.order_by("-ends_at").filter(ends_at__gte=since).values_list("ends_at", flat=True)
    return bool(among[MANY_IN_WINDOW - 1 : MANY_IN_WINDOW])


def _fetched(over: QuerySet[Alert], rest: list[Q], most: int) -> Rows | None:
    """Fetch by what an index answers; None where that is too much."""
    # Without a condition no column is read, so that an index may be enough.
    fits: Any = ExpressionWrapper(Q(*rest), BooleanField()) if rest else Value(value=True)
    found = over.order_by().values("id", "ends_at", "severity").annotate(fits=fits)
    for total, *newest in rows_of(_FETCHED, found, parameters=[FEW + 1, most + 1]):
        return list(zip(*newest, strict=True)) if total <= FEW else None
    return []


def _trimmed(found: Rows, most: int, back_to: datetime | None) -> Past:
    """Leave `most` of them, and none of which another was over at the same time but is left out."""
    if len(found) <= most:
        return Past.of(found, back_to)
    first_left_out = found[most][1]
    kept = [one for one in found[:most] if one[1] > first_left_out] or found[:most]
    return Past.of(kept, kept[-1][1])
