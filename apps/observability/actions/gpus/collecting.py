"""Rounds of GPUs: by DCGM's series as often as they are scraped, by nvidia-smi every half minute
where there are none, and every few seconds of nodes that somebody looks at.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import DataError, IntegrityError
from django.db.models import QuerySet
from django.db.models.fields.json import KeyTransform
from django.utils import timezone

from apps.clusters.actions import rounds
from apps.clusters.connected import COLUMNS, connect_rows
from apps.clusters.connection import Connection
from apps.clusters.models import Cluster
from apps.observability.actions.gpus import joining, storing
from apps.observability.collect import gpu_commands, gpu_interest, gpu_series
from apps.observability.collect.gpu_commands import Wanted
from apps.observability.collect.gpu_rounds import Heard
from apps.observability.federation.fan_out import ask_each
from apps.observability.federation.outcome import Failure, Outcome
from apps.observability.gpus.reading import DCGM
from apps.observability.models import GpuFeed, GpuNode

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of round: how long it asks, how many clusters at once, and of whom.

    `whole`: all nodes of a cluster are asked for, so that a failure is the cluster's.
    """

    seconds: float
    at_once: int
    by_series: bool = False
    whole: bool = True


SERIES = Kind(12.0, 1000, by_series=True)
COMMANDS = Kind(25.0, 64)
LOOKS = Kind(8.0, 64, whole=False)
# What one node may take of a round.
NODE_SECONDS, LOOK_NODE_SECONDS = 15.0, 4.0
# Of a round's time, for storing to begin within it.
SPARE_SECONDS = 1.0
STORE_EVERY_SECONDS = 1.0
# The tick comes a little early or late.
TICK = timedelta(seconds=3)
# A Prometheus without a GPU's series is asked for them this often.
AGAIN_WITHOUT = timedelta(minutes=5)
# And this often where Kubernetes has GPUs: an exporter may have been put there just now.
AGAIN_WITH_GPUS = timedelta(minutes=1)

Ask = Callable[[Connection], Awaitable[Heard]]


async def by_series() -> int:
    """Ask the Prometheus of each cluster that is due for its GPUs; count the nodes read."""
    return await _in_turn(rounds.Turn.GPU_SERIES, _series_round)


async def by_commands() -> int:
    """Ask nvidia-smi in the clusters that tell nothing by DCGM; count the nodes read."""
    return await _in_turn(rounds.Turn.GPU_COMMANDS, _commands_round)


async def of_looked_at() -> int:
    """Ask nvidia-smi on the nodes that somebody looks at; count those read."""
    return await _in_turn(rounds.Turn.GPU_LOOKS, _looks_round)


async def _in_turn(turn: rounds.Turn, work: Callable[[], Awaitable[int]]) -> int:
    if not await sync_to_async(rounds.take_turn)(turn):
        return 0
    try:
        return await work()
    finally:
        await sync_to_async(rounds.end_turn)(turn)


async def _series_round() -> int:
    targets, sources = await sync_to_async(_due_for_series)()

    async def ask(target: Connection) -> Heard:
        heard = await gpu_series.ask(target)
        if heard.source is None and sources.get(target.cluster_id) == DCGM:
            words = "The DCGM exporter's series are no longer there."
            return replace(heard, source=DCGM, problem=words)
        return heard

    return await _round(targets, ask, SERIES)


async def _commands_round() -> int:
    targets = await sync_to_async(_due_for_commands)()
    last_read = await sync_to_async(_last_read)([one.cluster_id for one in targets])
    within = COMMANDS.seconds - 2 * SPARE_SECONDS

    async def ask(target: Connection) -> Heard:
        ages = last_read.get(target.cluster_id, {})
        wanted = Wanted(NODE_SECONDS, within, last_read=ages)
        return await gpu_commands.ask(target, wanted)

    return await _round(targets, ask, COMMANDS)


async def _looks_round() -> int:
    looked_at = await sync_to_async(gpu_interest.looked_at)()
    nodes: dict[UUID, list[str]] = {}
    for cluster_id, name in looked_at:
        nodes.setdefault(cluster_id, []).append(name)
    targets = await sync_to_async(_connected)(Cluster.objects.enabled().filter(pk__in=nodes))
    within = LOOKS.seconds - SPARE_SECONDS

    async def ask(target: Connection) -> Heard:
        wanted = Wanted(LOOK_NODE_SECONDS, within, only=nodes[target.cluster_id])
        return await gpu_commands.ask(target, wanted)

    return await _round(targets, ask, LOOKS)


