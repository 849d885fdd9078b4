"""A round of checks: due clusters are asked concurrently, and each is recorded as it answers.

One round serves any number of hanging clusters: while some have not answered, it goes on claiming
what becomes due, so that a slow cluster holds up neither another one nor a second worker.
"""

import asyncio

from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils import timezone

from apps.clusters.actions import health
from apps.clusters.connection import Connection
from apps.clusters.health import judge
from apps.clusters.probe import probe

AT_ONCE = 500
CLAIM_EVERY_SECONDS = 1.0
# A round claims no longer than this; the next tick's round takes over while it runs out.
ROUND_SECONDS = 60.0


async def check_due() -> int:
    """Check what is due and what becomes due meanwhile; return how many checks were made."""
    loop = asyncio.get_running_loop()
    last_claim = loop.time() + ROUND_SECONDS
    running: set[asyncio.Task[None]] = set()
    made = 0
    while True:
        if loop.time() < last_claim:
            claimed = await sync_to_async(health.claim_due)(AT_ONCE - len(running))
            running |= {asyncio.create_task(check(connection)) for connection in claimed}
            made += len(claimed)
        if not running:
            return made
        done, running = await asyncio.wait(running, timeout=CLAIM_EVERY_SECONDS)
        for task in done:
            task.result()


async def check(connection: Connection) -> None:
    """Ask one cluster, conclude, and record."""
    readings = await probe(connection, settings.CHECK_TIMEOUTS[connection.cluster_type])
    verdict = judge(readings, timezone.now())
    await sync_to_async(health.record)(connection.cluster_id, verdict)
