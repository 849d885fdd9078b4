"""Cards that come, go and move, and drivers that change: the inventory's history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.observability.actions.gpus import rows
from apps.observability.actions.gpus.before import CardBefore, NodeBefore
from apps.observability.collect.gpu_rounds import Heard, NodeRead
from apps.observability.gpus.stored import Packed
from apps.observability.models.gpu_history import GpuChangeKind

# An exporter that is restarted, or a damaged answer, takes no card away.
GONE_AFTER = timedelta(minutes=5)
# Of the same cluster alone: what another one tells must neither take a card away here, nor say here
# what a node is called there.
_ELSEWHERE = """
    SELECT node.cluster_id, card.uuid, card.id, node.id, node.node_name, card.missing_since,
        card.gone_at
    FROM observability_gpucard AS card JOIN observability_gpunode AS node ON node.id = card.node_id
    WHERE card.uuid = ANY(%s) AND card.cluster_id = ANY(%s)
    ORDER BY coalesce(card.gone_at, card.missing_since, card.changed_at)
"""


# The card, its node with its name, and since when it is missing and gone.
_Other = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A node of the round: as it was read, and its row as it was before."""

    heard: Heard
    read: NodeRead
    row: NodeBefore
    cards: dict[str, Packed]
    ids: dict[str, int]
    is_new: bool


def settle(nodes: Sequence[Seen]) -> int:
    """Note what came and went; return how many cards are now missing or gone that were not."""
    changes: list[rows.Row] = []
    missing: list[rows.Row] = []
    for node in nodes:
        _driver(node, changes)
        for key, card in node.cards.items():
            old = node.row.cards.get(key)
            if old is not None and old.gone_at is not None:
                changes.append(_change(node, GpuChangeKind.RETURNED, card))
        for key, old in node.row.cards.items():
            if key not in node.cards and old.gone_at is None and not node.read.is_blank:
                _without(node, old, missing, changes)
    _new_ones(nodes, missing, changes)
    rows.write(rows.MISSING, missing)
    rows.write(rows.INSERT_CHANGES, changes)
    return len(missing)


def _driver(node: Seen, changes: list[rows.Row]) -> None:
    before, after = node.row.driver_version, node.read.reading.driver_version
    if before and after and before != after:
        changes.append(
            _row(node, GpuChangeKind.DRIVER_CHANGED) | {"before": before, "after": after}
        )


def _without(node: Seen, old: CardBefore, missing: list[rows.Row], changes: list[rows.Row]) -> None:
    """Note a card that is no longer in its node's reading, once and again when that has lasted."""
    at = node.read.at
    if old.missing_since is None:
        missing.append({"id": old.id, "missing_since": at, "gone_at": None})
    elif at - old.missing_since >= GONE_AFTER:
        old.gone_at = old.missing_since
        row = {"id": old.id, "missing_since": old.missing_since, "gone_at": old.missing_since}
        missing.append(row)
        changes.append(
            _row(node, GpuChangeKind.GONE)
            | {"at": old.missing_since, "uuid": old.uuid, "name": old.name}
        )


def _new_ones(nodes: Sequence[Seen], missing: list[rows.Row], changes: list[rows.Row]) -> None:
    new = [
        (node, card)
        for node in nodes
        for key, card in node.cards.items()
        if key not in node.row.cards
    ]
    uuids = sorted({card.gpu.uuid for _, card in new if card.gpu.uuid})
    clusters = sorted({node.row.cluster_id for node, _ in new})
    elsewhere: dict[tuple[UUID, str], list[_Other]] = {}
    if uuids:
        with connection.cursor() as cursor:
            cursor.execute(_ELSEWHERE, [uuids, clusters])
            for cluster_id, uuid, *rest in cursor.fetchall():
                elsewhere.setdefault((cluster_id, uuid), []).append(tuple(rest))
    read = {node.row.id for node in nodes}
    for node, card in new:
        others = elsewhere.get((node.row.cluster_id, card.gpu.uuid or ""), [])
        left = [one for one in others if one[1] != node.row.id and _has_left(one, node, read)]
        if not left:
            changes.append(_change(node, GpuChangeKind.APPEARED, card))
            continue
        card_id, _, name, missing_since, gone_at = left[-1]
        changes.append(_change(node, GpuChangeKind.MOVED, card) | {"before": name})
        if gone_at is None:
            at = missing_since or node.read.at
            missing.append({"id": card_id, "missing_since": at, "gone_at": at})


def _has_left(other: _Other, node: Seen, read: set[int]) -> bool:
    """Whether a card is no longer where it was: missing there, or the whole node is."""
    _, node_id, _, missing_since, gone_at = other
    away = node.heard.whole and node_id not in read
    return missing_since is not None or gone_at is not None or away


def _change(node: Seen, kind: GpuChangeKind, card: Packed) -> rows.Row:
    return _row(node, kind) | {"uuid": card.gpu.uuid or "", "name": card.gpu.name or ""}


def _row(node: Seen, kind: GpuChangeKind) -> rows.Row:
    at: datetime = node.read.at
    return {
        "cluster_id": node.row.cluster_id,
        "at": at,
        "kind": kind.value,
        "node_name": node.read.name,
        "uuid": "",
        "name": "",
        "before": "",
        "after": "",
    }
