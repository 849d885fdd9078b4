"""Whose the cards and slices are: claims begin, rest, work again and end as readings tell."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from apps.observability.actions.gpus import rows
from apps.observability.actions.gpus.before import Before, ClaimBefore
from apps.observability.actions.gpus.comings import Seen
from apps.observability.gpus import stored
from apps.observability.gpus.owners import owner_of
from apps.observability.gpus.reading import Holder
from apps.observability.gpus.use import Share
from apps.observability.models.gpu import ROUNDS_MISSED
from apps.observability.models.gpu_history import UNITS

Key = tuple[int, str, str, str]


def store(nodes: Sequence[Seen], known: Before) -> int:
    """Write what changed of the claims on these nodes; return how many rows that were."""
    new: list[rows.Row] = []
    changed: list[rows.Row] = []
    over: list[rows.Row] = []
    for node in nodes:
        continued = _is_continued(node, known)
        wanted: set[Key] = set()
        for unit, share, profile, holder in _held(node):
            key = (unit, holder.namespace, holder.pod, holder.container)
            wanted.add(key)
            old = node.row.claims.get(key)
            row = _row(share, old, node.read.at, continued)
            if old is None:
                new.append(row | _begun(node, unit, profile, holder))
            elif any(row[name] != getattr(old, name) for name in row):
                changed.append(row | {"id": old.id})
        over += _over(node, wanted)
    rows.write(rows.INSERT_CLAIMS, new)
    rows.write(rows.UPDATE_CLAIMS, changed)
    rows.write(rows.END_CLAIMS, over)
    return len(new) + len(changed) + len(over)


def _held(node: Seen) -> Iterator[tuple[int, Share, str, Holder]]:
    for key, card in node.cards.items():
        parts: Sequence[Any] = card.gpu.mig_instances or (None,)
        for share, part in zip(card.shares, parts, strict=True):
            unit = stored.unit(node.ids[key], part) if key in node.ids else None
            if unit is None:
                continue
            profile = (part.profile or "") if part is not None else ""
            for holder in share.holders:
                yield unit, share, profile, holder


def _row(share: Share, old: ClaimBefore | None, at: datetime, continued: bool) -> rows.Row:
    since = None
    if share.is_idle:
        since = (old.idle_since if old is not None and continued else None) or at
    return {
        "idle_since": since,
        "holds_memory": share.holds_memory,
        "holders": len(share.holders),
        "weight": share.weight,
    }


def _begun(node: Seen, unit: int, profile: str, holder: Holder) -> rows.Row:
    return {
        "cluster_id": node.row.cluster_id,
        "node_id": node.row.id,
        "card_id": unit // UNITS,
        "unit": unit,
        "profile": profile,
        "namespace": holder.namespace,
        "pod": holder.pod,
        "container": holder.container,
        "owner": owner_of(holder.pod),
        "since": node.read.at,
    }


def _over(node: Seen, wanted: set[Key]) -> list[rows.Row]:
    """Return the claims that are over; of a card that is missing not before that has lasted."""
    here = set(node.ids.values())
    gone = {one.id: one.gone_at for one in node.row.cards.values() if one.gone_at is not None}
    found = []
    for key, claim in node.row.claims.items():
        card_id = claim.unit // UNITS
        if key not in wanted and (card_id in here or card_id in gone):
            until = node.read.at if card_id in here else gone[card_id]
            found.append({"id": claim.id, "until": until})
    return found


def _is_continued(node: Seen, known: Before) -> bool:
    """Whether the node was read so lately that what was then has lasted until now."""
    last = known.read_at(node.row)
    longest = timedelta(seconds=ROUNDS_MISSED * node.heard.interval_seconds)
    return last is not None and node.read.at - last <= longest