async def _round(targets: Sequence[Connection], ask: Ask, kind: Kind) -> int:
    """Ask them all and store what comes while others are asked; of a kill little is lost."""
    arrived: list[Heard] = []

    async def ask_one(target: Connection) -> None:
        arrived.append(await ask(target))

    round_: asyncio.Task[list[Outcome[None]]] = asyncio.create_task(
        ask_each(targets, ask_one, deadline=kind.seconds, at_once=kind.at_once)
    )
    read = 0
    try:
        done: set[Any] = set()
        while not done:
            done, _ = await asyncio.wait({round_}, timeout=STORE_EVERY_SECONDS)
            batch = arrived[:]
            del arrived[: len(batch)]
            read += sum(len(heard.nodes) for heard in batch)
            if batch:
                await sync_to_async(keep)(batch)
    finally:
        round_.cancel()
    failures = [_failed(one, kind) for one in round_.result() if isinstance(one, Failure)]
    # That nobody could be asked at a look says nothing of the cluster.
    if failures and kind.whole:
        await sync_to_async(keep)(failures)
    return read


def keep(batch: Sequence[Heard]) -> None:
    """Store these together, or else each on its own: one that does not fit costs no other."""
    merged = joining.merged(batch)
    try:
        storing.store(merged)
    except (DataError, IntegrityError):
        for heard in merged:
            try:
                storing.store([heard])
            except (DataError, IntegrityError):
                logger.exception("The GPUs of %s could not be stored", heard.cluster_name)


def _failed(failure: Failure, kind: Kind) -> Heard:
    target, now = failure.connection, timezone.now()
    return Heard(
        target.cluster_id, target.name, now, problem=failure.reason, by_series=kind.by_series
    )


# Who is due


def _due_for_series() -> tuple[list[Connection], dict[UUID, str]]:
    feeds = {feed.pk: feed for feed in GpuFeed.objects.all()}
    now = timezone.now()
    enabled = Cluster.objects.enabled().exclude(prometheus_url="").order_by("pk")
    known = enabled.values_list("pk", KeyTransform("has_gpu_nodes", "capabilities"))
    due = [pk for pk, has_gpus in known if _is_due(feeds.get(pk), has_gpus is True, now)]
    return _connected(enabled.filter(pk__in=due)), {pk: feed.source for pk, feed in feeds.items()}


def _is_due(feed: GpuFeed | None, has_gpus: bool, now: Any) -> bool:
    if feed is None or feed.asked_at is None:
        return True
    wait = AGAIN_WITH_GPUS if has_gpus else AGAIN_WITHOUT
    if feed.source == DCGM:
        wait = timedelta(seconds=feed.interval_seconds)
    return bool(now - feed.asked_at >= wait - TICK)


def _due_for_commands() -> list[Connection]:
    """Return clusters with GPUs of which DCGM tells nothing, or nothing any more.

    In no order: where there are more than can be asked at once, others come too late each time.
    """
    told = GpuNode.objects.read_after(timezone.now() - AGAIN_WITHOUT).filter(source=DCGM)
    enabled = Cluster.objects.enabled().filter(capabilities__has_gpu_nodes=True)
    return _connected(enabled.exclude(pk__in=told.values("cluster_id")).order_by("?"))


def _last_read(clusters: Sequence[UUID]) -> dict[UUID, dict[str, datetime]]:
    """Return when each node of these clusters was read last."""
    found: dict[UUID, dict[str, datetime]] = {}
    nodes = GpuNode.objects.filter(cluster_id__in=clusters).with_times()
    for node in nodes.only("cluster_id", "node_name"):
        if node.last_updated is not None:
            found.setdefault(node.cluster_id, {})[node.node_name] = node.last_updated
    return found


def _connected(clusters: QuerySet[Cluster]) -> list[Connection]:
    return connect_rows(list(clusters.values_list(*COLUMNS)))
