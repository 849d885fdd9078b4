"""One reading of two: while somebody looks at a node that DCGM tells of, nvidia-smi is asked too.

What moves stays DCGM's, as its series has it; nvidia-smi adds what it alone knows, or why it could
not be asked. That is kept for a moment, so that the series that come between two looks say it too.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.observability.collect import gpu_interest
from apps.observability.collect.gpu_rounds import Heard, NodeRead
from apps.observability.gpus import stored
from apps.observability.gpus.merging import merge
from apps.observability.gpus.reading import DCGM, NodeReading
from apps.observability.models import GpuCard, GpuFeed, GpuNode

Place = tuple[UUID, str]
Known = dict[Place, NodeReading]


def merged(batch: Sequence[Heard]) -> list[Heard]:
    """Return the same with what the other source says of nodes that both were asked about."""
    told = set(
        GpuFeed.objects.filter(pk__in=[one.cluster_id for one in batch], source=DCGM).values_list(
            "pk", flat=True
        )
    )
    both = [one for one in batch if one.cluster_id in told and one.nodes]
    said = _said_lately([one for one in both if one.source == DCGM])
    known = _told_by_dcgm([one for one in both if not one.whole])

    def joined(one: Heard) -> Heard:
        if one.cluster_id not in told:
            return one
        if one.source == DCGM:
            return _with_said(one, said) if said else one
        return one if one.whole else _with_known(one, known)

    return [joined(one) for one in batch]


def _said_lately(series: Sequence[Heard]) -> Known:
    if not series or not gpu_interest.looked_at():
        return {}
    return gpu_interest.kept([(one.cluster_id, read.name) for one in series for read in one.nodes])


def _with_said(heard: Heard, said: Known) -> Heard:
    def joined(read: NodeRead) -> NodeRead:
        smi = said.get((heard.cluster_id, read.name))
        return read if smi is None else replace(read, reading=merge(smi, read.reading))

    return replace(heard, nodes=tuple(map(joined, heard.nodes)))


def _with_known(look: Heard, known: Known) -> Heard:
    """Lay what was said at a look over what DCGM told last; keep it for the next series.

    One that was not to be had takes nothing away from what was said a moment ago.
    """
    asked = {(look.cluster_id, read.name): read for read in look.nodes}
    blank = [place for place, read in asked.items() if read.is_blank]
    before = gpu_interest.kept(blank)
    stays = {place for place, reading in before.items() if reading.gpus}
    asked = {place: read for place, read in asked.items() if place in known and place not in stays}
    gpu_interest.keep((place, read.reading) for place, read in asked.items())
    nodes = [
        replace(read, reading=merge(read.reading, known[place])) for place, read in asked.items()
    ]
    return replace(look, nodes=tuple(nodes))


def _told_by_dcgm(looks: Sequence[Heard]) -> Known:
    """Return the nodes as they are stored: what moves there is DCGM's, as its series has it."""
    if not looks:
        return {}
    names = Q(pk__in=[])
    for heard in looks:
        names |= Q(cluster_id=heard.cluster_id, node_name__in=[one.name for one in heard.nodes])
    cards: dict[int, list[Any]] = {}
    nodes = list(GpuNode.objects.filter(names))
    for card in GpuCard.objects.present().filter(node__in=nodes, missing_since=None):
        cards.setdefault(card.node_id, []).append(stored.gpu(card))
    return {
        (one.cluster_id, one.node_name): NodeReading(
            DCGM, tuple(cards.get(one.pk, ())), one.node_name, one.driver_version or None
        )
        for one in nodes
    }
