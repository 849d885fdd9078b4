"""Tables that are kept by days: each day a partition, made ahead and dropped whole when it is old.

What fits no day goes to the partition named `<table>_rest`, so nothing is ever refused. Nobody
waits for us for long: a table that is busy is left for the next time.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import psycopg
from django.db import OperationalError, connection, transaction

logger = logging.getLogger(__name__)

# As long others may have to wait behind us while we wait for a lock.
LOCK_TIMEOUT = "500ms"
DAY = timedelta(days=1)
# Rows only ever come: vacuumed after every fiftieth more, they are counted by the index alone.
COUNTABLE = "WITH (autovacuum_vacuum_insert_scale_factor = 0.02)"
_BOUNDS = """
    SELECT name, substring(bounds FROM $$FROM \\('([^']+)'\\)$$)::timestamptz,
           substring(bounds FROM $$TO \\('([^']+)'\\)$$)::timestamptz
    FROM (
        SELECT part.relname AS name, pg_get_expr(part.relpartbound, part.oid) AS bounds
        FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
        WHERE inhparent = %s::regclass
    ) AS parts
    WHERE bounds <> 'DEFAULT' ORDER BY 3
"""


@dataclass(frozen=True, slots=True)
class DailyTable:
    """A table of ours, partitioned by ranges of `column`, a time. Its names are no input."""

    name: str
    column: str

    @property
    def rest(self) -> str:
        return f"{self.name}_rest"


@dataclass(frozen=True, slots=True)
class Partition:
    """`since` None: from the beginning of time."""

    name: str
    since: datetime | None
    until: datetime

    def holds(self, moment: datetime) -> bool:
        return (self.since is None or self.since <= moment) and moment < self.until


def partitions_of(table: DailyTable) -> list[Partition]:
    """Return the partitions that have bounds, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDS, [table.name])
        return [Partition(*row) for row in cursor.fetchall()]


def ensure(table: DailyTable, first: date, ahead: int) -> list[date]:
    """Have a partition for the day `first` and as many `ahead`; return the days that were new."""
    days = [first + offset * DAY for offset in range(ahead + 1)]
    return [day for day in days if not _has(table, day) and _unless_busy(table, _adder(table, day))]


def drop_before(table: DailyTable, moment: datetime) -> list[str]:
    """Drop each partition that holds nothing as new as `moment`; return their names.

    What is as old among the rest is deleted; there is little of it.
    """
    old = [one for one in partitions_of(table) if one.until <= moment]
    dropped = [one.name for one in old if _unless_busy(table, _dropper(one))]
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table.rest} WHERE {table.column} < %s", [moment])  # noqa: S608 - names of ours
    return dropped


def _has(table: DailyTable, day: date) -> bool:
    return any(one.holds(_midnight(day)) for one in partitions_of(table))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _unless_busy(table: DailyTable, work: Callable[[], bool]) -> bool:
    """Do `work` in a transaction that waits for no lock for long; return whether it was done."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            [before] = cursor.fetchone()
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
            # One worker at a time: a second one would make the same day.
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [table.name])
            [ours] = cursor.fetchone()
            done = ours and work()
            # In a transaction of the caller's the setting would outlive ours.
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
            return bool(done)
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise
        logger.warning("%s is busy; its partitions are seen to the next time", table.name)
        return False


def _adder(table: DailyTable, day: date) -> Callable[[], bool]:
    def add() -> bool:
        if _has(table, day):
            return False
        name = f"{table.name}_{day:%Y%m%d}"
        bounds = [_midnight(day), _midnight(day + DAY)]
        with connection.cursor() as cursor:
            # Attached, not created as a partition: that would lock the whole table, reads too.
            cursor.execute(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL) {COUNTABLE}")
            cursor.execute(f"LOCK TABLE {table.rest} IN ACCESS EXCLUSIVE MODE")
            cursor.execute(
                f"WITH moved AS (DELETE FROM {table.rest} WHERE {table.column} >= %s"  # noqa: S608 - names of ours
                f" AND {table.column} < %s RETURNING *) INSERT INTO {name} SELECT * FROM moved",
                bounds,
            )
            cursor.execute(
                f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)",
                bounds,
            )
        return True

    return add


def _dropper(partition: Partition) -> Callable[[], bool]:
    def drop() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {partition.name}")
        return True

    return drop
