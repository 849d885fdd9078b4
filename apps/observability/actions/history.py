"""The values of the past: minutes for a day or two, hours for long, dropped by whole days."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from apps import partitions
from apps.observability.models import IndicatorHour, IndicatorSample

MINUTES = partitions.DailyTable("observability_indicatorsample", "at")
HOURS = partitions.DailyTable("observability_indicatorhour", "hour")
DAYS_AHEAD = 3
HOUR = timedelta(hours=1)
# A day by minutes can be asked for at any time of the day, and one more is there to sum up.
MINUTES_KEPT = timedelta(days=2)
_SUM_UP = """
    INSERT INTO observability_indicatorhour
        (cluster_id, indicator_id, hour, minimum, maximum, average, last)
    SELECT cluster_id, indicator_id, %s, min(value), max(value), avg(value),
           (array_agg(value ORDER BY at DESC))[1]
    FROM observability_indicatorsample WHERE at >= %s AND at < %s
    GROUP BY cluster_id, indicator_id
    ON CONFLICT (cluster_id, indicator_id, hour) DO UPDATE SET
        minimum = excluded.minimum, maximum = excluded.maximum, average = excluded.average,
        last = excluded.last
"""
_GONE = """
    DELETE FROM observability_indicatorreading AS reading WHERE NOT EXISTS
        (SELECT FROM clusters_cluster AS cluster WHERE cluster.id = reading.cluster_id)
"""


def tidy() -> int:
    """Sum up the full hours and forget what is too old; return how many hours were summed up."""
    now = timezone.now()
    today = now.astimezone(UTC).date()
    for table in (MINUTES, HOURS):
        partitions.ensure(table, today, DAYS_AHEAD)
    summed = sum_up(now)
    partitions.drop_before(MINUTES, now - MINUTES_KEPT)
    partitions.drop_before(HOURS, now - timedelta(days=settings.INDICATOR_HISTORY_DAYS))
    with connection.cursor() as cursor:
        cursor.execute(_GONE)
    return summed


def sum_up(now: datetime) -> int:
    """Sum up each full hour from the last one known on; done twice, it comes to the same.

    Each hour is a transaction of its own: what is killed goes on there the next time.
    """
    end = _full_hour(now)
    hour, done = _first(now, end), 0
    while hour < end:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_SUM_UP, [hour, hour, hour + HOUR])
        hour, done = hour + HOUR, done + 1
    return done


def _first(now: datetime, end: datetime) -> datetime:
    """The newest hour that is known is done anew: a round may have ended after it was."""
    oldest = _full_hour(now - MINUTES_KEPT) + HOUR
    known = IndicatorHour.objects.filter(hour__gte=oldest).aggregate(at=Max("hour"))["at"]
    if known is None:
        known = IndicatorSample.objects.filter(at__gte=oldest).aggregate(at=Min("at"))["at"]
    return _full_hour(known) if known else end


def _full_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
