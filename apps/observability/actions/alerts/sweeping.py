"""Forgets alerts: those that are long over, and those of clusters that are gone."""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from apps.clusters.models import Cluster
from apps.observability.models.alert import Alert, State

# With what hangs on each, a transaction of a second or so.
AT_ONCE = 2000
# Prometheus is asked every half minute or so; nobody tells of the end of what it no longer has.
PENDING_KEPT = timedelta(hours=1)


def sweep() -> int:
    """Delete what is too old, in batches; what is left when it is stopped goes the next time."""
    now = timezone.now()
    oldest = now - timedelta(days=settings.ALERT_HISTORY_DAYS)
    # An end is by the clock of the cluster, which may be years off.
    old = Alert.objects.filter(state=State.RESOLVED, ends_at__lt=oldest, changed_at__lt=oldest)
    stale = Alert.objects.filter(state=State.PENDING, last_received_at__lt=now - PENDING_KEPT)
    return _delete(old) + _delete(stale) + sum(map(_delete, _of_the_gone()))


def _of_the_gone() -> list["QuerySet[Alert]"]:
    known = set(Cluster.objects.values_list("pk", flat=True))
    found = set(Alert.objects.order_by().values_list("cluster_id", flat=True).distinct())
    return [Alert.objects.filter(cluster_id=gone) for gone in sorted(found - known)]


def _delete(alerts: "QuerySet[Alert]") -> int:
    deleted = 0
    while ids := list(alerts.order_by().values_list("pk", flat=True)[:AT_ONCE]):
        # Their stories go with them, and whatever else refers to them.
        deleted += alerts.filter(pk__in=ids).delete()[1].get(Alert._meta.label, 0)  # noqa: SLF001
    return deleted
