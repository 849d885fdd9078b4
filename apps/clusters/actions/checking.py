"""A round of checks: due clusters are asked concurrently, and what they answer is recorded."""

import logging
from functools import partial

from django.conf import settings
from django.utils import timezone

from apps.clusters import remedies
from apps.clusters.actions import health, recording, rounds
from apps.clusters.connection import Connection
from apps.clusters.health import API_SERVER, Reading, Verdict, judge
from apps.clusters.probe import probe

logger = logging.getLogger(__name__)

AT_ONCE = 500
OUR_FAULT = Reading(
    API_SERVER,
    healthy=None,
    problem="The check itself broke on our side.",
    remedy=remedies.OUR_FAULT,
)
TURN = rounds.Turn.CHECKS
ROUND_SECONDS = 60.0


async def check_due(part: int = 0) -> int:
    """Check what is due of a part of the fleet, and becomes due meanwhile; return how many it was.

    The parts are numbered from 0; there are settings.CHECK_PARTS of them.
    """
    async with recording.gather() as gathering:
        claim = partial(health.claim_due, part=part)
        work = partial(check, gathering=gathering)
        return await rounds.run(
            rounds.Round(TURN + part, claim, work, at_once=AT_ONCE, seconds=ROUND_SECONDS)
        )


async def check(connection: Connection, gathering: recording.Gathering) -> None:
    """Ask one cluster, conclude, and have it recorded."""
    _, verdict = await conclude(connection)
    gathering.add(connection.cluster_id, verdict)


async def conclude(connection: Connection) -> tuple[list[Reading], Verdict]:
    """Ask one cluster and conclude. Nothing met at one cluster stops the others."""
    # The verdict is of the moment of the question: an answer to an older question, of an
    # address since corrected, comes late and must not overwrite the newer one.
    asked_at = timezone.now()
    try:
        readings = await probe(connection, settings.CHECK_TIMEOUTS[connection.cluster_type])
    except Exception:
        logger.exception("The check of %s broke", connection.name)
        readings = [OUR_FAULT]
    return readings, judge(readings, asked_at)
