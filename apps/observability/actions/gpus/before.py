"""What is stored of the nodes that a round has read, loaded by three statements, rows locked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

# Clusters may go while a round is under way: nothing is stored of those.
_FEEDS = """
    INSERT INTO observability_gpufeed (cluster_id, source, interval_seconds, problem)
    SELECT id, '', 15, '' FROM clusters_cluster WHERE id = ANY(%s) ORDER BY id
    ON CONFLICT DO NOTHING
"""
_LOCKED = """
    SELECT cluster_id, read_at FROM observability_gpufeed WHERE cluster_id = ANY(%s)
    ORDER BY cluster_id FOR UPDATE
"""
_NODES = """
    SELECT id, cluster_id, node_name, source, read_at, driver_version, cuda_version, attached,
        lost, errors
    FROM observability_gpunode WHERE cluster_id = ANY(%s)
"""
_CARDS = """
    SELECT card.id, card.node_id, key, uuid, name, bus_id, facts_digest, figures_digest, told,
        missing_since, gone_at
    FROM observability_gpucard AS card WHERE node_id = ANY(%s)
"""
_CLAIMS = """
    SELECT id, node_id, unit, namespace, pod, container, idle_since, holds_memory, holders, weight
    FROM observability_gpuclaim WHERE node_id = ANY(%s) AND until IS NULL
"""


@dataclass(slots=True)
class CardBefore:
    id: int
    node_id: int
    key: str
    uuid: str
    name: str
    bus_id: str
    facts_digest: bytes
    figures_digest: bytes
    told: list[float | None]
    missing_since: datetime | None
    gone_at: datetime | None


@dataclass(slots=True)
class ClaimBefore:
    id: int
    node_id: int
    unit: int
    namespace: str
    pod: str
    container: str
    idle_since: datetime | None
    holds_memory: bool | None
    holders: int
    weight: float

    @property
    def key(self) -> tuple[int, str, str, str]:
        return self.unit, self.namespace, self.pod, self.container


@dataclass(slots=True)
class NodeBefore:
    id: int
    cluster_id: UUID
    node_name: str
    source: str
    read_at: datetime | None
    driver_version: str
    cuda_version: str
    attached: int | None
    lost: list[str]
    errors: list[str]
    cards: dict[str, CardBefore] = field(default_factory=dict)
    claims: dict[tuple[int, str, str, str], ClaimBefore] = field(default_factory=dict)


@dataclass(slots=True)
class Before:
    """The feeds' times by cluster, and the nodes by cluster and name."""

    feeds: dict[UUID, datetime | None]
    nodes: dict[tuple[UUID, str], NodeBefore]

    def read_at(self, node: NodeBefore) -> datetime | None:
        return node.read_at or self.feeds.get(node.cluster_id)


def load(cluster_ids: Iterable[UUID]) -> Before:
    """Lock the clusters' feeds, in one order, and load what hangs on them."""
    wanted = sorted(cluster_ids)
    with connection.cursor() as cursor:
        cursor.execute(_FEEDS, [wanted])
        cursor.execute(_LOCKED, [wanted])
        feeds = dict(cursor.fetchall())
        cursor.execute(_NODES, [list(feeds)])
        by_id = {row[0]: NodeBefore(*row) for row in cursor.fetchall()}
        cursor.execute(_CARDS, [list(by_id)])
        for row in cursor.fetchall():
            card = CardBefore(*row)
            card.facts_digest, card.figures_digest = bytes(row[6]), bytes(row[7])
            by_id[card.node_id].cards[card.key] = card
        cursor.execute(_CLAIMS, [list(by_id)])
        for row in cursor.fetchall():
            claim = ClaimBefore(*row)
            by_id[claim.node_id].claims[claim.key] = claim
    return Before(feeds, {(one.cluster_id, one.node_name): one for one in by_id.values()})
