"""A round of discovery: due clusters are surveyed concurrently, each within its own deadline."""

import logging

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from apps.clusters.actions import capabilities, rounds
from apps.clusters.connection import Connection
from apps.clusters.discovery import conclude
from apps.clusters.kube.listing import Unread
from apps.clusters.kube.survey import survey

logger = logging.getLogger(__name__)

# Few, because a page of a large cluster's nodes weighs megabytes.
AT_ONCE = 16
TURN = rounds.Turn.DISCOVERY
ROUND_SECONDS = 60.0
SURVEY_SECONDS = 60.0


async def discover_due() -> int:
    """Discover what is due and what becomes due meanwhile; return how many clusters were asked."""
    return await rounds.run(
        rounds.Round(TURN, capabilities.claim_due, discover, at_once=AT_ONCE, seconds=ROUND_SECONDS)
    )


async def discover(connection: Connection) -> None:
    """Survey one cluster, conclude, and record. Of one that tells nothing, what we knew stays."""
    if connection.problem:
        logger.warning("%s is not discovered: %s", connection.name, connection.problem)
        return
    asked_at = timezone.now()
    try:
        findings = await survey(connection.api_server, SURVEY_SECONDS)
        if isinstance(findings, Unread):
            said = connection.api_server.quote(findings.reason)
            logger.warning("%s is not discovered: %s", connection.name, said)
            return
        discovery = conclude(findings)
        await sync_to_async(capabilities.record)(connection, discovery, asked_at)
    except DatabaseError:
        logger.exception("What %s can do could not be stored", connection.name)
    except Exception:
        logger.exception("The discovery of %s broke", connection.name)
