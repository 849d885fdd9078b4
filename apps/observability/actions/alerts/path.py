"""Notes when alerts of a cluster last came by its webhook, at most every few seconds."""

import logging
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import Error as DatabaseFailure
from django.db import connection

logger = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
_NOTE = """
    INSERT INTO observability_alertpath AS path
        (cluster_id, last_webhook_at, truncated_at, truncated_alerts, problem)
    SELECT new.cluster_id, new.at, CASE WHEN new.truncated > 0 THEN new.at END, new.truncated, ''
    FROM unnest(%s::uuid[], %s::timestamptz[], %s::int[]) AS new(cluster_id, at, truncated)
    JOIN clusters_cluster ON clusters_cluster.id = new.cluster_id
    ORDER BY new.cluster_id
    ON CONFLICT (cluster_id) DO UPDATE SET
        last_webhook_at = greatest(path.last_webhook_at, excluded.last_webhook_at),
        truncated_at = coalesce(excluded.truncated_at, path.truncated_at),
        truncated_alerts = CASE WHEN excluded.truncated_alerts > 0
            THEN excluded.truncated_alerts ELSE path.truncated_alerts END
"""
_noted: dict[UUID, float] = {}
_lock = threading.Lock()


def note_webhooks(came: Iterable[tuple[UUID, datetime, int]]) -> None:
    """Note (cluster, when, alerts left out) of what was stored, in no transaction with it.

    A row written by every webhook would be locked by all of them. What is lost of this is noted
    by the next one.
    """
    due: dict[UUID, tuple[datetime, int]] = {}
    now = time.monotonic()
    with _lock:
        for cluster_id, at, truncated in came:
            if truncated or cluster_id in due or now - _noted.get(cluster_id, 0) > EVERY_SECONDS:
                _noted[cluster_id] = now
                due[cluster_id] = at, truncated or due.get(cluster_id, (at, 0))[1]
    if not due:
        return
    clusters, notes = list(due), list(due.values())
    try:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, [clusters, [at for at, _ in notes], [left for _, left in notes]])
    except DatabaseFailure as error:
        logger.warning("When alerts last came could not be noted: %s", error)
        with _lock:
            for cluster_id in due:
                _noted.pop(cluster_id, None)
