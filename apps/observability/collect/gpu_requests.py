"""Who asks for the GPUs that nobody is known to hold, from the API's lists of the nodes' pods.

A node's list is a megabyte where it is full of pods, so that it is read for nodes with such cards
alone, and what it said is good for two minutes. While it cannot be read, what it said last stands:
a claim does not end because an API server is busy.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from apps.clusters.kube.gpu_requests import GpuRequest, requests_on
from apps.clusters.kube.listing import Reader, Unread, read_list
from apps.http import Upstream
from apps.observability.gpus.reading import Holder, NodeReading
from apps.observability.gpus.requests import Request, given_to_requests, has_free

GOOD_SECONDS, KEPT_SECONDS, AGAIN_SECONDS = 120.0, 600.0, 60.0
MOST_NODES, AT_ONCE = 4096, 8
_now = time.monotonic


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read, and when; `why` nothing was, and when to ask again."""

    at: float
    requests: tuple[Request, ...]
    again_at: float = 0.0
    why: str = ""


# By the server, with the token that read it, and the node; what was read last is at the end.
_kept: "OrderedDict[tuple[Upstream, str], _Kept]" = OrderedDict()


async def complete(
    upstream: Upstream, readings: Sequence[NodeReading], seconds: float
) -> list[NodeReading]:
    """Return the readings with those who ask for what is free as its holders, in their order."""
    reader = Reader.within(upstream, seconds)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(reading: NodeReading) -> NodeReading:
        if not reading.node_name or not has_free(reading.gpus):
            return reading
        async with gate:
            found, why = await _requests(reader, reading.node_name)
        return _completed(reading, found, why)

    def age(place: int) -> float:
        kept = _kept.get((upstream, readings[place].node_name or ""))
        return kept.at if kept is not None else 0.0

    # Where there is no time for all lists, the next time begins with those that wait longest.
    order = sorted(range(len(readings)), key=age)
    found = await asyncio.gather(*(one(readings[place]) for place in order))
    by_place = dict(zip(order, found, strict=True))
    return [by_place[place] for place in range(len(readings))]


def forget() -> None:
    _kept.clear()


def _completed(reading: NodeReading, found: Sequence[Request], why: str) -> NodeReading:
    unseen = max(len(reading.lost), (reading.attached or 0) - len(reading.gpus))
    errors = (*reading.errors, why) if why else reading.errors
    gpus = given_to_requests(reading.gpus, found, unseen)
    return replace(reading, gpus=gpus, errors=errors)


async def _requests(reader: Reader, node: str) -> tuple[tuple[Request, ...], str]:
    """Return what is asked for on a node, and in words why nobody knows."""
    now = _now()
    place = (reader.upstream, node)
    kept = _kept.get(place)
    if kept is not None and now < max(kept.at + GOOD_SECONDS, kept.again_at):
        return kept.requests, kept.why
    # Without any time nobody is asked, which says nothing of the server.
    late = reader.until <= asyncio.get_running_loop().time()
    listed = await read_list(reader, requests_on(node))
    if isinstance(listed, Unread):
        # What was read lately stands; a server that does not answer is left alone for a while.
        stands = kept is not None and not kept.why and now - kept.at < KEPT_SECONDS
        if kept is not None and stands:
            _keep(place, kept if late else replace(kept, again_at=now + AGAIN_SECONDS))
            return kept.requests, ""
        if not late:
            _keep(place, _Kept(-KEPT_SECONDS, (), now + AGAIN_SECONDS, listed.reason))
        return (), listed.reason
    found = tuple(_request(one) for some in listed.items for one in some)
    _keep(place, _Kept(now, found))
    return found, ""


def _keep(place: tuple[Upstream, str], kept: _Kept) -> None:
    _kept[place] = kept
    _kept.move_to_end(place)
    while len(_kept) > MOST_NODES:
        _kept.popitem(last=False)


def _request(one: GpuRequest) -> Request:
    holder = Holder(one.place.namespace, one.place.name, one.container)
    return Request(holder, one.resource, one.amount)
