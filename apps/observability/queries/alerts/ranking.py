"""Asks PostgreSQL which groups alerts make and in what order, and of a few groups everything.

Thousands of groups come back as what their alerts share alone: to read each of them for a page of
twenty takes longer than all else. Here that stands in the columns v0, v1 and so on of the alerts.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from apps.observability.models.alert import Severity
from apps.observability.queries.alerts.around import rows_of

# Alerts by the columns named here, and what they share.
Sharing = QuerySet[Any, Any]
COLUMNS = (
    "cluster_id",
    "severity",
    "labels",
    "starts_at",
    "changed_at",
    "acknowledged_at",
    "silenced_by",
    "inhibited_by",
)
_LEVELS = tuple(Severity.values)
_COUNTED = ", ".join(
    f"(count(*) FILTER (WHERE severity = '{level}'))::int AS {level}" for level in _LEVELS
)
_TOTALS = ", ".join(f"coalesce(sum({level}), 0)::int" for level in _LEVELS)
_BY_CLUSTER = "ORDER BY name, cluster_id"
# In JSON a line break is escaped, so that no text of it holds one.
_SPREAD = f"""
WITH parts AS (SELECT v0, cluster_id, {_COUNTED} FROM ({{}}) found GROUP BY v0, cluster_id),
    groups AS (
        SELECT v0::text, v0 ->> 'alertname' AS alertname, count(*) AS clusters,
            {", ".join(f"sum({level}) AS {level}" for level in _LEVELS)}
        FROM parts GROUP BY parts.v0
    ),
    ranked AS (
        SELECT * FROM groups
        ORDER BY clusters DESC, {", ".join(f"{level} DESC" for level in _LEVELS)},
            alertname COLLATE "C", v0 COLLATE "C"
    )
SELECT {_TOTALS}, string_agg(v0, E'\\n') FROM ranked
"""  # noqa: S608 - all of it is written here
# What all of a group have in common its first and its last have: few labels are left to look for.
_TOLD = f"""
    counted AS (
        SELECT place, cluster_id, count(*)::int AS total, {_COUNTED},
            count(acknowledged_at) AS acknowledged,
            count(*) FILTER (WHERE cardinality(silenced_by) > 0) AS silenced,
            count(*) FILTER (WHERE cardinality(inhibited_by) > 0) AS inhibited,
            min(starts_at) AS first, max(starts_at) AS last, max(changed_at) AS changed_at
        FROM members WHERE place IS NOT NULL GROUP BY place, cluster_id
    ),
    ends AS (SELECT place, min(first) AS first, max(last) AS last FROM counted GROUP BY place),
    samples AS MATERIALIZED (
        SELECT place, members.labels, count(*) OVER (PARTITION BY place) AS total
        FROM members JOIN ends USING (place) WHERE starts_at IN (first, last)
    ),
    candidates AS MATERIALIZED (
        SELECT place, key, value FROM samples CROSS JOIN LATERAL jsonb_each_text(labels)
        GROUP BY place, total, key, value HAVING count(*) = total
    ),
    common AS MATERIALIZED (
        SELECT place, key, value FROM candidates JOIN members USING (place)
        GROUP BY place, key, value HAVING bool_and(coalesce(labels ->> key = value, false))
    )
SELECT place::int - 1, {_TOTALS}, sum(acknowledged)::int, sum(silenced)::int, sum(inhibited)::int,
    min(first), max(changed_at), array_agg(name {_BY_CLUSTER}), array_agg(cluster_id {_BY_CLUSTER}),
    array_agg(total {_BY_CLUSTER}),
    (SELECT jsonb_object_agg(key, value)::text FROM common WHERE common.place = counted.place)
