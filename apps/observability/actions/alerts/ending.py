"""Ends alerts of which nobody said that they are over: it was concluded."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from apps.observability.actions.alerts.storing import tell
from apps.observability.models.alert import Ending
from apps.observability.models.alert_story import Change

# As many as one transaction has; the events of all of them go out with its commit.
AT_ONCE = 1000
# What was told after the question went out is newer than the answer. Locked in the order in which
# everybody does who stores alerts.
_END = """
    WITH held AS (
        SELECT id FROM observability_alert
        WHERE id = ANY(%(ids)s) AND state = 'FIRING' AND last_received_at < %(at)s
        ORDER BY cluster_id, fingerprint COLLATE "C", starts_at
        FOR NO KEY UPDATE
    )
    UPDATE observability_alert AS alert
    SET state = 'RESOLVED', ending = %(ending)s, ends_at = greatest(%(at)s, alert.starts_at),
        changed_at = %(at)s, acknowledged_by_id = NULL, acknowledged_at = NULL,
        acknowledgement = '',
        words = alert_words(alert.alertname, alert.labels, alert.annotations)
    FROM held WHERE alert.id = held.id
    RETURNING alert.id
"""


def end(alert_ids: Sequence[UUID], ending: Ending, at: datetime) -> int:
    """End those that still fire and of which nothing was received since `at`; count them."""
    return sum(
        _end(list(alert_ids[start : start + AT_ONCE]), ending, at)
        for start in range(0, len(alert_ids), AT_ONCE)
    )


@transaction.atomic
def _end(alert_ids: list[UUID], ending: Ending, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_END, {"ids": alert_ids, "ending": ending.value, "at": at})
        ended = [found[0] for found in cursor.fetchall()]
    tell([(alert_id, Change.RESOLVED) for alert_id in ended], at)
    return len(ended)
