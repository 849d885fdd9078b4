"""Whether alerts of a cluster still find their way to us: an alert that always fires shows it.

Silence of it, or of the Alertmanager that is asked, becomes an alert of our own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import connection

from apps.observability.actions.alerts.comparing import told_as_firing, webhooks_come
from apps.observability.actions.alerts.ending import end
from apps.observability.actions.alerts.storing import Arrival, store
from apps.observability.collect.alerts import Heard
from apps.observability.models import AlertPath
from apps.observability.models.alert import Alert, Ending, Source, State
from apps.observability.sources.alertmanager import Told, fingerprint_of

NAME = "AlertPathSilent"
# Without rounds for so long, what was silent before is not known to have been so meanwhile.
INTERRUPTED = timedelta(minutes=10)
# Servers behind one address; of more than these, those that were seen first are forgotten.
MOST_STARTS = 8
_SAVE = """
    INSERT INTO observability_alertpath AS path (cluster_id, truncated_alerts, tried_at,
        last_polled_at, problem, starts, watchdog_seen_at, silent_since)
    SELECT id, 0, %s, %s, %s, %s::jsonb, %s, %s FROM clusters_cluster WHERE id = %s
    FOR KEY SHARE
    ON CONFLICT (cluster_id) DO UPDATE SET tried_at = excluded.tried_at,
        last_polled_at = excluded.last_polled_at, problem = excluded.problem,
        starts = excluded.starts, watchdog_seen_at = excluded.watchdog_seen_at,
        silent_since = excluded.silent_since
"""


@dataclass(frozen=True, slots=True)
class _Sign:
    """`seen_at`: when the always-firing alert was last seen. `missing` says what is not there."""

    seen_at: datetime | None
    missing: str = ""


def look(heard: Heard, path: AlertPath) -> None:
    """Note how the cluster was found; let our alert fire, or end. `path` is as it was before."""
    sign = _sign(heard, path)
    since = _silent_since(heard, path, sign)
    silence = timedelta(seconds=settings.ALERT_SILENCE_SECONDS)
    if since is not None and heard.asked_at - since >= silence:
        _fire(heard, since, sign)
    elif path.silent_since is not None and since is None:
        _recover(heard)
    answered = heard.firing is not None
    columns = (
        heard.asked_at,
        heard.asked_at if answered else path.last_polled_at,
        heard.problem,
        msgspec.json.encode(_starts(heard, path)).decode(),
        sign.seen_at,
        since,
        heard.cluster_id,
    )
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, columns)


def _sign(heard: Heard, path: AlertPath) -> _Sign:
    name, seen_at = settings.ALERT_WATCHDOG, path.watchdog_seen_at
    if not heard.was_asked or (heard.by_prometheus and webhooks_come(heard, path)):
        return _sign_of_webhooks(heard, seen_at)
    if heard.firing is not None:
        there = any(one.labels.get("alertname") == name for one in told_as_firing(heard, path))
        if there:
            return _Sign(heard.asked_at)
        told_by = "Prometheus" if heard.by_prometheus else "Alertmanager"
        missing = f"{told_by} does not have {name}, which should always fire"
        return _Sign(seen_at, missing if seen_at and name else "")
    recent = timedelta(seconds=settings.ALERT_SILENCE_SECONDS)
    brought_at = _last_brought(heard, State.FIRING)
    if brought_at is not None and heard.asked_at - brought_at < recent:
        return _Sign(brought_at)
    expected = path.last_polled_at or seen_at
    return _Sign(seen_at, f"It cannot be asked: {heard.problem}" if expected else "")


def _sign_of_webhooks(heard: Heard, seen_at: datetime | None) -> _Sign:
    """Where nobody can be asked, a route repeats what fires only every few hours."""
    name = settings.ALERT_WATCHDOG
    seen_at = _last_brought(heard, State.FIRING, State.RESOLVED) or seen_at
    if seen_at is None or not name:
        return _Sign(seen_at)
    if not _last_brought(heard, State.FIRING):
        return _Sign(seen_at, f"{name}, which should always fire, was told to be over")
    patience = settings.ALERT_WATCHDOG_REPEAT_SECONDS + settings.ALERT_SILENCE_SECONDS
    if heard.asked_at - seen_at < timedelta(seconds=patience):
        return _Sign(seen_at)
    return _Sign(seen_at, f"No webhook has brought {name} for {patience / 3600:.1f} hours")


def _last_brought(heard: Heard, *states: State) -> datetime | None:
    watched = Alert.objects.filter(
        cluster_id=heard.cluster_id,
        alertname=settings.ALERT_WATCHDOG,
        state__in=states,
        source=Source.WEBHOOK,
    )
    newest = watched.order_by("-last_received_at").values_list("last_received_at", flat=True)
    return newest.first()


def _silent_since(heard: Heard, path: AlertPath, sign: _Sign) -> datetime | None:
    if not sign.missing:
        return None
    now = heard.asked_at.replace(microsecond=heard.asked_at.microsecond // 1000 * 1000)
    interrupted = path.tried_at is None or heard.asked_at - path.tried_at > INTERRUPTED
    return now if interrupted or path.silent_since is None else path.silent_since


def _fire(heard: Heard, since: datetime, sign: _Sign) -> None:
    labels = {"alertname": NAME, "cluster": heard.cluster_name, "severity": "critical"}
    annotations = {
        "summary": f"Alerts of {heard.cluster_name} no longer find their way here",
        "description": f"{sign.missing}. Until this is over, that nothing fires there means "
        "nothing. Look whether its Prometheus and its Alertmanager run, whether Prometheus "
        "reaches Alertmanager, and whether the address and the token of the cluster still hold.",
    }
    told = Told(
        fingerprint_of(labels), since, None, firing=True, labels=labels, annotations=annotations
    )
    store([Arrival(heard.cluster_id, told, Source.PLATFORM, heard.asked_at)])


def _recover(heard: Heard) -> None:
    ours = Alert.objects.filter(
        cluster_id=heard.cluster_id, state=State.FIRING, source=Source.PLATFORM, alertname=NAME
    )
    end(list(ours.values_list("pk", flat=True)), Ending.RECOVERED, heard.asked_at)


def _starts(heard: Heard, path: AlertPath) -> dict[str, str]:
    starts: dict[str, str] = path.starts
    if not heard.started or heard.started in starts:
        return starts
    known = sorted(starts.items(), key=lambda one: one[1])[1 - MOST_STARTS :]
    return dict(known) | {heard.started: heard.asked_at.isoformat()}
