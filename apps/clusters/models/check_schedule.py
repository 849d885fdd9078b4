"""When each cluster is checked and discovered, next and last: the row that each round writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Self
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Func, Q
from django.db.models.functions import Mod
from django.utils import timezone

from apps.clusters.models.cluster import Cluster

# The states of this many past checks are kept, one letter each, the newest first.
STATES_KEPT = 10
# When a cluster is checked next, and discovered next.
DUE = ("next_check_at", "next_discovery_at")

# No answer is so old, and no check so far ahead: what seems to be was written by a clock that was
# wrong then. Else a host that was set back by a day would check nothing for a day.
SET_BACK = timedelta(minutes=10)

# What is overdue by this is anybody's: its worker is away, or cannot keep up.
LEFT_LYING = timedelta(seconds=15)

# Counted from the time it was due, or each check would slip by up to one tick, and a tenth more or
# less, or what began together would stay together. What was not checked in time, or never, is
# spread over its interval: a fleet that was registered, or out of reach, at once is not asked at
# once for ever.
_MOVE_ON = """
    UPDATE clusters_checkschedule AS schedule
    SET next_check_at = CASE
        WHEN checked_at IS NULL OR next_check_at <= %(now)s - 0.9 * due.every
            OR next_check_at > %(now)s
        THEN %(now)s + due.every * (0.1 + 0.9 * random())
        ELSE next_check_at + due.every * (0.9 + 0.2 * random())
    END
    FROM (
        SELECT id, make_interval(secs => seconds) AS every
        FROM unnest(%(ids)s::uuid[], %(seconds)s::float8[]) AS one(id, seconds)
    ) AS due
    WHERE cluster_id = due.id
"""
# The rows are locked in one order, so that two workers wait for each other and never both ways.
_NOTE = f"""
    WITH held AS (
        SELECT cluster_id FROM clusters_checkschedule
        WHERE cluster_id = ANY(%(cluster_id)s) ORDER BY cluster_id FOR NO KEY UPDATE
    )
    UPDATE clusters_checkschedule AS schedule
    SET checked_at = new.checked_at,
        latency_ms = new.latency_ms,
        last_seen_at = CASE WHEN new.seen THEN new.checked_at ELSE schedule.last_seen_at END,
        recent_states = left(new.letter || schedule.recent_states, {STATES_KEPT})
    FROM held JOIN unnest(
        %(cluster_id)s::uuid[], %(checked_at)s::timestamptz[], %(latency_ms)s::int[],
        %(seen)s::bool[], %(letter)s::text[]
    ) AS new(id, checked_at, latency_ms, seen, letter) ON held.cluster_id = new.id
    WHERE schedule.cluster_id = held.cluster_id
      AND (
        schedule.checked_at IS NULL OR schedule.checked_at < new.checked_at
        OR schedule.checked_at > new.checked_at + make_interval(secs => %(set_back)s)
      )
    RETURNING schedule.cluster_id, schedule.recent_states
"""  # noqa: S608 - the one value put in is a constant of ours


class LastByte(Func):
    """The last byte of a UUID, which chance has made in all kinds of them."""

    template = "get_byte(uuid_send(%(expressions)s), 15)"
    output_field = models.IntegerField()


class Checked(NamedTuple):
    """What a check leaves in the schedule. `letter` is its state, or nothing if it has none."""

    cluster_id: UUID
    checked_at: datetime
    latency_ms: int | None
    seen: bool
    letter: str


class CheckScheduleQuerySet(models.QuerySet["CheckSchedule"]):
    def due_at(self, moment: datetime) -> Self:
        longest = SET_BACK + timedelta(seconds=2 * max(settings.CHECK_INTERVALS.values()))
        due = Q(next_check_at__lte=moment) | Q(next_check_at__gt=moment + longest)
        return self.filter(due, cluster__enabled=True)

    def of_part(self, part: int, parts: int, moment: datetime) -> Self:
        """Narrow to one of so many equal parts, and to what another part's worker left lying."""
        if parts == 1:
            return self
        share = Mod(LastByte("pk"), parts)
        return self.alias(share=share).filter(
            Q(share=part) | Q(next_check_at__lte=moment - LEFT_LYING)
        )

    def discovery_due_at(self, moment: datetime) -> Self:
        return self.filter(cluster__enabled=True, next_discovery_at__lte=moment)

    def bring_forward(self, *columns: str) -> None:
        """Have these due now, of DUE, in the next rounds.

        Locked in the order in which verdicts lock them, or the two could deadlock.
        """
        with transaction.atomic():
            held = list(self.select_for_update(no_key=True).order_by("pk").values_list("pk"))
            if held:
                self.update(**dict.fromkeys(columns, timezone.now()))

    def move_on(self, every: Mapping[UUID, float], now: datetime) -> None:
        """Set when each of these is checked next; `every` is the interval in seconds."""
        with connection.cursor() as cursor:
            cursor.execute(
                _MOVE_ON, {"now": now, "ids": list(every), "seconds": list(every.values())}
            )

    def note(self, checks: Sequence[Checked]) -> dict[UUID, str]:
        """Write what is newer than what is there, and lock it; return its last states by id."""
        columns = {name: [getattr(one, name) for one in checks] for name in Checked._fields}
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, {**columns, "set_back": SET_BACK.total_seconds()})
            return dict(cursor.fetchall())


class CheckSchedule(models.Model):
    """Apart from Cluster, so that polling neither bloats the registry nor meets its edits."""

    cluster = models.OneToOneField(
        Cluster, on_delete=models.CASCADE, primary_key=True, related_name="schedule"
    )
    next_check_at = models.DateTimeField(db_index=True)
    checked_at = models.DateTimeField(null=True)
    latency_ms = models.PositiveIntegerField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    recent_states = models.CharField(max_length=STATES_KEPT, blank=True, default="")
    next_discovery_at = models.DateTimeField(db_index=True, default=timezone.now)
    discovered_at = models.DateTimeField(null=True)

    objects = CheckScheduleQuerySet.as_manager()

    def __str__(self) -> str:
        return f"schedule of {self.cluster_id}"
