"""Stores what a round has found, all of it by a few statements, and tells what is news."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from apps.observability import events
from apps.observability.collect.judging import is_significant, judge
from apps.observability.models import Indicator, IndicatorReading
from apps.observability.models.reading import State
from apps.streaming.publish import publish

# Clusters and indicators may go while a round is under way; their values are left out.
_SAMPLES = """
    INSERT INTO observability_indicatorsample (cluster_id, indicator_id, at, value)
    SELECT new.cluster_id, new.indicator_id, %s, new.value
    FROM unnest(%s::uuid[], %s::bigint[], %s::float8[]) AS new(cluster_id, indicator_id, value)
    JOIN clusters_cluster ON clusters_cluster.id = new.cluster_id
    JOIN observability_indicator ON observability_indicator.id = new.indicator_id
    ON CONFLICT DO NOTHING
"""
_READINGS = """
    INSERT INTO observability_indicatorreading AS old
        (cluster_id, indicator_id, at, value, state, told_value)
    SELECT new.cluster_id, new.indicator_id, %s, new.value, new.state, new.told_value
    FROM unnest(%s::uuid[], %s::bigint[], %s::float8[], %s::text[], %s::float8[])
        AS new(cluster_id, indicator_id, value, state, told_value)
    JOIN clusters_cluster ON clusters_cluster.id = new.cluster_id
    JOIN observability_indicator ON observability_indicator.id = new.indicator_id
    ON CONFLICT (cluster_id, indicator_id) DO UPDATE SET at = excluded.at, value = excluded.value,
        state = excluded.state, told_value = excluded.told_value
    WHERE old.at < excluded.at
"""


@dataclass(frozen=True, slots=True)
class Found:
    """One value of one cluster."""

    cluster_id: UUID
    cluster_name: str
    indicator: Indicator
    value: float

    @property
    def key(self) -> tuple[UUID, int]:
        return self.cluster_id, self.indicator.pk


@dataclass(frozen=True, slots=True)
class Judged:
    found: Found
    state: State
    before: IndicatorReading | None

    @property
    def is_news(self) -> bool:
        """A first value is news only where it is bad."""
        if self.before is None:
            return self.state != State.OK
        return self.state != self.before.state or is_significant(
            self.found.indicator, self.before.told_value, self.found.value
        )

    @property
    def previous(self) -> float | None:
        return self.before.told_value if self.before else None

    @property
    def told_value(self) -> float:
        if self.before is None or self.is_news:
            return self.found.value
        return self.before.told_value


@transaction.atomic
def store(at: datetime, founds: Sequence[Found]) -> int:
    """Store values of the minute `at`, all or none; return how many were news.

    Stored twice, they are written and told once.
    """
    unique = {found.key: found for found in founds}
    columns = _columns(unique.values())
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLES, [at, *columns])
    before = _readings_of(unique)
    judged = [
        Judged(found, judge(found.indicator, found.value), before.get(key))
        for key, found in unique.items()
        if key not in before or before[key].at < at
    ]
    if judged:
        _write_readings(at, judged)
    news = [one for one in judged if one.is_news]
    for one in news:
        publish(
            events.metric_update(
                one.found.indicator,
                (one.found.cluster_id, one.found.cluster_name),
                one.found.value,
                one.previous,
                one.state,
            )
        )
    return len(news)


def _readings_of(
    wanted: Mapping[tuple[UUID, int], Found],
) -> dict[tuple[UUID, int], IndicatorReading]:
    rows = IndicatorReading.objects.filter(cluster_id__in={key[0] for key in wanted})
    return {(row.cluster_id, row.indicator_id): row for row in rows}


def _write_readings(at: datetime, judged: Sequence[Judged]) -> None:
    columns = _columns([one.found for one in judged])
    states = [one.state.value for one in judged]
    told = [one.told_value for one in judged]
    with connection.cursor() as cursor:
        cursor.execute(_READINGS, [at, *columns, states, told])


def _columns(founds: Iterable[Found]) -> tuple[list[UUID], list[int], list[float]]:
    rows = list(founds)
    return (
        [one.cluster_id for one in rows],
        [one.indicator.pk for one in rows],
        [one.value for one in rows],
    )
