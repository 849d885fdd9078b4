"""A round of alerts: every enabled cluster is asked at once, and ours become what it has.

So a webhook that was lost costs no more than the time to the next round.
"""

import asyncio
import logging
from collections.abc import Sequence

from asgiref.sync import sync_to_async
from django.db import DataError, IntegrityError
from django.db.models import Q
from django.utils import timezone

from apps.clusters.actions import rounds
from apps.clusters.connected import COLUMNS, connect_rows
from apps.clusters.connection import Connection
from apps.clusters.models import Cluster
from apps.observability.actions.alerts import comparing, watching
from apps.observability.collect import alerts
from apps.observability.collect.alerts import Heard
from apps.observability.federation.fan_out import ask_each
from apps.observability.federation.outcome import Failure, Outcome
from apps.observability.models import AlertPath

logger = logging.getLogger(__name__)

TURN = rounds.Turn.ALERTS
# All of them together, however many hang: the next round begins soon after.
ROUND_SECONDS, AT_ONCE = 22.0, 1000
STORE_EVERY_SECONDS = 1.0


async def reconcile() -> int:
    """Ask all clusters what fires, unless another round is at it; count those that answered."""
    if not await sync_to_async(rounds.take_turn)(TURN):
        return 0
    try:
        return await _round()
    finally:
        await sync_to_async(rounds.end_turn)(TURN)


async def _round() -> int:
    targets, unasked = await sync_to_async(_targets)()
    arrived: list[Heard] = unasked

    async def ask_one(target: Connection) -> None:
        arrived.append(await alerts.ask(target))

    round_ = asyncio.create_task(
        ask_each(targets, ask_one, deadline=ROUND_SECONDS, at_once=AT_ONCE)
    )
    try:
        answered = await _settle_until_done(round_, arrived)
    finally:
        round_.cancel()
    missed = [_missed(one) for one in round_.result() if isinstance(one, Failure)]
    await sync_to_async(settle)(missed)
    return answered


async def _settle_until_done(
    round_: "asyncio.Task[list[Outcome[None]]]", arrived: list[Heard]
) -> int:
    answered = 0
    while True:
        done, _ = await asyncio.wait({round_}, timeout=STORE_EVERY_SECONDS)
        batch = arrived[:]
        del arrived[: len(batch)]
        answered += sum(heard.firing is not None for heard in batch)
        await sync_to_async(settle)(batch)
        if done:
            return answered


def settle(batch: Sequence[Heard]) -> None:
    """Bring our alerts up to what was heard of each of these clusters."""
    paths = AlertPath.objects.in_bulk([heard.cluster_id for heard in batch])
    for heard in batch:
        path = paths.get(heard.cluster_id) or AlertPath(cluster_id=heard.cluster_id)
        try:
            comparing.settle(heard, path)
            watching.look(heard, path)
        except (DataError, IntegrityError):
            # What one cluster says costs the others nothing, even if it does not fit our tables.
            logger.exception("The alerts of %s could not be stored", heard.cluster_name)


def _targets() -> tuple[list[Connection], list[Heard]]:
    """Return whom to ask, and those who were only ever heard of by their webhooks."""
    enabled = Cluster.objects.enabled().order_by("pk")
    to_ask = ~Q(alertmanager_url="") | ~Q(prometheus_url="")
    unasked = enabled.exclude(to_ask).filter(alert_path__last_webhook_at__isnull=False)
    now = timezone.now()
    heard = [Heard(pk, name, now) for pk, name in unasked.values_list("pk", "name")]
    return connect_rows(list(enabled.filter(to_ask).values_list(*COLUMNS))), heard


def _missed(failure: Failure) -> Heard:
    target = failure.connection
    return Heard(
        target.cluster_id,
        target.name,
        timezone.now(),
        by_prometheus=alerts.ALERTMANAGER not in target.parts,
        was_asked=True,
        problem=failure.reason,
    )
