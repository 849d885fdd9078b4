"""A round of indicators: every enabled cluster is asked at once, and what comes is stored."""

import asyncio
import logging
from datetime import datetime

from asgiref.sync import sync_to_async
from django.utils import timezone

from apps.clusters.actions import rounds
from apps.clusters.connection import Connection, connect_all
from apps.clusters.models import Cluster
from apps.observability.actions import keeping
from apps.observability.actions.keeping import Found
from apps.observability.collect import asking
from apps.observability.federation.fan_out import ask_each
from apps.observability.federation.outcome import Failure, Outcome
from apps.observability.models import Indicator

logger = logging.getLogger(__name__)

TURN = rounds.Turn.INDICATORS
# All of them together, however many hang: the next round begins a minute after this one.
ROUND_SECONDS, AT_ONCE = 30.0, 1000
# Of a round that is killed no more than this is lost.
STORE_EVERY_SECONDS = 2.0

Platforms = dict[str, str]


async def collect() -> int:
    """Ask for all indicators of all clusters, unless another round is at it; count the values."""
    if not await sync_to_async(rounds.take_turn)(TURN):
        return 0
    try:
        return await _round(timezone.now())
    finally:
        await sync_to_async(rounds.end_turn)(TURN)


async def _round(now: datetime) -> int:
    targets, platforms = await sync_to_async(_targets)()
    indicators = await sync_to_async(_indicators)()
    at = now.replace(second=0, microsecond=0)
    arrived: list[Found] = []

    async def ask_one(target: Connection) -> None:
        queries = {
            name: indicator.query_on(platforms[target.name])
            for name, indicator in indicators.items()
        }
        async for name, value in asking.ask(target, queries, now.timestamp()):
            if name in indicators:
                arrived.append(Found(target.cluster_id, target.name, indicators[name], value))

    round_ = asyncio.create_task(
        ask_each(targets, ask_one, deadline=ROUND_SECONDS, at_once=AT_ONCE)
    )
    try:
        stored = await _store_until_done(at, round_, arrived)
    finally:
        round_.cancel()
    _tell(round_.result())
    return stored


async def _store_until_done(
    at: datetime, round_: "asyncio.Task[list[Outcome[None]]]", arrived: list[Found]
) -> int:
    stored = 0
    while True:
        done, _ = await asyncio.wait({round_}, timeout=STORE_EVERY_SECONDS)
        batch = arrived[:]
        del arrived[: len(batch)]
        if batch:
            await sync_to_async(keeping.store)(at, batch)
            stored += len(batch)
        if done:
            return stored


def _targets() -> tuple[list[Connection], Platforms]:
    clusters = list(
        Cluster.objects.enabled().exclude(prometheus_url="").select_related("credential")
    )
    return connect_all(clusters), {cluster.name: cluster.platform for cluster in clusters}


def _indicators() -> dict[str, Indicator]:
    return {indicator.name: indicator for indicator in Indicator.objects.filter(enabled=True)}


def _tell(outcomes: list[Outcome[None]]) -> None:
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    if failures:
        first = failures[0]
        logger.info(
            "%s of %s clusters gave no indicators; %s: %s",
            len(failures),
            len(outcomes),
            first.connection.name,
            first.reason,
        )
