"""Sorts changes of alerts by routes into notifications, many at a time.

Each batch is one transaction: what it took is in the notifications, or is still there. A storm
becomes counts in a few rows, whatever its size.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.clusters.models import Cluster
from apps.observability.actions.alerts import gathering
from apps.observability.actions.alerts.gathering import Group, Heap
from apps.observability.models.alert_story import AlertChange, Change
from apps.observability.models.notification import Route

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Changed:
    """A change, with what routes look at."""

    id: int
    change: str
    alert_id: UUID
    cluster_id: UUID
    severity: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """What a batch is sorted by."""

    routes: Sequence[Route]
    names: Mapping[UUID, str]
    cluster_labels: Mapping[UUID, Mapping[str, str]]


def wanted() -> bool:
    """Whether anybody is to be told of anything."""
    return _routes().exists()


def _routes() -> QuerySet[Route]:
    return Route.objects.filter(enabled=True, receiver__enabled=True)


@transaction.atomic
def route() -> int:
    """Take the oldest changes and put them into what is to be told; return how many it took."""
    _hold_back()
    found = _take()
    if found:
        known = _known_for(found)
        routes = {one.pk: one for one in known.routes}
        gathering.add(_sort(found, known), routes, timezone.now())
        AlertChange.objects.filter(pk__in=[one.id for one in found]).delete()
    return len(found)


HOLD_BACK = """
    WITH untold AS (
        SELECT id, alert_id FROM observability_alertchange
        WHERE change = 'FIRED' AND NOT held ORDER BY id LIMIT %s
    )
    UPDATE observability_alertchange AS change SET held = TRUE
    FROM untold JOIN observability_alert AS alert ON alert.id = untold.alert_id
    WHERE change.id = untold.id AND alert.state = 'FIRING' AND (
        alert.silenced_by <> '{}' OR alert.inhibited_by <> '{}' OR alert.acknowledged_at IS NOT NULL
    )
"""
# What outlasted its silence is told now; what did not is dropped, and with it that it is over.
LET_GO = """
    UPDATE observability_alertchange AS change SET held = FALSE
    FROM observability_alert AS alert
    WHERE change.held AND alert.id = change.alert_id AND alert.state = 'FIRING'
        AND alert.silenced_by = '{}' AND alert.inhibited_by = '{}'
        AND alert.acknowledged_at IS NULL
"""
DROP = """
    WITH gone AS (
        DELETE FROM observability_alertchange AS change
        WHERE change.held AND NOT EXISTS (
            SELECT FROM observability_alert AS alert
            WHERE alert.id = change.alert_id AND alert.state = 'FIRING'
        )
        RETURNING alert_id
    )
    DELETE FROM observability_alertchange AS change USING gone
    WHERE change.alert_id = gone.alert_id AND change.change = 'RESOLVED'
"""


def _hold_back() -> None:
    """Hold what nobody is to be told of while it is silenced, inhibited or taken by somebody."""
    with connection.cursor() as cursor:
        cursor.execute(LET_GO)
        cursor.execute(HOLD_BACK, [BATCH])
        cursor.execute(DROP)


def _take() -> list[Changed]:
    changes = AlertChange.objects.filter(held=False).order_by("id")
    # Without the rows of the alerts, for which those who store them may be waiting.
    ids = list(changes.select_for_update(skip_locked=True).values_list("id", flat=True)[:BATCH])
    rows = AlertChange.objects.filter(pk__in=ids).order_by("id")
    found = rows.values_list(
        "id", "change", "alert_id", "alert__cluster_id", "alert__severity", "alert__labels"
    )
    return [Changed(*row) for row in found]


def _known_for(changes: Iterable[Changed]) -> Known:
    ids = {one.cluster_id for one in changes}
    rows = list(Cluster.objects.filter(pk__in=ids).values_list("pk", "name", "labels"))
    return Known(
        list(_routes().order_by("position", "name")),
        {pk: name for pk, name, _ in rows},
        {pk: labels for pk, _, labels in rows},
    )


def _sort(changes: Iterable[Changed], known: Known) -> dict[Group, Heap]:
    heaps: dict[Group, Heap] = {}
    for one in changes:
        # Of a cluster that is gone there is nothing to tell.
        if one.cluster_id not in known.names:
            continue
        for route in takers_of(one, known):
            labels = group_of(one, route, known.names[one.cluster_id])
            heap = heaps.setdefault(Group(route.pk, tuple(labels.items())), Heap())
            heap.add(one.alert_id, fired=one.change == Change.FIRED)
    return heaps


def takers_of(one: Changed, known: Known) -> list[Route]:
    found: list[Route] = []
    for route in known.routes:
        if not _takes(route, one, known.cluster_labels[one.cluster_id]):
            continue
        if one.change == Change.FIRED or route.tells_resolved:
            found.append(route)
        if not route.continues:
            break
    return found


def _takes(route: Route, one: Changed, cluster_labels: Mapping[str, str]) -> bool:
    return (
        (not route.severities or one.severity in route.severities)
        and all(cluster_labels.get(name) == value for name, value in route.cluster_labels.items())
        and all(
            fits(pattern, one.labels.get(name, "")) for name, pattern in route.alert_labels.items()
        )
    )


def fits(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern`, in which * stands for any text; in linear time."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return text.endswith(last)


def group_of(one: Changed, route: Route, cluster_name: str) -> dict[str, str]:
    return {
        name: cluster_name if name == "cluster" else str(one.labels.get(name, ""))[:200]
        for name in route.group_by
    }
