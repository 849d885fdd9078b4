"""What a node's cards and slices did over time, at the finest steps that a chart can show.

Of the past day there is a reading every 15 seconds, of 90 days one every 5 minutes. Steps of 5
minutes and more are made of those, and of readings for the minutes that are not added up yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts.models import User
from apps.observability.gpus import stored
from apps.observability.gpus.reading import Gpu, MigInstance
from apps.observability.models import GpuCard, GpuChange, GpuLedger, GpuNode
from apps.observability.models.gpu_history import BUCKET_SECONDS, SPAN_SECONDS, UNITS
from apps.observability.queries.gpus.nodes import the_node

# Of readings every 15 seconds so much is there at any time, and a little that a clock may be off.
FINE = timedelta(hours=24, minutes=10)
STEPS = (15, 30, 60, 120, 300, 900, 1800, 3600, 7200, 21600, 86400)
POINTS, MOST_POINTS = 375, 100_000
MOST_CHANGES = 200
# One row a unit, with arrays over the steps in which it told anything. The step is worked out once
# a row (OFFSET 0 keeps it there) and not once a unit of it: that takes half the time.
_SERIES = """
WITH told AS (
    SELECT step, of_unit.*
    FROM (
        SELECT *, floor(date_part('epoch', at - %(since)s) / %(step)s)::integer AS step
        FROM observability_gpuspan
        WHERE node_id = %(node)s AND at >= %(since)s AND at < %(added_up)s OFFSET 0
    ) AS span,
        unnest(units, busy, busy_highest, memory_used_mb, memory_highest_mb, power_watts,
            temperature_highest_celsius)
            AS of_unit(unit, busy, busiest, memory, most, power, temperature)
    UNION ALL
    SELECT step, of_unit.unit, of_unit.busy, of_unit.busy, of_unit.memory, of_unit.memory,
        of_unit.power, of_unit.temperature
    FROM (
        SELECT *, floor(date_part('epoch', at - %(since)s) / %(step)s)::integer AS step
        FROM observability_gpusample
        WHERE node_id = %(node)s AND at >= %(added_up)s AND at < %(until)s OFFSET 0
    ) AS sample,
        unnest(units, busy, memory_used_mb, power_watts, temperature_celsius)
            AS of_unit(unit, busy, memory, power, temperature)
), steps AS (
    SELECT unit, step, avg(busy) AS busy, max(busiest)::float8 AS busiest, avg(memory) AS memory,
        max(most) AS most, avg(power) AS power, max(temperature) AS temperature
    FROM told GROUP BY unit, step
)
SELECT unit, array_agg(step), array_agg(round(busy * 10) / 10),
    array_agg(round(busiest * 10) / 10), array_agg(round(memory)), array_agg(most),
    array_agg(round(power * 10) / 10), array_agg(temperature)
FROM steps GROUP BY unit
"""


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when, in steps of so many seconds that begin where the epoch's do."""

    since: datetime
    until: datetime
    step: int

    @property
    def points(self) -> int:
        return int((self.until - self.since).total_seconds()) // self.step

    @property
    def is_fine(self) -> bool:
        return self.step < SPAN_SECONDS


@dataclass(frozen=True, slots=True)
class Line:
    """A unit's values, one for each step."""

    busy: list[float | None]
    busiest: list[float | None]
    memory: list[float | None]
    most: list[int | None]
    power: list[float | None]
    temperature: list[int | None]


class TooMany(Exception):
    """More points than one answer holds."""


