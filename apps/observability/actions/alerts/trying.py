"""Sends a test alert to a cluster's Alertmanager, so that it travels the whole way to us."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models import User
from apps.clusters.connection import Connection
from apps.clusters.models import Cluster
from apps.http import Call
from apps.observability.actions.alerts.silencing import do_at
from apps.observability.federation.outcome import PERMISSION_DENIED, SourceFailed, Target
from apps.observability.queries.alert_trials import NAME
from apps.observability.queries.silences import ask
from apps.observability.sources import silences
from apps.observability.sources.alertmanager import fingerprint_of

LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Sent:
    fingerprint: str
    labels: dict[str, str]
    starts_at: datetime
    ends_at: datetime


def send(user: User, cluster: Cluster) -> Sent:
    """Post an alert that nobody needs to mind, and that ends by itself.

    Each is another one, so that sent again it is followed anew.
    """
    now = timezone.now().replace(microsecond=0)

    async def post(target: Connection) -> Sent:
        labels = _labels(target, user, now)
        sent = Sent(fingerprint_of(labels), labels, now, now + LASTS)
        await ask(target, _posting(sent), silences.require)
        return sent

    target, sent = do_at(user, cluster.pk, post)
    audit.note("sent", "test alert", sent.fingerprint, target.name)
    return sent


def _labels(target: Connection, user: User, now: datetime) -> dict[str, str]:
    labels = {
        "alertname": NAME,
        "severity": "info",
        "sent_by": user.get_username(),
        "sent_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
    names = target.namespaces if isinstance(target, Target) else None
    if names is None:
        return labels
    if not names:
        raise SourceFailed(PERMISSION_DENIED, "you see no namespace of this cluster")
    # Of another one they would not see it arrive.
    return labels | {"namespace": min(names)}


def _posting(sent: Sent) -> Call:
    alert = {
        "labels": sent.labels,
        "annotations": {
            "summary": "A test of the way from this Alertmanager to AIOps NextGen",
            "description": "Somebody tries whether alerts arrive. It ends by itself.",
        },
        "startsAt": f"{sent.starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "endsAt": f"{sent.ends_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    body = msgspec.json.encode([alert])
    # Told twice it is the same alert.
    return Call(f"{silences.API}/alerts", json=body, deadline=silences.DEADLINE)
