"""A round of checks: due clusters are asked concurrently, and each is recorded as it answers."""

import logging

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from apps.clusters.actions import health, rounds
from apps.clusters.connection import Connection
from apps.clusters.health import API_SERVER, Reading, judge
from apps.clusters.probe import probe

logger = logging.getLogger(__name__)

AT_ONCE = 500
OUR_FAULT = "The check itself broke on our side; it is in the log of the worker."
# Any number will do, as long as nothing else of ours takes the same advisory lock.
TURN = 0x61696F7073
ROUND_SECONDS = 60.0


async def check_due() -> int:
    """Check what is due and what becomes due meanwhile; return how many checks were made."""
    return await rounds.run(
        rounds.Round(TURN, health.claim_due, check, at_once=AT_ONCE, seconds=ROUND_SECONDS)
    )


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
