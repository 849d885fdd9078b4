"""Puts what was told of alerts into their table: all of a batch by a few statements, or none.

What a word means for a row that is there is decided in `meaning`; what is to be told of it goes
out with the commit. Rows are locked in one order by everybody, so that no two can deadlock.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from apps.observability import events
from apps.observability.actions.alerts import rows
from apps.observability.actions.alerts.meaning import Before, Verdict, judge
from apps.observability.models.alert import Source
from apps.observability.models.alert_story import Change
from apps.observability.sources.alertmanager import Told, name_of, namespace_of, severity_of
from apps.streaming.publish import publish_each

Key = tuple[UUID, str, datetime]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A word about one alert. Of what was asked for, `received_at` is when the question went out:
    what became known while the answer was on its way is newer than the answer.
    """

    cluster_id: UUID
    told: Told
    source: Source
    received_at: datetime

    @property
    def key(self) -> Key:
        return self.cluster_id, self.told.fingerprint, self.told.starts_at


@dataclass(slots=True)
class Stored:
    """The alerts whose state changed, and how many words changed none."""

    fired: list[UUID] = field(default_factory=list)
    resolved: list[UUID] = field(default_factory=list)
    repeated: int = 0


@transaction.atomic
def store(arrivals: Sequence[Arrival]) -> Stored:
    """Store a batch, in the order in which it arrived; told twice it is stored and told once.

    Arrivals of clusters that are no longer registered are left out.
    """
    stored = Stored()
    for turn in _turns(arrivals):
        _store_turn(turn, stored)
    changes = [(one, Change.FIRED) for one in stored.fired]
    changes += [(one, Change.RESOLVED) for one in stored.resolved]
    tell(changes, max((one.received_at for one in arrivals), default=None))
    stored.repeated = len(arrivals) - len(changes)
    return stored


def _turns(arrivals: Iterable[Arrival]) -> list[list[Arrival]]:
    """Return what fires and what is over, each alert at most once in either, sorted by key.

    What fired and was over within one batch has done both. Once over it stays so for a webhook's
    older word that comes after it.
    """
    firing: dict[Key, Arrival] = {}
    over: dict[Key, Arrival] = {}
    for one in arrivals:
        if not one.told.firing:
            over[one.key] = one
        elif one.key not in over or one.source != Source.WEBHOOK:
            firing[one.key] = one
    return [[words[key] for key in sorted(words)] for words in (firing, over) if words]


def _store_turn(arrivals: Sequence[Arrival], stored: Stored) -> None:
    ids = new_ids(len(arrivals))
    new = [row_of(number, one, ids[number]) for number, one in enumerate(arrivals)]
    with connection.cursor() as cursor:
        # Whoever is told by others that it fires is in the table already, most of the time.
        document = msgspec.json.encode(new).decode()
        cursor.execute(rows.INSERT, [document])
        inserted = {found[0] for found in cursor.fetchall()}
        for row in new:
            if row["id"] in inserted:
                (stored.fired if row["state"] == "FIRING" else stored.resolved).append(row["id"])
        if len(inserted) < len(new):
            rest = [row for row in new if row["id"] not in inserted]
            cursor.execute(rows.HOLD, [msgspec.json.encode(rest).decode()])
            _rewrite(cursor, cursor.fetchall(), arrivals, stored)


def new_ids(many: int) -> list[UUID]:
    # One question to the system for all of them: each lets go of the interpreter.
    entropy = os.urandom(16 * many)
    return [UUID(bytes=entropy[at : at + 16], version=4) for at in range(0, 16 * many, 16)]


def row_of(number: int, one: Arrival, alert_id: UUID) -> dict[str, Any]:
    """Return what was told as `rows` takes it."""
    told = one.told
    over_at = None if told.firing else max(told.ends_at or one.received_at, told.starts_at)
    return {
        "n": number,
        "id": alert_id,
        "cluster_id": one.cluster_id,
        "fingerprint": told.fingerprint,
        "starts_at": told.starts_at,
        "ends_at": over_at,
        "state": "FIRING" if told.firing else "RESOLVED",
        "ending": "" if told.firing else "TOLD",
        "severity": severity_of(told.labels).value,
        "alertname": name_of(told.labels),
        "namespace": namespace_of(told.labels),
        "labels": told.labels,
        "annotations": told.annotations,
        "generator_url": told.generator_url,
        "receivers": told.receivers,
        "silenced_by": told.silenced_by,
        "inhibited_by": told.inhibited_by,
        "source": one.source.value,
        "received_at": one.received_at,
    }


def _rewrite(cursor: Any, held: Sequence[Any], arrivals: Sequence[Arrival], stored: Stored) -> None:
    """Do to the rows, which are locked, what each word means for them."""
    by_verdict: dict[Verdict, list[dict[str, Any]]] = {}
    for number, alert_id, *columns in held:
        one = arrivals[number]
        verdict = judge(Before(*columns), one.told, one.source, one.received_at)
        row = row_of(number, one, alert_id)
        by_verdict.setdefault(verdict, []).append(row)
    for verdict, changed in by_verdict.items():
        if statement := rows.UPDATES.get(verdict):
            cursor.execute(statement, [msgspec.json.encode(changed).decode()])
    stored.fired += [row["id"] for row in by_verdict.get(Verdict.FIRES, [])]
    stored.resolved += [row["id"] for row in by_verdict.get(Verdict.ENDS, [])]


def tell(changes: Sequence[tuple[UUID, Change]], at: datetime | None) -> None:
    """Keep the changes for who is to be notified, and send them out as events on commit.

    Called in the transaction that made them, by whoever ends an alert or lets one fire.
    """
    if not changes:
        return
    ids = ",".join(str(alert_id) for alert_id, _ in changes)
    kinds = ",".join(change.value for _, change in changes)
    with connection.cursor() as cursor:
        told = {"ids": f"{{{ids}}}", "changes": f"{{{kinds}}}", "at": at}
        cursor.execute(rows.CHANGED, told)
        found = cursor.fetchall()
    publish_each([events.alert_changed(*row) for row in found])
