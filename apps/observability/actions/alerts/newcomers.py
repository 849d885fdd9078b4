"""Stores alerts that nobody has told of yet, by one statement that is its own transaction.

In a storm nearly all are such. To look at the tokens, store, note the changes and commit one after
another would cost several times of what PostgreSQL does with them.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection
from psycopg import Cursor

from apps.observability import events
from apps.observability.actions.alerts import rows
from apps.observability.actions.alerts.storing import Arrival, new_ids, row_of
from apps.streaming.envelope import Event


def store_new(groups: Sequence[tuple[str, Sequence[Arrival]]]) -> tuple[set[int], list[Event]]:
    """Store what is new in (digest of the token shown, what was told by it) groups.

    Return which groups are stored whole, and what is to be told of their alerts now. The others
    are for `storing.store`: it finds in the table what is new in them as well. An alert that
    comes twice in all of these is left to it too, as the order of its words matters.
    """
    seen = Counter(one.key for _, arrivals in groups for one in arrivals)
    new = [
        (one.key, which, digest, one)
        for which, (digest, arrivals) in enumerate(groups)
        for one in arrivals
        if seen[one.key] == 1
    ]
    if not new:
        return set(), []
    # Rows are locked in this order by everybody.
    new.sort(key=lambda row: row[0])
    ids = new_ids(len(new))
    told = [
        row_of(number, one, ids[number]) | {"digest": digest}
        for number, (_, _, digest, one) in enumerate(new)
    ]
    found = _stored(msgspec.json.encode(told).decode())
    place = {alert_id: number for number, alert_id in enumerate(ids)}
    left = [len(arrivals) for _, arrivals in groups]
    for alert_id, *_ in found:
        left[new[place[alert_id]][1]] -= 1
    stored = {which for which, (_, arrivals) in enumerate(groups) if arrivals and not left[which]}
    found.sort(key=lambda row: place[row[0]])
    return stored, [events.alert_changed(*row) for _, *row in found]


def _stored(told: str) -> list[tuple[Any, ...]]:
    connection.ensure_connection()
    # Prepared, as to plan it takes as long as to run it; Django's own cursors cannot.
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(rows.BEGIN_WITH, {"told": told}, prepare=True)
        return cursor.fetchall()
