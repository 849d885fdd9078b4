"""Finds alerts for a person: pages of them, one of them, and what else is known of that one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, ExpressionWrapper, F, QuerySet, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.fields import DateTimeField, IntegerField

from apps.accounts.models import User
from apps.observability.errors import NO_SUCH_ALERT, AlertNotFound
from apps.observability.models import Alert
from apps.observability.models.alert import RESOLVED, Severity, State
from apps.observability.queries.alerts import narrowing
from apps.observability.queries.alerts.narrowing import Wish

# Of what is over no more than this is looked at for one answer: nobody turns so many pages.
MOST = 20_000
MOST_TIMES = 50
FLAPS = 4
DAY = timedelta(hours=24)
FIELDS = [
    *(field.attname for field in Alert._meta.concrete_fields if field.name != "words"),  # noqa: SLF001 - Django's own name
    "cluster__name",
    "acknowledged_by__username",
    "assigned_to__username",
]
_SEVERITY = Case(
    *(When(severity=level, then=Value(rank)) for rank, level in enumerate(reversed(Severity))),
    output_field=IntegerField(),
)
_STATE = Case(
    When(state=State.FIRING, then=Value(0)),
    When(state=State.PENDING, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)
# The index of the times would be gone through to its end for a few that are rare.
_ENDED = ExpressionWrapper(F("ends_at") + Value(timedelta()), output_field=DateTimeField())
ORDERINGS: Mapping[str, Any] = {
    "severity": _SEVERITY,
    "starts_at": F("starts_at"),
    "ends_at": _ENDED,
    "changed_at": F("changed_at"),
    "alertname": F("alertname"),
    "cluster": F("cluster__name"),
}
WORST_FIRST = ("-severity", "-starts_at")
NEWEST_FIRST = ("-ends_at",)


@dataclass(frozen=True, slots=True)
class Found:
    """Those that were found, not read yet; of what is over none from before `looked_back_to`."""

    alerts: QuerySet[Alert]
    looked_back_to: datetime | None

    def in_order(self, ordering: Sequence[str]) -> QuerySet[Alert]:
        """Order by columns of ORDERINGS, -column for descending; by none, the worst first."""
        columns = [_column(name) for name in ordering or WORST_FIRST]
        if not ordering:
            columns.insert(0, OrderBy(_STATE))
        # The key last, so that pages never overlap where values are equal.
        return with_people(self.alerts).order_by(*columns, "pk")

    def by_severity(self) -> dict[str, int]:
        counted = self.alerts.order_by().values("severity").annotate(total=Count("pk"))
        return {one["severity"]: one["total"] for one in counted}


@dataclass(frozen=True, slots=True)
class Counted:
    """A list of known length, as a paginator takes it."""

    alerts: Any
    total: int

    def count(self) -> int:
        return self.total

    def __getitem__(self, part: slice) -> list[Any]:
        return list(self.alerts[part])


def find(user: User, wish: Wish, most: int | None = None) -> Found:
    """Find what `user` may see; of what is over the newest, which are MOST or `most`."""
    alerts = Alert.objects.visible_to(user)
    active, over = narrowing.active(alerts, wish), narrowing.over(alerts, wish)
    back_to = _how_far_back(over, most or MOST)
    if State.RESOLVED not in wish.states:
        return Found(active, None)
    over = narrowing.besides(over, wish)
    if back_to:
        over = over.filter(ends_at__gt=back_to)
    return Found(over if wish.states == {State.RESOLVED} else active | over, back_to)


def find_all(user: User, wish: Wish) -> Found:
    """Find all of it, however much that is."""
    alerts = Alert.objects.visible_to(user)
    over = narrowing.besides(narrowing.over(alerts, wish), wish)
    if State.RESOLVED not in wish.states:
        return Found(narrowing.active(alerts, wish), None)
    both = wish.states != {State.RESOLVED}
    return Found(narrowing.active(alerts, wish) | over if both else over, None)


def find_one(user: User, key: str, cluster_id: UUID | None = None) -> Alert:
    """Find an alert by its id, or the newest of a fingerprint; refuse what nobody sees."""
    alerts = with_people(Alert.objects.visible_to(user))
    if "\x00" in key:
        # Which PostgreSQL takes in no text, so that there is none of it.
        raise AlertNotFound(NO_SUCH_ALERT)
    if cluster_id:
        alerts = alerts.filter(cluster_id=cluster_id)
    try:
        found = alerts.filter(pk=UUID(key)).first()
    except ValueError:
        found = alerts.filter(fingerprint=key).order_by("-starts_at").first()
    if found is None:
        raise AlertNotFound(NO_SUCH_ALERT)
    return found


def with_people(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    related = alerts.select_related("cluster", "acknowledged_by", "assigned_to")
    return related.only(*FIELDS)


@dataclass(frozen=True, slots=True)
class Times:
    """The times an alert fired, newest first, and how many of them in the past 24 hours."""

    newest: list[Alert]
    in_24_h: int
    also_in: list[str]

    @property
    def is_flapping(self) -> bool:
        return self.in_24_h >= FLAPS


def times_of(user: User, alert: Alert, now: datetime) -> Times:
    alike = Alert.objects.visible_to(user).filter(fingerprint=alert.fingerprint)
    same = alike.filter(cluster_id=alert.cluster_id)
    others = alike.exclude(cluster_id=alert.cluster_id).filter(~RESOLVED)
    return Times(
        list(
            same.order_by("-starts_at").only("state", "starts_at", "ends_at", "ending")[:MOST_TIMES]
        ),
        # What pends has not fired.
        same.exclude(state=State.PENDING).filter(starts_at__gt=now - DAY).count(),
        sorted(set(others.values_list("cluster__name", flat=True)[:MOST])),
    )


def _how_far_back(over: QuerySet[Alert], most: int) -> datetime | None:
    """Return from when on there are `most` of them; None where there are no more than that."""
    if over.order_by()[: most + 1].count() <= most:
        return None
    found = over.order_by("-ends_at").values_list("ends_at", flat=True)[most : most + 1]
    return found[0] if found else None


def _column(name: str) -> OrderBy:
    descending = name.startswith("-")
    return OrderBy(ORDERINGS[name.removeprefix("-")], descending=descending, nulls_last=True)
