"""Makes the alerts of one cluster equal to what its Alertmanager, or its Prometheus, was heard say.

What it has and we do not fires now, a webhook that got lost included. What it no longer has is
over, but only if its answer was whole and it has not just been started: then it has forgotten all
and is told anew within a minute or two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from apps.observability.actions.alerts import pending
from apps.observability.actions.alerts.ending import end
from apps.observability.actions.alerts.storing import Arrival, store
from apps.observability.collect.alerts import Heard
from apps.observability.models import AlertPath
from apps.observability.models.alert import Alert, Ending, Source, State
from apps.observability.sources.alertmanager import Told

# As many as one transaction stores.
AT_ONCE = 1000
# Of what fires on and on it is written down this often that it was seen.
SEEN_AGAIN = timedelta(minutes=5)
# Where webhooks come, what Prometheus says of the same would be a second alert: it lacks the
# external labels. A quiet Alertmanager still repeats what fires every few hours.
WEBHOOKS_COME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Row:
    alert_id: UUID
    told: Told
    source: str
    last_received_at: datetime


def settle(heard: Heard, path: AlertPath) -> None:
    """Bring our alerts of this cluster up to what was heard. `path` is as it was before."""
    pending.keep(heard)
    if heard.firing is None:
        return
    source = Source.PROMETHEUS if heard.by_prometheus else Source.ALERTMANAGER
    rows = _rows(heard.cluster_id)
    firing = told_as_firing(heard, path)
    if heard.by_prometheus:
        rows = [row for row in rows if row.source != Source.WEBHOOK]
    if heard.by_several:
        firing = pending.as_known(firing, [row.told for row in rows])
    known = {_key(row.told): row for row in rows}
    news = [one for one in firing if _is_news(one, known.get(_key(one)), heard.asked_at)]
    for start in range(0, len(news), AT_ONCE):
        part = news[start : start + AT_ONCE]
        store([Arrival(heard.cluster_id, one, source, heard.asked_at) for one in part])
    if is_believed(heard, path):
        there = set(map(_key, firing))
        gone = [row.alert_id for key, row in known.items() if key not in there]
        end(gone, Ending.VANISHED, heard.asked_at)


def told_as_firing(heard: Heard, path: AlertPath) -> Sequence[Told]:
    """Return what was heard to fire; nothing of Prometheus' where webhooks tell it already."""
    if heard.firing is None or (heard.by_prometheus and webhooks_come(heard, path)):
        return ()
    return heard.firing


def webhooks_come(heard: Heard, path: AlertPath) -> bool:
    last = path.last_webhook_at
    return last is not None and heard.asked_at - last < WEBHOOKS_COME


def is_believed(heard: Heard, path: AlertPath) -> bool:
    """Whether what is missing is over.

    By our own clock: theirs may be a day off. Several servers may answer under one address in
    turns, each of which has its own start.
    """
    if not heard.whole:
        return False
    if not heard.started:
        return heard.by_prometheus
    seen = path.starts.get(heard.started)
    if seen is None:
        return settings.ALERT_RESTART_GRACE_SECONDS == 0
    grace = timedelta(seconds=settings.ALERT_RESTART_GRACE_SECONDS)
    return heard.asked_at - datetime.fromisoformat(seen) >= grace


def _rows(cluster_id: UUID) -> list[_Row]:
    """Return what fires, by those who can tell of its end."""
    found = Alert.objects.filter(cluster_id=cluster_id, state=State.FIRING)
    columns = found.exclude(source=Source.PLATFORM).values_list(
        "id",
        "fingerprint",
        "starts_at",
        "annotations",
        "generator_url",
        "receivers",
        "silenced_by",
        "inhibited_by",
        "source",
        "last_received_at",
    )
    return [
        _Row(
            alert_id,
            Told(
                fingerprint=fingerprint,
                starts_at=starts_at,
                ends_at=None,
                firing=True,
                labels={},
                annotations=annotations,
                generator_url=generator_url,
                receivers=tuple(receivers),
                silenced_by=tuple(silenced_by),
                inhibited_by=tuple(inhibited_by),
            ),
            source,
            last_received_at,
        )
        for (
            alert_id,
            fingerprint,
            starts_at,
            annotations,
            generator_url,
            receivers,
            silenced_by,
            inhibited_by,
            source,
            last_received_at,
        ) in columns.iterator()
    ]


def _is_news(told: Told, row: _Row | None, asked_at: datetime) -> bool:
    """Whether there is anything to be written of it: to lock and compare all would cost a write."""
    if row is None or asked_at - row.last_received_at >= SEEN_AGAIN:
        return True
    return replace(told, labels={}, updated_at=None) != row.told


def _key(told: Told) -> tuple[str, datetime]:
    return told.fingerprint, told.starts_at
