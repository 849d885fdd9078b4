"""Finds alerts for a person: pages of them, one of them, and what else is known of that one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, QuerySet, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.fields import IntegerField

from apps.accounts.models import User
from apps.observability.errors import NO_SUCH_ALERT, AlertNotFound
from apps.observability.models import Alert
from apps.observability.models.alert import RESOLVED, Severity, State
from apps.observability.queries.alerts import looking_back, narrowing
from apps.observability.queries.alerts.looking_back import Past
from apps.observability.queries.alerts.narrowing import Wish

MOST_TIMES = 50
MOST_NAMED = 1_000
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
ORDERINGS: Mapping[str, Any] = {
    "severity": _SEVERITY,
    "starts_at": F("starts_at"),
    "ends_at": F("ends_at"),
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
    # Where all of them are over: these, newest first.
    past: Past | None = None
    # How many there are of each severity, where it is known already.
    by_severity: Mapping[str, int] | None = None

    def in_order(self, ordering: Sequence[str]) -> QuerySet[Alert]:
        """Order by columns of ORDERINGS, -column for descending; by none, the worst first."""
        columns = [_column(name) for name in ordering or WORST_FIRST]
        if not ordering:
            columns.insert(0, OrderBy(_STATE))
        # The key last, so that pages never overlap where values are equal.
        return with_people(self.alerts).order_by(*columns, "pk")

    def listed(self, ordering: Sequence[str]) -> "Listed":
        if self.past and tuple(ordering) == NEWEST_FIRST:
            return Listed(self.past.ids, self.past.severities)
        by_severity = self.past.severities if self.past else self.by_severity
        if by_severity is None:
            counted = self.alerts.order_by().values_list("severity").annotate(Count("pk"))
            by_severity = dict(counted)
        return Listed(self.in_order(ordering).values_list("pk", flat=True), by_severity)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of known length, as a paginator takes it, of which a page alone is read."""

    keys: Any
    by_severity: Mapping[str, int]

    def count(self) -> int:
        return sum(self.by_severity.values())

    def __getitem__(self, part: slice) -> list[Alert]:
        # Sorting whole rows, with their people, takes much longer than sorting their keys.
        keys: list[UUID] = list(self.keys[part])
        rows = {alert.pk: alert for alert in with_people(_these(keys))}
        return [rows[key] for key in keys if key in rows]


def find(user: User, wish: Wish) -> Found:
    """Find what `user` may see; of what is over the newest alone, where there is very much."""
    seen = Alert.objects.visible_to(user)
    active = narrowing.active(seen, wish)
    by_severity: Counter[str] | None = None
    if wish.search:
        # Reading each text takes longer than all else, and would be done again for each figure.
        said = list(active.values_list("pk", "severity"))
        by_severity = Counter(severity for _, severity in said)
        active = _these(key for key, _ in said)
    if State.RESOLVED not in wish.states:
        return Found(active, None, by_severity=by_severity)
    past = looking_back.look(seen, not user.is_superuser, wish, looking_back.MOST)
    over = _these(past.ids)
    if wish.states == {State.RESOLVED}:
        return Found(over, past.back_to, past)
    return Found(active | over, past.back_to)


def find_all(user: User, wish: Wish) -> Found:
    """Find all of it, however much that is."""
    seen = Alert.objects.visible_to(user)
    active = narrowing.active(seen, wish)
    if State.RESOLVED not in wish.states:
        return Found(active, None)
    over = narrowing.over(seen, wish).filter(*narrowing.indexed(wish), *narrowing.besides(wish))
    return Found(over if wish.states == {State.RESOLVED} else active | over, None)


def _these(ids: Iterable[UUID]) -> QuerySet[Alert]:
    """Those that were found among what somebody sees."""
    return Alert.objects.filter(narrowing.these(ids))


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
        sorted(set(others.values_list("cluster__name", flat=True)[:MOST_NAMED])),
    )


def _column(name: str) -> OrderBy:
    descending = name.startswith("-")
    return OrderBy(ORDERINGS[name.removeprefix("-")], descending=descending, nulls_last=True)
