"""Makes the alerts of one cluster equal to what its Alertmanager, or its Prometheus, was heard say.

What it has and we do not fires now, a webhook that got lost included. What it no longer has is
over, but only if its answer was whole and it has not just been started: then it has forgotten all
and is told anew within a minute or two.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection

from apps.observability.actions.alerts import pending
from apps.observability.actions.alerts.ending import end
from apps.observability.actions.alerts.storing import Arrival, store
from apps.observability.collect.alerts import Heard
from apps.observability.models import AlertPath
from apps.observability.models.alert import Ending, Source
from apps.observability.sources.alertmanager import Told

# As many as one transaction stores.
AT_ONCE = 1000
# Of what fires on and on it is written down this often that it was seen.
SEEN_AGAIN = timedelta(minutes=5)
# Where webhooks come, what Prometheus says of the same would be a second alert: it lacks the
# external labels. A quiet Alertmanager still repeats what fires every few hours.
WEBHOOKS_COME = timedelta(days=1)
EPOCH, MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


# All rows as one document: to read them one by one takes ten times longer.
_ROWS = """
    SELECT coalesce(json_agg(json_build_array(
        id, fingerprint, (extract(epoch FROM starts_at) * 1000)::bigint,
        annotations, generator_url, receivers, silenced_by, inhibited_by,
        last_received_at <= %(seen_before)s)), '[]')::text
    FROM observability_alert
    WHERE cluster_id = %(cluster_id)s AND state = 'FIRING' AND source = ANY(%(sources)s)
"""


class _Row(msgspec.Struct, array_like=True, frozen=True):
    alert_id: UUID
    fingerprint: str
    # In milliseconds, as exact as they are told.
    started: int
    annotations: dict[str, str]
    generator_url: str
    receivers: tuple[str, ...]
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]
    # It was not written down for a while that it was seen.
    stale: bool


_rows = msgspec.json.Decoder(list[_Row])


def settle(heard: Heard, path: AlertPath) -> None:
    """Bring our alerts of this cluster up to what was heard. `path` is as it was before."""
    pending.keep(heard)
    if heard.firing is None:
        return
    source = Source.PROMETHEUS if heard.by_prometheus else Source.ALERTMANAGER
    rows = _read(heard)
    firing = told_as_firing(heard, path)
    if heard.by_several:
        starts = {row.fingerprint: EPOCH + row.started * MILLISECOND for row in rows}
        firing = pending.as_known(firing, starts)
    known = {(row.fingerprint, row.started): row for row in rows}
    news = [one for one in firing if _is_news(one, known.get(_key(one)))]
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


def _read(heard: Heard) -> list[_Row]:
    """Return what fires, of what whoever was heard can tell that it is over."""
    sources = {Source.ALERTMANAGER, Source.PROMETHEUS, Source.WEBHOOK}
    if heard.by_prometheus:
        # It lacks what a webhook tells, or has it by another fingerprint.
        sources.remove(Source.WEBHOOK)
    asked: dict[str, Any] = {
        "cluster_id": heard.cluster_id,
        "sources": [one.value for one in sources],
        "seen_before": heard.asked_at - SEEN_AGAIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, asked)
        return _rows.decode(cursor.fetchone()[0])


def _is_news(told: Told, row: _Row | None) -> bool:
    """Whether there is anything to be written of it: to lock and compare all would cost a write."""
    if row is None or row.stale:
        return True
    return not (
        row.annotations == told.annotations
        and row.generator_url == told.generator_url
        and row.receivers == told.receivers
        and row.silenced_by == told.silenced_by
        and row.inhibited_by == told.inhibited_by
    )


def _key(told: Told) -> tuple[str, int]:
    return told.fingerprint, round(told.starts_at.timestamp() * 1000)
