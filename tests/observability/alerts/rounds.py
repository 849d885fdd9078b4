"""Rounds of alerts, as tests have them made."""

from datetime import UTC, datetime, timedelta

from asgiref.sync import async_to_sync

from apps.observability.actions.alerts import reconciling
from apps.observability.models import Alert, AlertPath


def reconcile() -> int:
    return async_to_sync(reconciling.reconcile)()


def believe() -> None:
    """Have whatever was started be known to have been for long."""
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    for path in AlertPath.objects.all():
        path.starts = dict.fromkeys(path.starts, long_ago)
        path.save(update_fields=["starts"])


def states() -> dict[str, tuple[str, str]]:
    """By name, of the newest of each."""
    rows = Alert.objects.order_by("starts_at")
    return {one.alertname: (one.state, one.ending) for one in rows}
