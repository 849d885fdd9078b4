"""The SQL of the fleet's totals: cards added up once each, in the database, however many there are.

`here` is a card that its node's newest reading has; `now` one whose node is read at all. What moves
is added up of those that are `now`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.fields import BooleanField
from django.db.models.functions import Coalesce

from apps.observability.gpus.use import IDLE_PERCENT
from apps.observability.models import GpuCard
from apps.observability.queries.alerts.around import rows_of
from apps.observability.queries.gpus import sight
from apps.observability.queries.gpus.sight import Sight

_LOST = """severity = 3 AND (findings @> '[{{"code": "NO_ANSWER"}}]'
            OR findings @> '[{{"code": "XID_79"}}]')"""
# By nothing, by cluster, and by model.
_FIGURES = f"""
WITH cards AS ({{}})
SELECT grouping(cluster_id) = 0, cluster_id, grouping(name) = 0, name,
    count(*) FILTER (WHERE here), count(*) FILTER (WHERE here AND NOT fresh),
    count(*) FILTER (WHERE NOT here), count(*) FILTER (WHERE here AND {_LOST}),
    count(*) FILTER (WHERE here AND severity = 0), count(*) FILTER (WHERE here AND severity = 1),
    count(*) FILTER (WHERE here AND severity = 2), count(*) FILTER (WHERE here AND severity = 3),
    coalesce(sum(allocated) FILTER (WHERE now), 0), count(*) FILTER (WHERE now AND allocated = 0),
    count(*) FILTER (WHERE now AND allocated > 0 AND busy_percent < {IDLE_PERCENT}),
    count(*) FILTER (WHERE now AND shared), count(*) FILTER (WHERE here AND mig_enabled),
    avg(busy_percent) FILTER (WHERE now), count(busy_percent) FILTER (WHERE now),
    sum(memory_used_mb) FILTER (WHERE now AND memory_total_mb IS NOT NULL),
    sum(memory_total_mb) FILTER (WHERE now AND memory_used_mb IS NOT NULL),
    sum(power_draw_watts) FILTER (WHERE now), count(power_draw_watts) FILTER (WHERE now),
    CASE WHEN bool_and(power_limit_watts IS NOT NULL)
            FILTER (WHERE now AND power_draw_watts IS NOT NULL)
        THEN sum(power_limit_watts) FILTER (WHERE now AND power_draw_watts IS NOT NULL) END,
    count(*) FILTER (WHERE now AND mig_enabled IS NOT TRUE),
    count(utilization_gpu_percent) FILTER (WHERE now AND mig_enabled IS NOT TRUE),
    count(memory_used_mb) FILTER (WHERE now), count(temperature_celsius) FILTER (WHERE now)
FROM (SELECT *, here AND fresh AS now FROM cards) AS cards
GROUP BY GROUPING SETS ((), (cluster_id), (name))
"""  # noqa: S608 - numbers of ours, no input
_SLICES = f"""
WITH cards AS ({{}})
SELECT cluster_id, name, part.profile, count(*),
    count(*) FILTER (WHERE fresh AND holders > 0),
    count(*) FILTER (WHERE fresh AND holders > 0 AND busy < {IDLE_PERCENT}),
    count(*) FILTER (WHERE fresh AND holders > 1),
    sum(busy) FILTER (WHERE fresh), count(busy) FILTER (WHERE fresh),
    sum(used) FILTER (WHERE fresh AND total IS NOT NULL),
    sum(total) FILTER (WHERE fresh AND used IS NOT NULL)
FROM cards, LATERAL (
    SELECT profile, utilization_gpu_percent AS busy, memory_used_mb AS used,
        memory_total_mb AS total, coalesce(jsonb_array_length(holders), 0) AS holders
    FROM jsonb_to_recordset(parts -> 'mig_instances') AS told(profile text,
        utilization_gpu_percent float8, memory_used_mb integer, memory_total_mb integer,
        holders jsonb)
) AS part
GROUP BY cluster_id, name, part.profile
"""  # noqa: S608 - a number of ours, no input
_FINDINGS = """
WITH cards AS ({})
SELECT found ->> 'code', found ->> 'severity', count(DISTINCT id)
FROM cards, jsonb_array_elements(findings) AS found
GROUP BY 1, 2
"""
_NODES = """
WITH nodes AS ({})
SELECT cluster_id, count(*), count(*) FILTER (WHERE NOT fresh), max(last_updated),
    (array_agg(source ORDER BY fresh DESC, last_updated DESC NULLS LAST))[1],
    coalesce(sum((
        SELECT count(DISTINCT address) FROM unnest(lost) AS address WHERE NOT EXISTS (
            SELECT FROM observability_gpucard AS card
            WHERE card.node_id = nodes.id AND card.bus_id = address AND card.gone_at IS NULL
        )
    )), 0)::bigint
