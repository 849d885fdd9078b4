"""Adds samples up every 5 minutes: spans for the charts of 90 days, and who held what for what.

Each 5 minutes are added by one transaction that also moves the ledger on, so that nothing is added
twice. They are looked at a minute late: a sample that comes later than that is in no sum.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from apps.observability.actions.gpus import rows, sampling
from apps.observability.gpus import energy, use
from apps.observability.gpus.energy import Energy
from apps.observability.gpus.reading import Holder
from apps.observability.gpus.use import Hours, Seen, Share
from apps.observability.models import GpuLedger, GpuSample
from apps.observability.models.gpu_history import SPAN_SECONDS, UNITS

SPAN = timedelta(seconds=SPAN_SECONDS)
LATE = timedelta(minutes=1)
# Between samples of cards that are scraped, or asked, once a minute; more is a gap.
LONGEST_GAP = 90.0
# Of one task; what is left is for the next.
MOST_SPANS = 36
_CLAIMS = """
    SELECT claim.node_id, unit, weight, namespace, pod, container, owner, card.name,
        claim.cluster_id, extract(epoch FROM since)::float8, extract(epoch FROM until)::float8
    FROM observability_gpuclaim AS claim JOIN observability_gpucard AS card ON card.id = card_id
    WHERE since < %s AND (until IS NULL OR until > %s)
"""
_SPANS = """
    INSERT INTO observability_gpuspan (node_id, at, units, busy, busy_highest, memory_used_mb,
        memory_highest_mb, power_watts, temperature_highest_celsius, joules, seconds)
    SELECT node_id, at, units::bigint[], busy::real[], highest::real[], memory::real[],
        most::integer[], power::real[], temperature::smallint[], joules::real[], seconds::real[]
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[],
        %s::text[], %s::text[], %s::text[], %s::text[], %s::text[]) AS new(node_id, at, units,
        busy, highest, memory, most, power, temperature, joules, seconds)
    ON CONFLICT DO NOTHING
"""
_HOURS = """
    INSERT INTO observability_gpuhours AS old (cluster_id, hour, namespace, owner, model, held,
        used, wasted, unmeasured, kwh)
    SELECT cluster_id, hour, namespace, owner, model, held, used, wasted, unmeasured, kwh
    FROM jsonb_to_recordset(%s::jsonb) AS new(cluster_id uuid, hour timestamptz, namespace text,
        owner text, model text, held float8, used float8, wasted float8, unmeasured float8,
        kwh float8)
    ON CONFLICT (cluster_id, hour, namespace, owner, model) DO UPDATE SET
        held = old.held + excluded.held, used = old.used + excluded.used,
        wasted = old.wasted + excluded.wasted, unmeasured = old.unmeasured + excluded.unmeasured,
        kwh = old.kwh + excluded.kwh
"""


@dataclass(slots=True)
class Line:
    """The samples of one unit: moments in seconds, with what was read then."""

    at: list[float] = field(default_factory=list)
    busy: list[float | None] = field(default_factory=list)
    memory: list[int | None] = field(default_factory=list)
    power: list[float | None] = field(default_factory=list)
    temperature: list[int | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Claim:
    node_id: int
    unit: int
    weight: float
    namespace: str
    pod: str
    container: str
    owner: str
    model: str
    cluster_id: UUID
    since: float
    until: float | None

    @property
    def holder(self) -> Holder:
        return Holder(self.namespace, self.pod, self.container)

    def covers(self, moment: float) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


# Of a cluster and a namespace, with the model of the cards it held.
Owner = tuple[UUID, str, str, str]


def sum_up(now: datetime | None = None) -> int:
    """Add up each 5 minutes that are over and not added yet; return how many these were."""
    now = now or timezone.now()
    done = 0
    while done < MOST_SPANS and _next(now):
        done += 1
    return done


@transaction.atomic
def _next(now: datetime) -> bool:
    ledger = GpuLedger.objects.select_for_update().first()
    # Of what was added already nothing is looked at: it is days of every node, in no order of time.
    left = GpuSample.objects.filter(at__gte=ledger.until) if ledger else GpuSample.objects.all()
    first = left.aggregate(at=Min("at"))["at"]
    if first is None:
        return False
    # What is older than all samples there are, nobody can add any more.
    since = _span_of(first)
    if since + SPAN + LATE > now:
        return False
    if ledger is None:
        ledger, made = GpuLedger.objects.get_or_create(defaults={"until": since})
        if not made:
            # Somebody else has begun meanwhile: look again.
            return True
    _add(since)
    ledger.until = since + SPAN
    ledger.save(update_fields=["until"])
    return True


def _span_of(at: datetime) -> datetime:
    bucket = sampling.bucket(at)
    return bucket - timedelta(seconds=bucket.timestamp() % SPAN_SECONDS)


def _add(since: datetime) -> None:
    """Add up the 5 minutes from `since` on, with the way there from the last sample before."""
    claims = _claims(since)
    spans: list[tuple[Any, ...]] = []
    held: dict[Owner, tuple[Hours, Energy]] = {}
    for node_id, lines in _lines(since):
        joules = {unit: _energy(line) for unit, line in lines.items()}
        here = [_span(unit, line, joules[unit], since) for unit, line in sorted(lines.items())]
        here = [one for one in here if one is not None]
        if here:
            spans.append((node_id, since, *map(list, zip(*here, strict=True))))
        for unit, its in groupby(claims.get(node_id, ()), attrgetter("unit")):
            if unit in lines:
                board = joules.get(unit // UNITS * UNITS, Energy())
                _tally(lines[unit], list(its), board, held)
    _write_spans(spans)
    hour = since.replace(minute=0)
    rows.write(_HOURS, [_hours(owner, hour, *sums) for owner, sums in held.items()])


def _claims(since: datetime) -> dict[int, list[Claim]]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS, [since + SPAN, since - timedelta(seconds=LONGEST_GAP)])
        found = sorted(
            (Claim(*row) for row in cursor.fetchall()), key=attrgetter("node_id", "unit")
        )
    return {node: list(its) for node, its in groupby(found, attrgetter("node_id"))}


def _lines(since: datetime) -> Iterator[tuple[int, dict[int, Line]]]:
    """Yield each node's units with their samples, and the last ones before, in their order."""
    before = since - timedelta(seconds=LONGEST_GAP)
    found = (
        GpuSample.objects.filter(at__gte=before, at__lt=since + SPAN)
        .order_by("node_id", "at")
        .values_list(
            "node_id",
            "at",
            "units",
            "busy",
            "memory_used_mb",
            "power_watts",
            "temperature_celsius",
        )
    )
    begin = since.timestamp()
    for node_id, samples in groupby(found.iterator(chunk_size=5000), itemgetter(0)):
        ready: list[tuple[Any, ...]] = [(at.timestamp(), *columns) for _, at, *columns in samples]
        # Of what was before, the last sample alone: its time until the first of these is new.
        older = [one for one in ready if one[0] < begin][-1:]
        yield node_id, _by_unit([*older, *(one for one in ready if one[0] >= begin)])


