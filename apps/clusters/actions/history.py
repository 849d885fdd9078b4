"""The history of checks: a partition for each day, made ahead and dropped whole."""

from datetime import UTC, timedelta

from django.conf import settings
from django.utils import timezone

from apps import partitions

TABLE = partitions.DailyTable("clusters_healthcheck", "checked_at")
DAYS_AHEAD = 3


def tidy() -> int:
    """Make room for the coming days and forget what is too old; return how many days went."""
    now = timezone.now()
    partitions.ensure(TABLE, now.astimezone(UTC).date(), DAYS_AHEAD)
    oldest = now - timedelta(days=settings.HEALTH_HISTORY_DAYS)
    return len(partitions.drop_before(TABLE, oldest))