FROM nodes GROUP BY cluster_id
"""
# Of each node one card stands for what its exporter tells.
_FACTS = """
WITH cards AS ({})
SELECT cluster_id, bool_or(facts ? 'xid_errors'), bool_or(facts ? 'throttle_reasons')
FROM (SELECT DISTINCT ON (node_id) * FROM cards ORDER BY node_id, id) AS cards
GROUP BY cluster_id
"""
_PLAIN = (
    "cluster_id",
    "name",
    "allocated",
    "busy_percent",
    "shared",
    "mig_enabled",
    "severity",
    "findings",
    "memory_used_mb",
    "memory_total_mb",
    "power_draw_watts",
    "power_limit_watts",
    "utilization_gpu_percent",
    "temperature_celsius",
)


class Figures(NamedTuple):
    """One row of totals, in the order of the statement."""

    gpus: int = 0
    stale: int = 0
    missing: int = 0
    lost: int = 0
    ok: int = 0
    info: int = 0
    warning: int = 0
    critical: int = 0
    allocated: float = 0.0
    free: int = 0
    idle: int = 0
    shared: int = 0
    in_slices: int = 0
    busy_percent: float | None = None
    busy_measured: int = 0
    memory_used_mb: int | None = None
    memory_total_mb: int | None = None
    power_draw_watts: float | None = None
    power_measured: int = 0
    power_limit_watts: float | None = None
    # How many whole cards there are that could tell their use, and how many told what.
    whole: int = 0
    telling_use: int = 0
    telling_memory: int = 0
    telling_temperature: int = 0


class Totals(NamedTuple):
    whole: Figures
    by_cluster: dict[UUID, Figures]
    by_model: dict[str, Figures]


class Slices(NamedTuple):
    """Slices of one cluster, model and profile; `busy` is the sum over those measured."""

    cluster_id: UUID
    model: str
    profile: str | None
    slices: int
    allocated: int
    idle: int
    shared: int
    busy: float | None
    measured: int
    memory_used_mb: int | None
    memory_total_mb: int | None


class Nodes(NamedTuple):
    """The nodes of one cluster; `lost` are cards of which nothing but the address is known."""

    nodes: int
    stale: int
    last_updated: datetime | None
    source: str
    lost: int


class FindingRow(NamedTuple):
    code: str
    severity: str
    gpus: int


def figures(seen: Sight, now: datetime) -> Totals:
    found = Totals(Figures(), {}, {})
    whole = Figures()
    for is_cluster, cluster_id, is_model, name, *row in rows_of(_FIGURES, _cards(seen, now)):
        if is_cluster:
            found.by_cluster[cluster_id] = Figures(*row)
        elif is_model:
            found.by_model[name] = Figures(*row)
        else:
            whole = Figures(*row)
    return found._replace(whole=whole)


def slices(seen: Sight, now: datetime) -> list[Slices]:
    sliced = _fresh(seen.cards().filter(missing_since=None, mig_enabled=True), now)
    return [
        Slices(*row)
        for row in rows_of(_SLICES, sliced.values("cluster_id", "name", "parts", "fresh"))
    ]


def findings(seen: Sight) -> list[FindingRow]:
    judged = seen.cards().filter(missing_since=None, severity__gt=0)
    rows = rows_of(_FINDINGS, judged.values("id", "findings"))
    return [FindingRow(*row) for row in rows]


def nodes(seen: Sight, now: datetime) -> dict[UUID, Nodes]:
    times = seen.nodes().with_times()
    fresh: QuerySet[Any, Any] = times.annotate(fresh=_switch(sight.is_fresh(now)))
    columns = ("id", "cluster_id", "source", "lost", "last_updated", "fresh")
    return {row[0]: Nodes(*row[1:]) for row in rows_of(_NODES, fresh.values(*columns))}


def facts(seen: Sight, clusters: Sequence[UUID]) -> dict[UUID, tuple[bool, bool]]:
    """Return of each of these clusters whether XIDs are told, and what slows clocks down."""
    cards = seen.cards().filter(missing_since=None, cluster_id__in=clusters)
    rows = rows_of(_FACTS, cards.values("id", "cluster_id", "node_id", "facts"))
    return {cluster_id: (xids, reasons) for cluster_id, xids, reasons in rows}


def _cards(seen: Sight, now: datetime) -> QuerySet[Any, Any]:
    marked = _fresh(seen.cards(), now).annotate(here=_switch(Q(missing_since=None)))
    found: QuerySet[Any, Any] = marked.values(*_PLAIN, "here", "fresh")
    return found


def _fresh(cards: QuerySet[GpuCard], now: datetime) -> QuerySet[Any, Any]:
    read = cards.annotate(
        last_updated=Coalesce("node__read_at", "node__cluster__gpu_feed__read_at"),
        interval=F("node__cluster__gpu_feed__interval_seconds"),
    )
    return read.annotate(fresh=_switch(sight.is_fresh(now)))


def _switch(condition: Q) -> Case:
    """A condition that is not known to hold does not."""
    return Case(
        When(condition, then=Value(True)), default=Value(False), output_field=BooleanField()
    )