FROM counted JOIN clusters_cluster ON clusters_cluster.id = cluster_id
GROUP BY place
"""  # noqa: S608 - all of it is written here


class Ranked(NamedTuple):
    """All groups: what each shares, in their order."""

    by_severity: dict[str, int]
    shared: list[tuple[str, ...]]


class Told(NamedTuple):
    """What there is to tell of the group at `place` of those asked for."""

    place: int
    by_severity: dict[str, int]
    acknowledged: int
    silenced: int
    inhibited: int
    oldest_starts_at: datetime
    changed_at: datetime
    # Each a column, by the names of the clusters.
    cluster_names: list[str]
    cluster_ids: list[UUID]
    totals: list[int]
    # Labels that all of the group have, as JSON.
    common: str | None


def nested(alerts: Sharing, depth: int) -> Ranked:
    """Rank by each column in turn, so that what the first ones have in common stands together."""
    for row in rows_of(_nested(depth), alerts):
        columns = [column or [] for column in row[len(_LEVELS) :]]
        return Ranked(_by_severity(row), list(zip(*columns, strict=True)))
    return Ranked({}, [])


def by_spread(alerts: Sharing) -> Ranked:
    """Rank JSON objects by the clusters in which they are."""
    for row in rows_of(_SPREAD, alerts):
        shared = row[len(_LEVELS)]
        return Ranked(_by_severity(row), [(one,) for one in shared.split("\n")] if shared else [])
    return Ranked({}, [])


def tell(alerts: Sharing, kind: str, shared: Sequence[tuple[str, ...]]) -> list[Told]:
    """Tell of a few groups; `kind` is PostgreSQL's name for the type of a column."""
    columns = [list(column) for column in zip(*shared, strict=True)]
    rows = rows_of(_told(kind, len(columns)), alerts, parameters=columns)
    return [Told(row[0], _by_severity(row[1:]), *row[1 + len(_LEVELS) :]) for row in rows]


def _by_severity(row: Sequence[int]) -> dict[str, int]:
    return dict(zip(_LEVELS, row, strict=False))


def _names(depth: int) -> str:
    return ", ".join(f"v{number}" for number in range(depth))


def _nested(depth: int) -> str:
    last = depth - 1
    ranks = [f"r{number} AS MATERIALIZED ({_rank(number)})," for number in range(last)]
    joined = [f"JOIN r{number} USING ({_names(number + 1)})" for number in range(last)]
    order = [*(f"r{number}" for number in range(last)), *(f"{level} DESC" for level in _LEVELS)]
    return f"""
WITH groups AS MATERIALIZED (
        SELECT {_names(depth)}, {_COUNTED} FROM ({{}}) found GROUP BY {_names(depth)}
    ),
    {" ".join(ranks)}
    ranked AS (
        SELECT * FROM groups {" ".join(joined)} ORDER BY {", ".join(order)}, {_in_order(last)}
    )
SELECT {_TOTALS}, {", ".join(f"array_agg(v{number})" for number in range(depth))} FROM ranked
"""  # noqa: S608 - all of it is written here


def _rank(number: int) -> str:
    """How much what the first labels have in common comes before others: the worst first."""
    worst = ", ".join(f"sum({level}) DESC" for level in _LEVELS)
    return f"""
SELECT {_names(number + 1)},
    row_number() OVER (ORDER BY {worst}, {_in_order(number)}) AS r{number}
FROM groups GROUP BY {_names(number + 1)}
"""  # noqa: S608 - all of it is written here


def _in_order(number: int) -> str:
    """By what is in a text, not by what a language makes of it; what is missing comes last."""
    return f"v{number} = '', v{number} COLLATE \"C\""


def _told(kind: str, depth: int) -> str:
    """Those of no group stay until they are counted, or PostgreSQL would take what is left for a
    row or two, and go through all of it for each.
    """
    arrays = ", ".join([f"%s::text[]::{kind}[]"] * depth)
    return f"""
WITH members AS MATERIALIZED (
        SELECT place, cluster_id, severity, starts_at, changed_at, acknowledged_at, silenced_by,
            inhibited_by, CASE WHEN place IS NOT NULL THEN labels END AS labels
        FROM ({{}}) found
            LEFT JOIN unnest({arrays}) WITH ORDINALITY AS page({_names(depth)}, place)
            USING ({_names(depth)})
    ),
    {_TOLD}
"""  # noqa: S608 - all of it is written here
