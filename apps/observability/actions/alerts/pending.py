"""Alerts that do not fire yet, which Prometheus alone knows: there while they pend, then gone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from apps.clusters.models import Cluster
from apps.observability.collect.alerts import Heard
from apps.observability.models.alert import Alert, Source, State
from apps.observability.sources.alertmanager import Told, name_of, namespace_of, severity_of

SEEN_AGAIN = timedelta(minutes=1)


def keep(heard: Heard) -> None:
    """Have the rows that were heard to be pending, and no others.

    While Prometheus does not answer they stay for a while, as it may be asked again soon.
    """
    held = Alert.objects.filter(cluster_id=heard.cluster_id, state=State.PENDING)
    if heard.pending is None:
        patience = timedelta(seconds=settings.ALERT_SILENCE_SECONDS)
        held.filter(last_received_at__lt=heard.asked_at - patience).delete()
        return
    rows = list(held.only("id", "fingerprint", "starts_at", "last_received_at"))
    starts = {row.fingerprint: row.starts_at for row in rows}
    told = {(one.fingerprint, one.starts_at): one for one in as_known(heard.pending, starts)}
    gone = [row.pk for row in rows if (row.fingerprint, row.starts_at) not in told]
    stale = [row.pk for row in rows if heard.asked_at - row.last_received_at >= SEEN_AGAIN]
    if gone:
        held.filter(pk__in=gone).delete()
    if stale:
        held.filter(pk__in=stale).update(last_received_at=heard.asked_at)
    new = told.keys() - {(row.fingerprint, row.starts_at) for row in rows}
    # One of a cluster that is deleted by now would be nobody's.
    if new and Cluster.objects.filter(pk=heard.cluster_id).exists():
        made = [_row(heard, told[key]) for key in sorted(new)]
        Alert.objects.bulk_create(made, batch_size=1000, ignore_conflicts=True)


def as_known(told: Sequence[Told], starts: Mapping[str, datetime]) -> list[Told]:
    """Return what was told with the starts under which we know it.

    Of several Prometheus servers each has a start of its own for the same alert, and they answer
    in turns.
    """
    return [replace(one, starts_at=starts.get(one.fingerprint, one.starts_at)) for one in told]


def _row(heard: Heard, told: Told) -> Alert:
    return Alert(
        cluster_id=heard.cluster_id,
        fingerprint=told.fingerprint,
        starts_at=told.starts_at,
        state=State.PENDING,
        severity=severity_of(told.labels),
        alertname=name_of(told.labels),
        namespace=namespace_of(told.labels),
        labels=told.labels,
        annotations=told.annotations,
        source=Source.PROMETHEUS,
        first_received_at=heard.asked_at,
        last_received_at=heard.asked_at,
        changed_at=heard.asked_at,
    )
