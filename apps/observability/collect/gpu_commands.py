"""The GPUs of a cluster by nvidia-smi, run in pods of the GPU operator: where DCGM tells nothing,
and of nodes that somebody looks at.
"""

import asyncio
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from django.utils import timezone

from apps.clusters.connection import Connection
from apps.clusters.kube.gpu_agents import Agent, Agents, find_agents
from apps.clusters.kube.listing import Reader, Unread
from apps.observability.collect import gpu_requests
from apps.observability.collect.gpu_rounds import Heard, NodeRead
from apps.observability.gpus.reading import NVIDIA_SMI, NodeReading
from apps.observability.gpus.use import given_to_processes
from apps.observability.sources.nvidia_smi import asking, texts
from apps.observability.sources.nvidia_smi.texts import NodeTexts

INTERVAL, LONGEST_INTERVAL = 30, 900
FINDING_SECONDS, LISTS_SECONDS = 8.0, 1.0
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which nodes, all where `only` is None, and when each was read last: the oldest comes first,
    so that those for which no time is left are the first of the next round.

    A node has `each` seconds, all have `within`.
    """

    each: float
    within: float
    only: Collection[str] | None = None
    last_read: Mapping[str, datetime] = field(default_factory=dict)


async def ask(target: Connection, wanted: Wanted) -> Heard:
    """Ask all nodes of a cluster, or some; what keeps one from being asked is in its reading."""
    loop = asyncio.get_running_loop()
    now, until = timezone.now(), loop.time() + wanted.within
    if target.problem:
        return _unheard(target, now, wanted, target.problem)
    reader = Reader.within(target.api_server, min(FINDING_SECONDS, wanted.within))
    found = await find_agents(reader, wanted.only)
    if isinstance(found, Unread):
        return _unheard(target, now, wanted, found.reason)
    agents = _in_turn(found, wanted)
    # The rest of the time is for the lists of pods, where those are wanted.
    left = max(1.0, until - loop.time() - LISTS_SECONDS)
    answers = await asking.ask_each(target.api_server, agents, each=wanted.each, within=left)
    asked = [one for one in answers if one.was_asked]
    # A node of eight cards takes a moment to read: others on this loop do not wait for many.
    readings = await asyncio.to_thread(lambda: [read(one) for one in asked])
    left = max(0.0, until - loop.time())
    readings = await gpu_requests.complete(target.api_server, readings, left)
    return Heard(
        target.cluster_id,
        target.name,
        now,
        source=NVIDIA_SMI if agents else None,
        nodes=tuple(NodeRead(one.node_name or "", one, now) for one in readings),
        interval_seconds=_interval(len(agents), len(asked)),
        whole=wanted.only is None,
    )


def read(said: NodeTexts) -> NodeReading:
    """Make a reading of what a node said, with those who run as those who hold."""
    reading = texts.read(said)
    return replace(reading, gpus=tuple(given_to_processes(gpu) for gpu in reading.gpus))


def _in_turn(found: Agents, wanted: Wanted) -> Sequence[Sequence[Agent]]:
    return [found[node] for node in sorted(found, key=lambda one: _age(one, wanted))]


def _age(node: str, wanted: Wanted) -> tuple[datetime, str]:
    return wanted.last_read.get(node, NEVER), node


def _interval(nodes: int, asked: int) -> int:
    """Return how often each node is read, where one round does not come to all of them."""
    rounds = math.ceil(nodes / max(1, asked))
    return min(LONGEST_INTERVAL, INTERVAL * max(1, rounds))


def _unheard(target: Connection, now: datetime, wanted: Wanted, problem: str) -> Heard:
    """Say why nothing was read: of the cluster, or of each of the nodes that were wanted."""
    nodes = [
        NodeRead(name, NodeReading(NVIDIA_SMI, node_name=name, errors=(problem,)), now)
        for name in sorted(wanted.only or ())
    ]
    return Heard(
        target.cluster_id,
        target.name,
        now,
        nodes=tuple(nodes),
        interval_seconds=INTERVAL,
        problem=problem,
        whole=wanted.only is None,
    )
