"""What runs on the fleet's cards: found in the cards' rows, in the database."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.observability.models.gpu import is_stale
from apps.observability.queries.alerts.around import rows_of
from apps.observability.queries.gpus import sight
from apps.observability.queries.gpus.sight import Label, Sight

ORDERINGS: Mapping[str, str] = {
    "used_memory_mb": "used_memory_mb",
    "cluster": "cluster_name",
    "node_name": "node_name",
    "namespace": "namespace",
    "pod": "pod",
    "process_name": "process_name",
    "pid": "pid",
}
MOST_MEMORY_FIRST = ("-used_memory_mb",)
_COLUMNS = (
    "cluster_id",
    "cluster_name",
    "node_name",
    "gpu_index",
    "gpu_uuid",
    "gpu_name",
    "gpu_instance_id",
    "compute_instance_id",
    "pid",
    "process_name",
    "used_memory_mb",
    "type",
    "namespace",
    "pod",
    "container",
)
# `held` are clusters with the namespaces that one is held to there.
_FOUND = """
WITH cards AS ({}),
    held AS (
        SELECT cluster_id, namespaces
        FROM jsonb_to_recordset(%s::jsonb) AS given(cluster_id uuid, namespaces text[])
    ),
    found AS (
        SELECT cards.cluster_id, cluster_name, node_name, index AS gpu_index,
            nullif(uuid, '') AS gpu_uuid, nullif(name, '') AS gpu_name, cards.id AS card_id,
            gpu_instance_id, compute_instance_id, pid, process_name, used_memory_mb, type,
            holder ->> 'namespace' AS namespace, holder ->> 'pod' AS pod,
            nullif(holder ->> 'container', '') AS container, last_updated, interval
        FROM cards LEFT JOIN held USING (cluster_id), LATERAL
            jsonb_to_recordset(cards.parts -> 'processes') AS told(pid bigint, process_name text,
                used_memory_mb integer, type text, gpu_instance_id integer,
                compute_instance_id integer, holder jsonb)
        WHERE (held.namespaces IS NULL OR holder ->> 'namespace' = ANY (held.namespaces))
            AND (%s::text[] IS NULL OR holder ->> 'namespace' = ANY (%s::text[]))
            AND (%s::text[] IS NULL OR holder ->> 'pod' = ANY (%s::text[]))
    )
"""
# Without a look at each of them.
_COUNTED = """
WITH cards AS ({})
SELECT coalesce(sum(jsonb_array_length(parts -> 'processes')), 0) FROM cards
"""
_PLACE = "cluster_name, node_name, gpu_index, card_id, gpu_instance_id, compute_instance_id, pid"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for; what is empty does not matter."""

    cluster_ids: tuple[UUID, ...] = ()
    labels: tuple[Label, ...] = ()
    node_names: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    pods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of known length, as a paginator takes it, of which a page alone is read."""

    sight: Sight
    wish: Wish
    ordering: Sequence[str]
    now: datetime

    def count(self) -> int:
        if self.sight.held_to or self.wish.namespaces or self.wish.pods:
            found = self._ask("SELECT count(*) FROM found")
        else:
            found = rows_of(_COUNTED, self._cards())
        return int(found[0][0]) if found else 0

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        """Return what `contract_gpu_use.GpuProcessRow` says."""
        # Names of ours, no input.
        told = f"SELECT {', '.join(_COLUMNS)}, last_updated, interval FROM found"  # noqa: S608
        by = ", ".join([*map(_column, self.ordering), _PLACE])
        cut = [part.stop - part.start, part.start]
        rows = self._ask(f"{told} ORDER BY {by} LIMIT %s OFFSET %s", cut)
        return [
            dict(zip(_COLUMNS, row, strict=False)) | {"stale": is_stale(row[-2], row[-1], self.now)}
            for row in rows
        ]

    def _ask(self, asked: str, besides: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        held = [
            {"cluster_id": str(pk), "namespaces": sorted(names)}
            for pk, names in self.sight.held_to.items()
        ]
        namespaces, pods = list(self.wish.namespaces) or None, list(self.wish.pods) or None
        given = [json.dumps(held), namespaces, namespaces, pods, pods, *besides]
        return rows_of(_FOUND + asked, self._cards(), parameters=given)

    def _cards(self) -> QuerySet[Any, Any]:
        cards = self.sight.cards().filter(missing_since=None)
        if self.wish.node_names:
            cards = cards.filter(node__node_name__in=self.wish.node_names)
        if self.wish.namespaces:
            # A card's row names the namespaces of all that is on it.
            cards = cards.filter(namespaces__overlap=list(self.wish.namespaces))
        told: QuerySet[Any, Any] = cards.annotate(
            cluster_name=F("cluster__name"),
            node_name=F("node__node_name"),
            last_updated=Coalesce("node__read_at", "node__cluster__gpu_feed__read_at"),
            interval=F("node__cluster__gpu_feed__interval_seconds"),
        )
        columns = ("id", "cluster_id", "index", "uuid", "name", "parts")
        return told.values(*columns, "cluster_name", "node_name", "last_updated", "interval")


def find(user: User, wish: Wish, ordering: Sequence[str], now: datetime) -> Listed:
    """Find processes that `user` may see, by columns of ORDERINGS, -column for descending."""
    seen = sight.of(user, wish.cluster_ids, wish.labels)
    return Listed(seen, wish, ordering or MOST_MEMORY_FIRST, now)


def _column(name: str) -> str:
    direction = "DESC" if name.startswith("-") else "ASC"
    return f"{ORDERINGS[name.removeprefix('-')]} {direction} NULLS LAST"
