"""Notifications while they fill up: one a group, closed when its time has come, then delivered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.clusters.models import Cluster
from apps.observability.models.alert import Alert
from apps.observability.models.delivery import GATHERING, Notification
from apps.observability.models.notification import Route
from apps.observability.telling import content
from apps.observability.telling.content import MOST_ALERTS

# So many groups of a route gather at once. What else comes is told together: whoever groups by
# what is different in every alert would get fifty thousand messages in a storm.
MOST_GROUPS = 50
CLOSED_AT_ONCE = 100
REST = "rest"


@dataclass(frozen=True, slots=True)
class Group:
    route_id: UUID
    labels: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        return sha256(orjson.dumps(self.labels)).hexdigest()


@dataclass(slots=True)
class Heap:
    """What happened in a group: how often, and to which alerts first."""

    fired: int = 0
    resolved: int = 0
    alert_ids: dict[UUID, None] = field(default_factory=dict)

    def add(self, alert_id: UUID, *, fired: bool) -> None:
        self.fired += fired
        self.resolved += not fired
        if len(self.alert_ids) <= MOST_ALERTS:
            self.alert_ids[alert_id] = None

    def pour(self, other: "Heap") -> None:
        self.fired += other.fired
        self.resolved += other.resolved
        for one in other.alert_ids:
            if len(self.alert_ids) <= MOST_ALERTS:
                self.alert_ids[one] = None


class Board:
    """What gathers already for some routes, locked until the transaction ends."""

    def __init__(self, routes: Mapping[UUID, Route], now: datetime) -> None:
        self._routes, self._now = routes, now
        self._new: list[Notification] = []
        self._recent: dict[UUID, set[str]] = {pk: set() for pk in routes}
        self._there = {(one.route_id, one.group_key): one for one in _gathering(routes)}
        self._closed = self._closed_of_late()
        for route_id, key in [*self._there, *self._closed]:
            if route_id is not None:
                self._recent[route_id].add(key)

    def _closed_of_late(self) -> dict[tuple[UUID | None, str], datetime]:
        longest = max((one.interval_seconds for one in self._routes.values()), default=0)
        closed = Notification.objects.filter(
            route__in=self._routes, closed_at__gt=self._now - timedelta(seconds=longest)
        )
        last = closed.order_by().values_list("route_id", "group_key").annotate(Max("closed_at"))
        return {
            (pk, key): at
            for pk, key, at in last
            if at > self._now - timedelta(seconds=self._routes[pk].interval_seconds)
        }

    def put(self, group: Group, heap: Heap) -> None:
        recent = self._recent[group.route_id]
        key, labels = group.key, dict(group.labels)
        if key not in recent and len(recent) >= MOST_GROUPS:
            key, labels = REST, {}
        recent.add(key)
        there = self._there.get((group.route_id, key))
        if there is None:
            there = self._begin(self._routes[group.route_id], key, labels)
        whole = Heap(there.fired, there.resolved, dict.fromkeys(map(UUID, there.alert_ids)))
        whole.pour(heap)
        there.fired, there.resolved = whole.fired, whole.resolved
        there.alert_ids = list(map(str, whole.alert_ids))

    def _begin(self, route: Route, key: str, labels: dict[str, str]) -> Notification:
        due = self._now + timedelta(seconds=route.group_wait_seconds)
        if last := self._closed.get((route.pk, key)):
            due = max(due, last + timedelta(seconds=route.interval_seconds))
        begun = Notification(
            route=route,
            receiver_id=route.receiver_id,
            group_key=key,
            group_labels=labels,
            created_at=self._now,
            due_at=due,
        )
        self._new.append(begun)
        self._there[route.pk, key] = begun
        return begun

    def keep(self) -> None:
        Notification.objects.bulk_create(self._new)
        new = {one.pk for one in self._new}
        old = [one for one in self._there.values() if one.pk not in new]
        Notification.objects.bulk_update(old, ["fired", "resolved", "alert_ids"])


def _gathering(routes: Iterable[UUID]) -> list[Notification]:
    rows = Notification.objects.select_for_update().filter(GATHERING, route__in=routes)
    return list(rows.order_by("pk"))


def add(heaps: Mapping[Group, Heap], routes: Mapping[UUID, Route], now: datetime) -> None:
    """Put each heap to what gathers for its group, in the caller's transaction."""
    board = Board(routes, now)
    for group, heap in heaps.items():
        board.put(group, heap)
    board.keep()


@transaction.atomic
def close_due() -> int:
    """Close what has gathered long enough: from now on it says the same at every attempt."""
    now = timezone.now()
    rows = Notification.objects.select_for_update(skip_locked=True, of=("self",))
    due = list(
        rows.select_related("route")
        .filter(GATHERING, due_at__lte=now)
        .order_by("due_at")[:CLOSED_AT_ONCE]
    )
    described = _describe({pk for one in due for pk in one.alert_ids[:MOST_ALERTS]})
    for one in due:
        alerts = [described[pk] for pk in one.alert_ids[:MOST_ALERTS] if pk in described]
        _close(one, now, alerts)
    fields = ["content", "closed_at", "due_at", "give_up_at"]
    Notification.objects.bulk_update(due, fields)
    return len(due)


def _describe(ids: Iterable[str]) -> dict[str, dict[str, object]]:
    alerts = list(Alert.objects.defer("words").filter(pk__in=ids))
    clusters = Cluster.objects.filter(pk__in={one.cluster_id for one in alerts})
    names = dict(clusters.values_list("pk", "name"))
    return {
        str(one.pk): content.describe(one, names[one.cluster_id])
        for one in alerts
        if one.cluster_id in names
    }


def _close(one: Notification, now: datetime, alerts: list[dict[str, object]]) -> None:
    group = {
        "route": one.route.name if one.route else "",
        "group_labels": one.group_labels,
        "fired": one.fired,
        "resolved": one.resolved,
        "truncated": len(one.alert_ids) > MOST_ALERTS,
    }
    one.content = content.compose("alerts.changed", now, group, alerts)
    one.closed_at = one.due_at = now
    one.give_up_at = now + timedelta(hours=settings.NOTIFICATION_GIVE_UP_HOURS)