def _by_unit(samples: Iterable[tuple[Any, ...]]) -> dict[int, Line]:
    lines: dict[int, Line] = {}
    for at, units, *columns in samples:
        for unit, busy, memory, power, temperature in zip(units, *columns, strict=True):
            line = lines.setdefault(unit, Line())
            line.at.append(at)
            line.busy.append(busy)
            line.memory.append(memory)
            line.power.append(power)
            line.temperature.append(temperature)
    return lines


def _energy(line: Line) -> Energy:
    return energy.from_power(list(zip(line.at, line.power, strict=True)), LONGEST_GAP)


def _span(unit: int, line: Line, drawn: Energy, since: datetime) -> tuple[Any, ...] | None:
    first = 1 if line.at[0] < since.timestamp() else 0
    if len(line.at) == first:
        return None
    busy, memory, power = line.busy[first:], line.memory[first:], line.power[first:]
    joules = drawn.kwh * energy.JOULES_PER_KWH if drawn.seconds else None
    hottest = _highest(line.temperature[first:])
    means = (_mean(busy), _highest(busy), _mean(memory), _highest(memory), _mean(power), hottest)
    return (unit, *means, joules, drawn.seconds)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return sum(known) / len(known) if known else None


def _highest(values: Sequence[float | None]) -> float | None:
    return max((one for one in values if one is not None), default=None)


def _tally(
    line: Line,
    claims: Sequence[Claim],
    board: Energy,
    sums: dict[Owner, tuple[Hours, Energy]],
) -> None:
    """Add the hours of one unit's holders, and their parts of the energy of its board."""
    owners = {one.holder: (one.cluster_id, one.namespace, one.owner, one.model) for one in claims}
    seen = []
    for at, busy in zip(line.at, line.busy, strict=True):
        held = [one for one in claims if one.covers(at)]
        # What was cut anew under the same number may weigh more or less than it did.
        weight = max((one.weight for one in held), default=0.0)
        holders = tuple(one.holder for one in held)
        seen.append(Seen(at, Share("", weight, busy, None, holders)))
    steps = (after - begun for begun, after in pairwise(line.at))
    of_all = sum(step for step in steps if step <= LONGEST_GAP)
    for holder, hours in use.tally(seen, LONGEST_GAP).items():
        owner = owners[holder]
        # Of the board's energy the part that its hours are of the time there was.
        part = energy.attributed(board, hours.held * use.SECONDS_PER_HOUR, of_all)
        before = sums.get(owner, (Hours(), Energy()))
        sums[owner] = (before[0] + hours, before[1] + part)


def _hours(owner: Owner, hour: datetime, hours: Hours, drawn: Energy) -> rows.Row:
    cluster_id, namespace, name, model = owner
    return {
        "cluster_id": cluster_id,
        "hour": hour,
        "namespace": namespace,
        "owner": name,
        "model": model,
        "held": hours.held,
        "used": hours.used,
        "wasted": hours.wasted,
        "unmeasured": hours.unmeasured,
        "kwh": drawn.kwh,
    }


def _write_spans(spans: Sequence[tuple[Any, ...]]) -> None:
    if not spans:
        return
    columns = [list(column) for column in zip(*spans, strict=True)]
    texts = [[rows.array(one) for one in column] for column in columns[2:]]
    with connection.cursor() as cursor:
        cursor.execute(_SPANS, [*columns[:2], *texts])
