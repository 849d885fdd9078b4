"""Silences of the whole fleet, and which of our alerts a new one would match."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.conf import settings

from apps import lasting_loop
from apps.accounts.models import User
from apps.clusters.connection import Connection
from apps.http import Call, Reply, Upstream
from apps.observability.federation import targets
from apps.observability.federation.fan_out import ask_each
from apps.observability.federation.outcome import Outcome, Target
from apps.observability.federation.upstreams import ask_part, first_of
from apps.observability.models import Alert
from apps.observability.models.alert import AlertQuerySet, Source
from apps.observability.queries.asking import Coverage, let_go_of_the_database
from apps.observability.sources import silences
from apps.observability.sources.matchers import Matcher, stay_within, test_of
from apps.observability.sources.prometheus import Said
from apps.observability.sources.silences import Silence

T = TypeVar("T")

PART = "alertmanager"
# For all clusters together: what is looked up, and then written.
DEADLINE = 15.0
# More alerts than a storm brings; beyond them a count is a lower bound, and is told to be one.
MOST_LOOKED_AT = 100_000
_CHUNK = 2_000
_COLUMNS = (
    "id",
    "cluster_id",
    "fingerprint",
    "alertname",
    "severity",
    "state",
    "labels",
    "starts_at",
    "silenced_by",
)


class Kept(NamedTuple):
    """A silence, and whose it is."""

    target: Connection
    silence: Silence


@dataclass(frozen=True, slots=True)
class Found:
    silences: list[Kept]
    coverage: Coverage


class Matched(NamedTuple):
    """One of our alerts that matchers match."""

    id: UUID
    cluster_id: UUID
    fingerprint: str
    alertname: str
    severity: str
    state: str
    labels: dict[str, str]
    starts_at: datetime
    silenced_by: list[str]


def find(user: User, cluster_ids: Sequence[UUID]) -> Found:
    """Return what the Alertmanagers of these clusters have, or of all that have one."""
    chosen = targets.choose(user, cluster_ids)
    asked = chosen if cluster_ids else [one for one in chosen if PART in one.parts]
    let_go_of_the_database()
    coverage = Coverage(len(asked))
    found: list[Kept] = []
    for outcome in each(asked, _read_all, asker=str(user.pk)):
        said = coverage.note(outcome)
        found += [Kept(outcome.connection, one) for one in (said.data if said else ())]
    coverage.require_one()
    return Found(found, coverage)


async def _read_all(target: Connection) -> Said[list[Silence]]:
    found = await ask(target, silences.listing(), silences.read_list)
    return Said([one for one in found if may_see(target, one)], (), ())


def may_see(target: Connection, silence: Silence) -> bool:
    """Whether it tells nothing of namespaces that the person is not held to."""
    names = target.namespaces if isinstance(target, Target) else None
    return names is None or stay_within(silence.matchers, names)


async def ask(target: Connection, call: Call, read: Callable[[Upstream, Reply], T]) -> T:
    """Ask a cluster's Alertmanager; raise SourceFailed or http.Unreachable."""
    upstream = first_of(target, PART)
    return read(upstream, await ask_part(target, PART, call))


def each(
    asked: Sequence[Connection], ask_one: Callable[[Connection], Awaitable[T]], asker: str
) -> list[Outcome[T]]:
    async def work() -> list[Outcome[T]]:
        return await ask_each(
            asked,
            ask_one,
            deadline=DEADLINE,
            at_once=settings.METRICS_CLUSTERS_AT_ONCE,
            asker=asker,
        )

    return lasting_loop.submit(work()).result()


def matched(
    user: User, cluster_ids: Iterable[UUID], matchers: Sequence[Matcher]
) -> Iterator[Matched]:
    """Yield the alerts of these clusters that all of the matchers match, as Alertmanager would.

    See `are_too_many`.
    """
    is_met = test_of(matchers)
    ordered = _compared(user, cluster_ids, matchers).order_by("cluster_id", "-starts_at", "id")
    rows = ordered.values_list(*_COLUMNS)[:MOST_LOOKED_AT]
    for row in rows.iterator(chunk_size=_CHUNK):
        alert = Matched(*row)
        if is_met(alert.labels):
            yield alert


def are_too_many(user: User, cluster_ids: Iterable[UUID], matchers: Sequence[Matcher]) -> bool:
    """Whether there are alerts that `matched` does not come to, so that it may have found few."""
    compared = _compared(user, cluster_ids, matchers)
    return compared.order_by()[MOST_LOOKED_AT : MOST_LOOKED_AT + 1].exists()


def _compared(
    user: User, cluster_ids: Iterable[UUID], matchers: Sequence[Matcher]
) -> AlertQuerySet:
    alerts = Alert.objects.visible_to(user).active().filter(cluster_id__in=list(cluster_ids))
    # What the platform itself raises no Alertmanager knows of.
    alerts = alerts.exclude(source=Source.PLATFORM)
    exact = {one.name: one.value for one in matchers if _is_exact(one)}
    return alerts.filter(labels__contains=exact) if exact else alerts


def _is_exact(matcher: Matcher) -> bool:
    return matcher.is_equal and not matcher.is_regex and bool(matcher.value)
