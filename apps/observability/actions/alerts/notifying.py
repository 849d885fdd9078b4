"""A round of notifications: route changes, close what has gathered, deliver what is due."""

import asyncio
import logging
from collections import Counter
from datetime import timedelta
from functools import partial
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils import timezone

from apps.clusters.actions import rounds
from apps.observability.actions.alerts import delivering, gathering, routing
from apps.observability.actions.alerts.delivering import Parcel
from apps.observability.models.delivery import Notification, Status

logger = logging.getLogger(__name__)

TURN = rounds.Turn.NOTIFICATIONS
# It goes on for so long while there is something to do; the last deliveries take ten more.
ROUND_SECONDS, LOOK_EVERY_SECONDS = 20.0, 1.0
FORGOTTEN_AT_ONCE = 5000


async def notify() -> int:
    """Tell whoever is to be told, unless another round is at it; return how many were tried."""
    if not await sync_to_async(rounds.take_turn)(TURN):
        return 0
    try:
        return await _round()
    finally:
        await sync_to_async(rounds.end_turn)(TURN)


async def _round() -> int:
    loop = asyncio.get_running_loop()
    ends, tried = loop.time() + ROUND_SECONDS, 0
    running: set[asyncio.Task[None]] = set()
    busy: Counter[UUID] = Counter()
    try:
        while loop.time() < ends:
            routed = await sync_to_async(routing.route)()
            closed = await sync_to_async(gathering.close_due)()
            room = delivering.AT_ONCE - len(running)
            parcels = await sync_to_async(delivering.claim)(room, +busy)
            for parcel in parcels:
                busy[parcel.receiver_id] += 1
                task = loop.create_task(_deliver(parcel, busy))
                running.add(task)
                task.add_done_callback(partial(_done, running))
            tried += len(parcels)
            if not (routed or closed or parcels or running):
                break
            if running and not (routed or closed):
                await _wait_for(running)
    except asyncio.CancelledError:
        for task in running:
            task.cancel()
        raise
    finally:
        await asyncio.gather(*running, return_exceptions=True)
    return tried


async def _wait_for(running: set[asyncio.Task[None]]) -> None:
    await asyncio.wait(running, timeout=LOOK_EVERY_SECONDS, return_when=asyncio.FIRST_COMPLETED)


def _done(running: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
    running.discard(task)
    # It is claimed again; what broke must be seen nevertheless.
    if not task.cancelled() and (error := task.exception()):
        logger.error("A delivery broke off", exc_info=error)


async def _deliver(parcel: Parcel, busy: Counter[UUID]) -> None:
    try:
        outcome = await delivering.send(parcel)
        await sync_to_async(delivering.record)(parcel, outcome)
    finally:
        busy[parcel.receiver_id] -= 1


def tidy() -> int:
    """Forget what was told long ago, a part at a time; return how many notifications that were."""
    before = timezone.now() - timedelta(days=settings.NOTIFICATION_HISTORY_DAYS)
    over = Notification.objects.filter(
        status__in=[Status.DELIVERED, Status.GIVEN_UP], closed_at__lt=before
    )
    forgotten = 0
    while ids := list(over.order_by("created_at").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]):
        forgotten += len(ids)
        Notification.objects.filter(pk__in=ids).delete()
    return forgotten
