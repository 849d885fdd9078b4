"""How long alerts wait and last, and which there are too many of.

MTTA is the mean of `taken_at - starts_at` over those that somebody acknowledged, MTTR the mean of
`ends_at - starts_at` over those that are over, both in seconds. They are of alerts that were over
within the window, and of those that are active and began before its end. No time is negative: a
clock of a cluster that is ahead of ours makes it 0.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, Min, Q, QuerySet, Value

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.models import Alert
from apps.observability.models.alert import Severity, State
from apps.observability.queries.alerts import narrowing
from apps.observability.queries.alerts.around import rows_of
from apps.observability.queries.alerts.finding import DAY, FLAPS
from apps.observability.queries.alerts.narrowing import Wish

NOISIEST = 20
# Of what is over no more than this is counted for one answer.
MOST_COUNTED = 100_000
_OVER = frozenset({State.RESOLVED.value})
_COLUMNS = ("cluster_id", "alertname", "severity", "starts_at", "ends_at", "taken_at")
# No time is negative: the clock of a cluster may be ahead of ours.
_SECONDS = "sum(greatest(date_part('epoch', {} - starts_at), 0.0)) FILTER (WHERE fits) AS {}"
_LEVELS = tuple(Severity.values)
_COUNTED = ", ".join(
    f"count(*) FILTER (WHERE fits AND severity = '{level}') AS {level}" for level in _LEVELS
)
_SUMMED = ", ".join(
    f"coalesce(sum({column}), 0)::{kind}"
    for kind, columns in (
        ("bigint", ("total", "done", "taken")),
        ("float8", ("lasted", "waited")),
        ("bigint", _LEVELS),
    )
    for column in columns
)
# The newest of what is over, and all that was over as early as the first of these; and what is not
# over. Added up twice: there are few pairs of names and clusters, in which each name and each
# cluster is. That not all are wanted is said by `fits`: how far was looked back counts all.
_ADDED_UP = f"""
WITH pairs AS MATERIALIZED (
        SELECT alertname, cluster_id,
            count(*) FILTER (WHERE fits) AS total, count(ends_at) FILTER (WHERE fits) AS done,
            count(taken_at) FILTER (WHERE fits) AS taken,
            {_SECONDS.format("ends_at", "lasted")}, {_SECONDS.format("taken_at", "waited")},
            {_COUNTED}, count(ends_at) AS counted, min(ends_at) AS back_to
        FROM (({{}} FETCH FIRST {{limit}} ROWS WITH TIES) UNION ALL ({{}})) found
        GROUP BY alertname, cluster_id
    )
SELECT alertname, cluster_id, count(*) FILTER (WHERE total > 0), sum(counted)::bigint, min(back_to),
    {_SUMMED}
FROM pairs
GROUP BY GROUPING SETS ((alertname), (cluster_id), ())
ORDER BY sum(total) DESC, alertname, cluster_id
"""  # noqa: S608 - all of it is written here


class Window(NamedTuple):
    since: datetime
    until: datetime


class Tally(NamedTuple):
    """Alerts added up; times in seconds, as sums."""

    total: int = 0
    resolved: int = 0
    acknowledged: int = 0
    lasted: float = 0.0
    waited: float = 0.0
    # How many clusters had them; said of a name alone.
    clusters: int = 0

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
    by_severity: dict[str, int]
    # Those of most alerts first.
    by_name: dict[str, Tally]
    by_cluster: dict[tuple[UUID, str], Tally]
    # Within the window's last 24 hours.
    flapping: list[Flapping]


@dataclass(slots=True)
class _Sums:
    whole: Tally = field(default_factory=Tally)
    by_severity: dict[str, int] = field(default_factory=dict)
    by_name: dict[str, Tally] = field(default_factory=dict)
    by_cluster: dict[UUID, Tally] = field(default_factory=dict)
    # How much of what is over, and from when on.
    counted: int = 0
    back_to: datetime | None = None


def measure(user: User, wish: Wish, window: Window) -> Statistics:
    """Add up what `user` may see of what is looked for, but for its times."""
    seen = Alert.objects.visible_to(user)
    ended = replace(wish, states=_OVER, since=window.since, until=window.until)
    over, besides = narrowing.over(seen, ended).filter(*narrowing.indexed(ended)), Q()
    for condition in narrowing.besides(ended):
        besides &= condition
    # What is active now may have begun long before the window.
    begun = replace(wish, states=narrowing.ACTIVE, since=None, until=window.until)
    sums = _added_up(
        _columns(over, besides).order_by("-ends_at"), _columns(narrowing.active(seen, begun))
    )
    back_to = sums.back_to if sums.counted >= MOST_COUNTED else None
    if back_to and not over.filter(ends_at__lt=back_to).exists():
        back_to = None
    counted = over.filter(besides, ends_at__gt=window.until - DAY)
    return Statistics(
        back_to,
        sums.whole,
        sums.by_severity,
        sums.by_name,
        _named(sums.by_cluster),
        _flapping(counted.filter(ends_at__gte=back_to) if back_to else counted),
    )


def _columns(alerts: QuerySet[Alert], besides: Q | None = None) -> QuerySet[Any, Any]:
    fits: Any = ExpressionWrapper(besides, BooleanField()) if besides else Value(value=True)
    columns: QuerySet[Any, Any] = alerts.order_by().values(*_COLUMNS, fits=fits)
    return columns


def _added_up(newest: QuerySet[Any, Any], active: QuerySet[Any, Any]) -> _Sums:
    sums = _Sums()
    for name, cluster_id, clusters, counted, back_to, *figures in rows_of(
        _ADDED_UP.replace("{limit}", f"{MOST_COUNTED:d}"), newest, active
    ):
        levels = figures[-len(_LEVELS) :]
        tally = Tally(*figures[: -len(_LEVELS)])._replace(clusters=clusters)
        if name is None and cluster_id is None:
            sums.whole, sums.counted, sums.back_to = tally, counted or 0, back_to
            sums.by_severity = dict(zip(_LEVELS, levels, strict=True))
        elif not tally.total:
            continue
        elif cluster_id is None:
            sums.by_name[name] = tally
        else:
            sums.by_cluster[cluster_id] = tally
    return sums


def _named(by_id: dict[UUID, Tally]) -> dict[tuple[UUID, str], Tally]:
    names = dict(Cluster.objects.filter(pk__in=by_id).values_list("pk", "name"))
    named = {(key, names[key]): tally for key, tally in by_id.items() if key in names}
    return dict(sorted(named.items(), key=lambda one: (-one[1].total, one[0][1])))


def _flapping(over: QuerySet[Alert]) -> list[Flapping]:
    """Find what fired, and was over again, FLAPS times or more."""
    counted = (
        over.order_by()
        .values_list("cluster_id", "cluster__name", "fingerprint")
        .annotate(Min("alertname"), times=Count("pk"))
        .filter(times__gte=FLAPS)
        .order_by("-times", "cluster__name", "fingerprint")[:NOISIEST]
    )
    return [Flapping(*one) for one in counted]


def _mean(total: float, of: int) -> float | None:
    return round(total / of, 3) if of else None