def window(since: datetime, until: datetime, step: int | None, now: datetime) -> Window:
    """Return whole steps around a time; of no step the finest of which a chart has room for."""
    if step is None:
        finest = SPAN_SECONDS if now - since > FINE else BUCKET_SECONDS
        least = max(finest, (until - since).total_seconds() / POINTS)
        step = next((one for one in STEPS if one >= least), STEPS[-1])
    begin = int(since.timestamp()) // step * step
    end = -int(-until.timestamp() // step) * step
    return Window(_moment(begin), _moment(max(end, begin + step)), step)


def of_node(user: User, cluster_id: UUID, node_name: str, over: Window) -> dict[str, Any]:
    """Return what `contract_gpu_use.GpuHistory` says, of a node that `user` may see.

    Raises TooMany.
    """
    seen, node = the_node(user, cluster_id, node_name)
    cards = {card.pk: card for card in GpuCard.objects.filter(node=node)}
    readings = {pk: stored.gpu(card) for pk, card in cards.items()}
    there = _there(cards.values(), readings)
    if over.points * max(1, len(there)) > MOST_POINTS:
        raise TooMany
    lines = _lines(node, over)
    units = sorted({*there, *(one for one in lines if one // UNITS in cards)}, key=_by(cards))
    empty = _empty(over.points)
    return {
        "cluster_id": cluster_id,
        "cluster_name": seen.name_of(cluster_id),
        "node_name": node.node_name,
        "since": over.since,
        "until": over.until,
        "resolution_seconds": over.step,
        "at": [over.since + timedelta(seconds=over.step * n) for n in range(over.points)],
        "series": [
            _described(one, cards[one // UNITS], there.get(one), lines.get(one, empty))
            for one in units
        ],
        "changes": _changes(user, node, over),
    }


def _there(cards: Iterable[GpuCard], readings: dict[int, Gpu]) -> dict[int, MigInstance | Gpu]:
    """Return the units that there are now."""
    found: dict[int, MigInstance | Gpu] = {}
    for card in cards:
        if card.gone_at is not None:
            continue
        gpu = readings[card.pk]
        for part in (None, *(gpu.mig_instances or ())):
            unit = stored.unit(card.pk, part)
            if unit is not None:
                found[unit] = part or gpu
    return found


def _lines(node: GpuNode, over: Window) -> dict[int, Line]:
    until = GpuLedger.objects.values_list("until", flat=True).first()
    added_up = over.since if over.is_fine or until is None else max(over.since, until)
    given: dict[str, Any] = {
        "node": node.pk,
        "since": over.since,
        "until": over.until,
        "added_up": min(added_up, over.until),
        "step": over.step,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SERIES, given)
        return {
            unit: Line(*(_spread(steps, column, over.points) for column in columns))
            for unit, steps, *columns in cursor.fetchall()
        }


def _spread(steps: Sequence[int], values: Sequence[Any], points: int) -> list[Any]:
    """Put each value in its place; what has none was not measured."""
    found: list[Any] = [None] * points
    for step, value in zip(steps, values, strict=True):
        found[step] = value
    return found


def _empty(points: int) -> Line:
    nothing: list[Any] = [None] * points
    return Line(nothing, nothing, nothing, nothing, nothing, nothing)


def _described(
    unit: int, card: GpuCard, part: MigInstance | Gpu | None, line: Line
) -> dict[str, Any]:
    gi, ci = stored.part_of(unit)
    is_slice = gi is not None
    return {
        "gpu_index": card.index,
        "gpu_uuid": card.uuid or None,
        "gpu_name": card.name or None,
        "gpu_instance_id": gi,
        "compute_instance_id": ci,
        "profile": part.profile if isinstance(part, MigInstance) else None,
        "present": part is not None,
        "busy_percent": line.busy,
        "busy_percent_highest": line.busiest,
        "memory_used_mb": line.memory,
        "memory_used_mb_highest": line.most,
        "power_draw_watts": None if is_slice else line.power,
        "temperature_celsius": None if is_slice else line.temperature,
    }


def _changes(user: User, node: GpuNode, over: Window) -> list[dict[str, Any]]:
    changes = GpuChange.objects.visible_to(user).filter(
        cluster_id=node.cluster_id,
        node_name=node.node_name,
        at__gte=over.since,
        at__lt=over.until,
    )
    return [
        {
            "at": one.at,
            "kind": one.kind,
            "uuid": one.uuid or None,
            "name": one.name or None,
            "before": one.before,
            "after": one.after,
        }
        for one in changes.order_by("-at", "-pk")[:MOST_CHANGES]
    ]


def _by(cards: dict[int, GpuCard]) -> Any:
    def place(unit: int) -> tuple[bool, int, int]:
        index = cards[unit // UNITS].index
        return (index is None, index or 0, unit)

    return place


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
