"""How long alerts wait and last, and which there are too many of.

MTTA is the mean of `taken_at - starts_at` over those that somebody acknowledged, MTTR the mean of
`ends_at - starts_at` over those that are over, both in seconds. They are of alerts that were over
within the window, and of those that are active and began before its end. No time is negative: a
clock of a cluster that is ahead of ours makes it 0.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Min,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Greatest

from apps.accounts.models import User
from apps.observability.models import Alert
from apps.observability.models.alert import State
from apps.observability.queries.alerts import finding, narrowing
from apps.observability.queries.alerts.finding import DAY, FLAPS
from apps.observability.queries.alerts.narrowing import Wish

NOISIEST = 20
# Of what is over no more than this is counted for one answer.
MOST_COUNTED = 100_000
_OVER = frozenset({State.RESOLVED.value})
_NONE = timedelta()
K = TypeVar("K")


class Window(NamedTuple):
    since: datetime
    until: datetime


class Part(NamedTuple):
    """What alerts are added up by."""

    cluster_id: UUID
    cluster_name: str
    alertname: str
    severity: str


@dataclass(slots=True)
class Tally:
    """Alerts added up."""

    total: int = 0
    resolved: int = 0
    acknowledged: int = 0
    lasted: timedelta = _NONE
    waited: timedelta = _NONE
    clusters: set[UUID] = field(default_factory=set)

    def add(self, other: "Tally") -> None:
        self.total += other.total
        self.resolved += other.resolved
        self.acknowledged += other.acknowledged
        self.lasted += other.lasted
        self.waited += other.waited
        self.clusters |= other.clusters

    @property
    def seconds_to_acknowledge(self) -> float | None:
        return _mean(self.waited, self.acknowledged)

    @property
    def seconds_to_resolve(self) -> float | None:
        return _mean(self.lasted, self.resolved)


@dataclass(frozen=True, slots=True)
class Flapping:
    cluster_id: UUID
    cluster_name: str
    fingerprint: str
    alertname: str
    times: int


@dataclass(frozen=True, slots=True)
class Statistics:
    looked_back_to: datetime | None
    whole: Tally
    by_severity: dict[str, Tally]
    by_name: dict[str, Tally]
    by_cluster: dict[tuple[UUID, str], Tally]
    flapping: list[Flapping]


def measure(user: User, wish: Wish, window: Window) -> Statistics:
    """Add up what `user` may see of what is looked for, but for its times."""
    ended = replace(wish, states=_OVER, since=window.since, until=window.until)
    over = finding.find(user, ended, MOST_COUNTED)
    # What is active now may have begun long before the window.
    begun = replace(wish, states=narrowing.ACTIVE, since=None, until=window.until)
    active = finding.find(user, begun)
    tallies = [*_tallies(over.alerts), *_tallies(active.alerts)]
    whole = Tally()
    for _, tally in tallies:
        whole.add(tally)
    return Statistics(
        over.looked_back_to,
        whole,
        _summed(tallies, lambda one: one.severity),
        _summed(tallies, lambda one: one.alertname),
        _summed(tallies, lambda one: (one.cluster_id, one.cluster_name)),
        _flapping(over.alerts, window.until),
    )


def _tallies(alerts: QuerySet[Alert]) -> list[tuple[Part, Tally]]:
    """Add up each part in PostgreSQL; there are few of them, however many alerts there are."""
    counted = (
        alerts.order_by()
        .values_list("cluster_id", "cluster__name", "alertname", "severity")
        .annotate(
            total=Count("pk"),
            over=Count("ends_at"),
            taken=Count("taken_at"),
            lasted=Sum(_time_until("ends_at")),
            waited=Sum(_time_until("taken_at")),
        )
    )
    return [
        (
            Part(cluster_id, name, alertname, severity),
            Tally(total, over, taken, lasted or _NONE, waited or _NONE, {cluster_id}),
        )
        for cluster_id, name, alertname, severity, total, over, taken, lasted, waited in counted
    ]


def _time_until(column: str) -> Case:
    # GREATEST passes over what is null, and would make 0 of a time that was not.
    took = ExpressionWrapper(F(column) - F("starts_at"), output_field=DurationField())
    known = When(**{f"{column}__isnull": False}, then=Greatest(took, Value(_NONE)))
    return Case(known, default=None, output_field=DurationField())


def _summed(tallies: Iterable[tuple[Part, Tally]], key: Callable[[Part], K]) -> dict[K, Tally]:
    """Add up what shares a key; that of most alerts comes first."""
    summed: dict[K, Tally] = {}
    for part, tally in tallies:
        summed.setdefault(key(part), Tally()).add(tally)
    return dict(sorted(summed.items(), key=lambda one: (-one[1].total, str(one[0]))))


def _flapping(over: QuerySet[Alert], until: datetime) -> list[Flapping]:
    """Find what fired, and was over again, FLAPS times or more in the window's last 24 hours."""
    counted = (
        over.order_by()
        .filter(ends_at__gt=until - DAY)
        .values_list("cluster_id", "cluster__name", "fingerprint")
        .annotate(Min("alertname"), times=Count("pk"))
        .filter(times__gte=FLAPS)
        .order_by("-times", "cluster__name", "fingerprint")[:NOISIEST]
    )
    return [Flapping(*one) for one in counted]


def _mean(total: timedelta, of: int) -> float | None:
    return round(total.total_seconds() / of, 3) if of else None
