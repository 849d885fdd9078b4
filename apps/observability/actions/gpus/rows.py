"""The statements that write GPUs: one for all rows of a kind, given as one JSON document each.

What did not change is not among the rows: it was compared under the lock of the cluster's feed
(`before.load`), which whoever else would write of the cluster waits for.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection

Row = dict[str, Any]

INSERT_NODES = """
    INSERT INTO observability_gpunode (cluster_id, node_name, source, read_at, driver_version,
        cuda_version, attached, lost, errors, first_seen_at, changed_at)
    SELECT cluster_id, node_name, source, read_at, driver_version, cuda_version, attached, lost,
        errors, at, at
    FROM jsonb_to_recordset(%s::jsonb) AS new(cluster_id uuid, node_name text, source text,
        read_at timestamptz, driver_version text, cuda_version text, attached smallint,
        lost text[], errors text[], at timestamptz)
    RETURNING id, cluster_id, node_name
"""
UPDATE_NODES = """
    UPDATE observability_gpunode AS node SET source = new.source, read_at = new.read_at,
        driver_version = new.driver_version, cuda_version = new.cuda_version,
        attached = new.attached, lost = new.lost, errors = new.errors,
        changed_at = CASE WHEN new.told THEN new.at ELSE node.changed_at END
    FROM jsonb_to_recordset(%s::jsonb) AS new(id bigint, source text, read_at timestamptz,
        driver_version text, cuda_version text, attached smallint, lost text[], errors text[],
        at timestamptz, told boolean)
    WHERE node.id = new.id
"""
_CARD = """jsonb_to_recordset(%s::jsonb) AS new(id bigint, node_id bigint, cluster_id uuid,
        key text, uuid text, index smallint, name text, bus_id text, memory_total_mb integer,
        power_limit_watts float8, mig_enabled boolean, memory_used_mb integer,
        memory_free_mb integer, utilization_gpu_percent float8, utilization_memory_percent float8,
        temperature_celsius smallint, power_draw_watts float8, fan_speed_percent smallint,
        busy_percent float8, allocated float8, shared boolean, namespaces text[],
        severity smallint, findings jsonb, facts jsonb, parts jsonb, facts_digest text,
        figures_digest text, told float8[], at timestamptz)"""
_FIGURES = (
    "memory_used_mb",
    "memory_free_mb",
    "utilization_gpu_percent",
    "utilization_memory_percent",
    "temperature_celsius",
    "power_draw_watts",
    "fan_speed_percent",
    "busy_percent",
    "parts",
    "told",
)
_FACTS = (
    "uuid",
    "index",
    "name",
    "bus_id",
    "memory_total_mb",
    "power_limit_watts",
    "mig_enabled",
    "allocated",
    "shared",
    "namespaces",
    "severity",
    "findings",
    "facts",
)
_FIGURES_SET = (
    ", ".join(f"{name} = new.{name}" for name in _FIGURES)
    + ", figures_digest = decode(new.figures_digest, 'hex'), changed_at = new.at"
)
_FACTS_SET = (
    ", ".join(f"{name} = new.{name}" for name in _FACTS)
    + ", facts_digest = decode(new.facts_digest, 'hex'), missing_since = NULL, gone_at = NULL"
)
_COLUMNS = ", ".join((*_FACTS, *_FIGURES))
_NEW_COLUMNS = ", ".join(f"new.{name}" for name in (*_FACTS, *_FIGURES))
# Names of ours, no input.
INSERT_CARDS = f"""
    INSERT INTO observability_gpucard (node_id, cluster_id, key, {_COLUMNS}, facts_digest,
        figures_digest, first_seen_at, changed_at)
    SELECT new.node_id, new.cluster_id, new.key, {_NEW_COLUMNS}, decode(new.facts_digest, 'hex'),
        decode(new.figures_digest, 'hex'), new.at, new.at
    FROM {_CARD}
    RETURNING id, node_id, key
"""  # noqa: S608
UPDATE_CARDS = f"""
    UPDATE observability_gpucard AS card SET {_FACTS_SET}, {_FIGURES_SET} FROM {_CARD}
    WHERE card.id = new.id
