"""The nodes of a round and their rows: new ones are written, and those that say something else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.observability.actions.gpus import rows, silent
from apps.observability.actions.gpus.before import Before, NodeBefore
from apps.observability.collect.gpu_rounds import Heard, NodeRead
from apps.observability.gpus.reading import NVIDIA_SMI
from apps.observability.gpus.stored import Packed

Read = list[tuple[NodeRead, list[Packed]]]


@dataclass(slots=True)
class Node:
    """One node of the round, with its row as it was."""

    heard: Heard
    read: NodeRead
    cards: dict[str, Packed]
    row: NodeBefore
    is_new: bool = False
    row_changed: bool = False
    ids: dict[str, int] = field(default_factory=dict)
    news: bool = False

    @property
    def at(self) -> datetime:
        return self.read.at


def current(packed: Sequence[tuple[Heard, Read]], known: Before) -> list[tuple[Heard, Read]]:
    """Leave out what was told of clusters that are gone, and rounds that began before the last."""
    return [
        (heard, reads)
        for heard, reads in packed
        if heard.cluster_id in known.feeds
        and not (heard.whole and _is_before(heard.at, known.feeds[heard.cluster_id]))
    ]


def match(packed: Sequence[tuple[Heard, Read]], known: Before) -> list[Node]:
    """Match readings with rows, and write the rows that are new or changed."""
    found: list[Node] = []
    for heard, reads in packed:
        for read, cards in reads:
            row = known.nodes.get((heard.cluster_id, read.name))
            if row is None and heard.whole:
                row = NodeBefore(0, heard.cluster_id, read.name, "", None, "", "", None, [], [])
            # A look makes no node: there is one, or nobody could look at it.
            if row is not None and not _is_older(read, row, known):
                keyed = _by_key(cards, row)
                found.append(Node(heard, read, keyed, row, is_new=not row.id))
    added = {(one.row.cluster_id, one.row.node_name): one for one in found if one.is_new}
    inserted = rows.write(rows.INSERT_NODES, [_node_row(one, known) for one in added.values()])
    for node_id, cluster_id, name in inserted:
        added[cluster_id, name].row.id = node_id
    changes = [_changed(one, known) for one in found if not one.is_new]
    rows.write(rows.UPDATE_NODES, [one for one in changes if one is not None])
    _add_silent(found)
    return [one for one in found if one.row.id]


def _is_older(read: NodeRead, row: NodeBefore, known: Before) -> bool:
    """Whether the node was looked at after nvidia-smi was asked this; DCGM's has its own times."""
    ours = read.reading.source == row.source == NVIDIA_SMI
    return ours and _is_before(read.at, known.read_at(row))


def _is_before(at: datetime, last: datetime | None) -> bool:
    return last is not None and at < last


def _by_key(cards: Iterable[Packed], row: NodeBefore) -> dict[str, Packed]:
    """A card that does not tell its UUID this time is known by its address."""
    addresses = {one.bus_id: key for key, one in row.cards.items() if one.bus_id}
    found: dict[str, Packed] = {}
    for card in cards:
        key = card.key
        if card.gpu.uuid is None and key not in row.cards:
            key = addresses.get(card.gpu.bus_id or "", key)
        found.setdefault(key, card)
    return found


def _add_silent(nodes: Sequence[Node]) -> None:
    lost = [(one.row, one.cards.keys(), one.read.reading.lost) for one in nodes]
    failing = silent.find(lost)
    for node in nodes if failing else ():
        for key, card in node.row.cards.items():
            if card.id in failing:
                node.cards[key] = failing[card.id]


def _node_row(node: Node, known: Before) -> rows.Row:
    reading, old = node.read.reading, node.row
    blank = node.read.is_blank
    node.row_changed = node.news = True
    return {
        "cluster_id": node.row.cluster_id,
        "node_name": node.read.name,
        "source": reading.source,
        "read_at": _own_time(node, known),
        "driver_version": old.driver_version if blank else reading.driver_version or "",
        "cuda_version": old.cuda_version if blank else reading.cuda_version or "",
        "attached": old.attached if blank else reading.attached,
        "lost": node.read.lost(old.lost),
        "errors": list(reading.errors),
        "at": node.at,
    }


def _own_time(node: Node, known: Before) -> datetime | None:
    """Return when it was read, unless that is when its cluster was."""
    if node.read.is_blank and not _is_all_silent(node):
        return known.read_at(node.row) or node.at
    late = node.heard.at - node.at > timedelta(seconds=2 * node.heard.interval_seconds)
    return node.at if late or not node.heard.whole else None


def _is_all_silent(node: Node) -> bool:
    """Whether it was learned of each of its cards that it is out of reach."""
    lost = node.read.reading.lost
    present = (one for one in node.row.cards.values() if one.gone_at is None)
    return bool(lost) and all(one.bus_id in lost for one in present)


TOLD = ("source", "driver_version", "cuda_version", "attached", "lost", "errors")


def _changed(node: Node, known: Before) -> rows.Row | None:
    row = _node_row(node, known)
    node.news = any(row[name] != getattr(node.row, name) for name in TOLD)
    node.row_changed = node.news or row["read_at"] != node.row.read_at
    return row | {"id": node.row.id, "told": node.news} if node.row_changed else None


def absent(packed: Sequence[tuple[Heard, Read]], known: Before) -> int:
    """Give nodes that are not in a whole reading the time at which they were."""
    whole = {heard.cluster_id: heard for heard, _ in packed if heard.whole and heard.source}
    here = {(heard.cluster_id, read.name) for heard, reads in packed for read, _ in reads}
    away = [
        {
            "id": node.id,
            "source": node.source,
            "read_at": known.feeds[node.cluster_id],
            "driver_version": node.driver_version,
            "cuda_version": node.cuda_version,
            "attached": node.attached,
            "lost": node.lost,
            "errors": node.errors,
            "told": False,
        }
        for key, node in known.nodes.items()
        if key not in here and node.cluster_id in whole and node.read_at is None
    ]
    rows.write(rows.UPDATE_NODES, away)
    return len(away)
