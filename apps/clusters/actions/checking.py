"""A round of checks: due clusters are asked concurrently, and each is recorded as it answers.

One round serves any number of hanging clusters: while some have not answered, it goes on claiming
what becomes due. Only one round claims at a time, so hanging clusters never fill the workers.
"""

import asyncio
import logging

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from apps.clusters.actions import health
from apps.clusters.connection import Connection
from apps.clusters.health import API_SERVER, Reading, judge
from apps.clusters.probe import probe

logger = logging.getLogger(__name__)

AT_ONCE = 500
OUR_FAULT = "The check itself broke on our side; it is in the log of the worker."
CLAIM_EVERY_SECONDS = 1.0
# A round claims no longer than this; the next tick's round takes over while it runs out.
ROUND_SECONDS = 60.0


async def check_due() -> int:
    """Check what is due and what becomes due meanwhile; return how many checks were made."""
    if not await sync_to_async(health.take_turn)():
        return 0
    loop = asyncio.get_running_loop()
    last_claim = loop.time() + ROUND_SECONDS
    running: set[asyncio.Task[None]] = set()
    made = 0
    try:
        while loop.time() < last_claim:
            claimed = await sync_to_async(health.claim_due)(AT_ONCE - len(running))
            running |= {asyncio.create_task(check(connection)) for connection in claimed}
            made += len(claimed)
            if not running:
                break
            _, running = await asyncio.wait(running, timeout=CLAIM_EVERY_SECONDS)
    finally:
        await sync_to_async(health.end_turn)()
    if running:
        await asyncio.wait(running)
    return made


async def check(connection: Connection) -> None:
    """Ask one cluster, conclude, and record. Nothing met at one cluster stops the others."""
    # The verdict is of the moment of the question: an answer to an older question, of an
    # address since corrected, comes late and must not overwrite the newer one.
    asked_at = timezone.now()
    try:
        readings = await probe(connection, settings.CHECK_TIMEOUTS[connection.cluster_type])
    except Exception:
        logger.exception("The check of %s broke", connection.name)
        readings = [Reading(API_SERVER, healthy=False, problem=OUR_FAULT)]
    try:
        await sync_to_async(health.record)(connection.cluster_id, judge(readings, asked_at))
    except DatabaseError:
        logger.exception("The verdict on %s could not be stored", connection.name)
