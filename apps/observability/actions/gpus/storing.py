"""Stores what a round has read of GPUs: rows only where something changed, history for all.

All of a batch goes by a few statements, whatever changed. When a node was read is kept once a
cluster (GpuFeed); only a node that was not read with its cluster has a time of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.observability.actions.gpus import (
    before,
    claims,
    comings,
    matching,
    rows,
    sampling,
    telling,
)
from apps.observability.actions.gpus.before import CardBefore
from apps.observability.actions.gpus.comings import Seen
from apps.observability.actions.gpus.matching import Node, Read
from apps.observability.collect.gpu_rounds import Heard, NodeRead
from apps.observability.gpus import stored
from apps.observability.gpus.reading import DCGM
from apps.observability.gpus.stored import Packed
from apps.streaming.publish import publish_each

# Of a transaction; what is read of more is stored by several.
NODES_AT_ONCE = 250


@dataclass(slots=True)
class Stored:
    """How many rows were written, and how many nodes were told of."""

    nodes: int = 0
    cards: int = 0
    claims: int = 0
    samples: int = 0
    told: int = 0

    def add(self, other: "Stored") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def store(heards: Sequence[Heard]) -> Stored:
    """Store what is known of these clusters. Stored twice, it is written and told once."""
    done = Stored()
    for batch in _batches(heards):
        packed = [
            (heard, [(read, _packed(read)) for read in heard.nodes if read.name]) for heard in batch
        ]
        with transaction.atomic():
            done.add(_store(packed))
    return done


def _batches(heards: Sequence[Heard]) -> Iterable[list[Heard]]:
    batch: list[Heard] = []
    count = 0
    for heard in heards:
        if batch and count + len(heard.nodes) > NODES_AT_ONCE:
            yield batch
            batch, count = [], 0
        batch.append(heard)
        count += len(heard.nodes)
    if batch:
        yield batch


def _packed(read: NodeRead) -> list[Packed]:
    return [stored.pack(gpu) for gpu in read.reading.gpus]


def _store(packed: Sequence[tuple[Heard, Read]]) -> Stored:
    known = before.load(heard.cluster_id for heard, _ in packed)
    packed = matching.current(packed, known)
    nodes = matching.match(packed, known)
    away = matching.absent(packed, known)
    done = Stored(nodes=away + sum(one.row_changed for one in nodes))
    read = [one for one in nodes if one.cards or not one.read.is_blank]
    done.cards = _cards(read)
    done.cards += comings.settle([_seen(one) for one in read])
    done.claims = claims.store([_seen(one) for one in read], known)
    measured = [one for one in read if _is_measured(one)]
    made = [sampling.sample(one.row.id, one.at, one.cards, one.ids) for one in measured]
    samples = [one for one in made if one is not None]
    rows.write_samples(samples)
    done.samples = len(samples)
    rows.write(rows.FEEDS, [_feed(heard) for heard, _ in packed if heard.whole])
    events = [telling.event(_seen(one), one.heard.cluster_name) for one in nodes if one.news]
    publish_each(events)
    done.told = len(events)
    return done


def _is_measured(node: Node) -> bool:
    """A look at a node of DCGM's has the figures of the last scrape, which history has already."""
    return node.heard.whole or node.read.reading.source != DCGM


def _seen(node: Node) -> Seen:
    return Seen(node.heard, node.read, node.row, node.cards, node.ids, node.is_new)


def _feed(heard: Heard) -> rows.Row:
    return {
        "cluster_id": heard.cluster_id,
        "source": heard.source if heard.nodes else None,
        "asked_at": heard.at if heard.by_series else None,
        "read_at": heard.at if heard.source is not None else None,
        "interval_seconds": heard.interval_seconds,
        "problem": heard.problem,
        "by_series": heard.by_series,
    }


def _cards(nodes: Sequence[Node]) -> int:
    """Write the cards that are new or changed, and note their numbers."""
    new: list[rows.Row] = []
    changed: list[rows.Row] = []
    figures: list[rows.Row] = []
    for node in nodes:
        for key, card in node.cards.items():
            old = node.row.cards.get(key)
            if old is None:
                node.news = True
                new.append(_card_row(node, key, card, telling.figures(card)))
                continue
            node.ids[key] = old.id
            _compare(node, key, card, old, changed, figures)
        node.news = node.news or _lacks_one(node)
    by_id = {node.row.id: node for node in nodes}
    for card_id, node_id, key in rows.write(rows.INSERT_CARDS, new):
        by_id[node_id].ids[key] = card_id
    rows.write(rows.UPDATE_CARDS, changed)
    rows.write(rows.UPDATE_FIGURES, figures)
    return len(new) + len(changed) + len(figures)


def _lacks_one(node: Node) -> bool:
    """Whether a card that was there is not in the reading any more."""
    return any(
        old.missing_since is None and old.gone_at is None and key not in node.cards
        for key, old in node.row.cards.items()
    )


def _compare(
    node: Node,
    key: str,
    card: Packed,
    old: CardBefore,
    changed: list[rows.Row],
    figures: list[rows.Row],
) -> None:
    facts_differ = card.facts_digest != old.facts_digest or old.missing_since is not None
    if not facts_differ and card.figures_digest == old.figures_digest:
        return
    news = facts_differ or telling.is_news(card, old.told)
    node.news = node.news or news
    row = _card_row(node, key, card, telling.figures(card) if news else old.told)
    (changed if facts_differ else figures).append(row | {"id": old.id})


def _card_row(node: Node, key: str, card: Packed, told: Sequence[float | None]) -> rows.Row:
    row: dict[str, Any] = dict(zip(stored.FIGURES, card.figures, strict=True))
    row |= dict(zip(stored.FACTS, card.told_facts, strict=True))
    for name in ("uuid", "name", "bus_id"):
        row[name] = row[name] or ""
    return (
        row
        | card.derived()
        | {
            "node_id": node.row.id,
            "cluster_id": node.row.cluster_id,
            "key": key,
            "told": told,
            "at": node.at,
        }
    )
