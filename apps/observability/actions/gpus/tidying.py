"""The past of GPUs: partitions made ahead and dropped when they are old, nodes that have left, and
what nobody names.
"""

from datetime import UTC, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps import partitions

SAMPLES = partitions.DailyTable("observability_gpusample", "at")
SPANS = partitions.DailyTable("observability_gpuspan", "at")
HOURS = partitions.DailyTable("observability_gpuhours", "hour")
DAYS_AHEAD = 3
# A day can be asked for at any time of the day.
SAMPLES_KEPT = timedelta(days=1)
# A node that leaves its cluster is in no reading any more: so long it may be away and come back.
LEFT_AFTER = timedelta(days=1)
# While others of its cluster are read; of one that nobody can ask nobody knows what has left.
_LEFT = """
    WITH away AS (
        SELECT node.id, node.cluster_id, node.node_name, node.read_at
        FROM observability_gpunode AS node
        JOIN observability_gpufeed AS feed ON feed.cluster_id = node.cluster_id
        WHERE node.read_at < %(left)s AND feed.read_at > %(left)s
        ORDER BY feed.cluster_id FOR UPDATE OF feed
    ), gone AS (
        UPDATE observability_gpucard AS card
        SET missing_since = coalesce(card.missing_since, away.read_at),
            gone_at = coalesce(card.missing_since, away.read_at)
        FROM away WHERE card.node_id = away.id AND card.gone_at IS NULL
        RETURNING card.id, card.uuid, card.name, card.gone_at, away.cluster_id, away.node_name
    ), told AS (
        INSERT INTO observability_gpuchange
            (cluster_id, at, kind, node_name, uuid, name, before, after)
        SELECT cluster_id, gone_at, 'GONE', node_name, uuid, name, '', '' FROM gone
    )
    UPDATE observability_gpuclaim AS claim SET until = gone.gone_at
    FROM gone WHERE claim.card_id = gone.id AND claim.until IS NULL
"""
# Of clusters that are gone, and of cards and nodes that were not seen for as long as history goes.
_SWEEP = (
    """
    DELETE FROM observability_gpuclaim WHERE until < %(old)s OR NOT EXISTS
        (SELECT FROM clusters_cluster WHERE id = cluster_id)
    """,
    """
    DELETE FROM observability_gpuchange WHERE at < %(old)s OR NOT EXISTS
        (SELECT FROM clusters_cluster WHERE id = cluster_id)
    """,
    """
    DELETE FROM observability_gpucard AS card WHERE NOT EXISTS
            (SELECT FROM observability_gpuclaim WHERE card_id = card.id)
        AND (gone_at < %(old)s OR NOT EXISTS
            (SELECT FROM clusters_cluster WHERE id = card.cluster_id))
    """,
    """
    DELETE FROM observability_gpunode AS node WHERE NOT EXISTS
            (SELECT FROM observability_gpucard WHERE node_id = node.id)
        AND NOT EXISTS (SELECT FROM observability_gpuclaim WHERE node_id = node.id)
        AND (read_at < %(old)s OR NOT EXISTS
            (SELECT FROM clusters_cluster WHERE id = node.cluster_id))
    """,
    """
    DELETE FROM observability_gpuhours WHERE NOT EXISTS
        (SELECT FROM clusters_cluster WHERE id = cluster_id)
    """,
)


def tidy() -> int:
    """Make the days to come, forget what is too old; return how many partitions were dropped."""
    now = timezone.now()
    old = now - timedelta(days=settings.GPU_HISTORY_DAYS)
    for table in (SAMPLES, SPANS, HOURS):
        partitions.ensure(table, now.astimezone(UTC).date(), DAYS_AHEAD)
    dropped = partitions.drop_before(SAMPLES, now - SAMPLES_KEPT)
    dropped += partitions.drop_before(SPANS, old)
    dropped += partitions.drop_before(HOURS, old)
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, {"left": now - LEFT_AFTER})
        for statement in _SWEEP:
            cursor.execute(statement, {"old": old})
    return len(dropped)