"""  # noqa: S608
UPDATE_FIGURES = f"""
    UPDATE observability_gpucard AS card SET {_FIGURES_SET} FROM {_CARD}
    WHERE card.id = new.id
"""  # noqa: S608
MISSING = """
    UPDATE observability_gpucard AS card SET missing_since = new.missing_since,
        gone_at = new.gone_at
    FROM jsonb_to_recordset(%s::jsonb) AS new(id bigint, missing_since timestamptz,
        gone_at timestamptz)
    WHERE card.id = new.id
"""
INSERT_CHANGES = """
    INSERT INTO observability_gpuchange (cluster_id, at, kind, node_name, uuid, name, before, after)
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS new(cluster_id uuid, at timestamptz, kind text,
        node_name text, uuid text, name text, before text, after text)
"""
INSERT_CLAIMS = """
    INSERT INTO observability_gpuclaim (cluster_id, node_id, card_id, unit, weight, profile,
        namespace, pod, container, owner, since, idle_since, holds_memory, holders)
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS new(cluster_id uuid, node_id bigint,
        card_id bigint, unit bigint, weight float8, profile text, namespace text, pod text,
        container text, owner text, since timestamptz, idle_since timestamptz,
        holds_memory boolean, holders smallint)
    ON CONFLICT DO NOTHING
"""
UPDATE_CLAIMS = """
    UPDATE observability_gpuclaim AS claim SET idle_since = new.idle_since,
        holds_memory = new.holds_memory, holders = new.holders, weight = new.weight
    FROM jsonb_to_recordset(%s::jsonb) AS new(id bigint, idle_since timestamptz,
        holds_memory boolean, holders smallint, weight float8)
    WHERE claim.id = new.id
"""
END_CLAIMS = """
    UPDATE observability_gpuclaim AS claim SET until = new.until
    FROM jsonb_to_recordset(%s::jsonb) AS new(id bigint, until timestamptz)
    WHERE claim.id = new.id AND claim.until IS NULL
"""
# That a Prometheus has no series of a cluster that nvidia-smi tells of is no problem of it.
_QUIET = "new.by_series AND new.source IS NULL AND feed.source = 'NVIDIA_SMI'"
FEEDS = f"""
    UPDATE observability_gpufeed AS feed SET source = coalesce(new.source, feed.source),
        asked_at = coalesce(new.asked_at, feed.asked_at),
        read_at = coalesce(new.read_at, feed.read_at),
        interval_seconds = CASE WHEN {_QUIET} THEN feed.interval_seconds
            ELSE new.interval_seconds END,
        problem = CASE WHEN {_QUIET} THEN feed.problem ELSE new.problem END
    FROM jsonb_to_recordset(%s::jsonb) AS new(cluster_id uuid, source text, asked_at timestamptz,
        read_at timestamptz, interval_seconds smallint, problem text, by_series boolean)
    WHERE feed.cluster_id = new.cluster_id
"""  # noqa: S608
# Arrays of many lengths come as texts: PostgreSQL has no ragged ones to unnest.
SAMPLES = """
    INSERT INTO observability_gpusample (node_id, at, units, busy, memory_used_mb, power_watts,
        temperature_celsius)
    SELECT node_id, at, units::bigint[], busy::real[], memory::integer[], power::real[],
        temperature::smallint[]
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[],
        %s::text[]) AS new(node_id, at, units, busy, memory, power, temperature)
    ON CONFLICT DO NOTHING
"""


def write(statement: str, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Run a statement over the rows, unless there are none; return what it returns."""
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, [msgspec.json.encode(rows).decode()])
        return list(cursor.fetchall()) if cursor.description else []


def array(values: Sequence[float | None]) -> str:
    """Write an array as PostgreSQL reads it."""
    return "{" + ",".join("NULL" if one is None else str(one) for one in values) + "}"


def write_samples(rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows of (node, moment, units, use, memory, watts, degrees); one that is there stays."""
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    texts = [[array(one) for one in column] for column in columns[2:]]
    with connection.cursor() as cursor:
        cursor.execute(SAMPLES, [*columns[:2], *texts])
