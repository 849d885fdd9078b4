"""Gathers the verdicts of a round, so that many are stored by one transaction, a moment later."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connection

from apps.clusters.actions import health
from apps.clusters.health import Verdict

logger = logging.getLogger(__name__)

# A change reaches the browsers this much later at most, unless so many come before.
WINDOW_SECONDS, AT_ONCE = 0.25, 200


class Gathering:
    """Verdicts that wait to be stored: at most one of each cluster, the newest."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, Verdict] = {}
        self._some, self._enough = asyncio.Event(), asyncio.Event()
        self._over = False

    def add(self, cluster_id: UUID, verdict: Verdict) -> None:
        other = self._waiting.get(cluster_id)
        if other is None or other.checked_at < verdict.checked_at:
            self._waiting[cluster_id] = verdict
        self._some.set()
        if len(self._waiting) >= AT_ONCE:
            self._enough.set()

    def end(self) -> None:
        """Let `store` return once nothing waits any more."""
        self._over = True
        self._some.set()
        self._enough.set()

    async def store(self) -> None:
        """Store what is added, until the end."""
        while self._waiting or not self._over:
            await self._some.wait()
            await self._wait_for_more()
            batch = dict(list(self._waiting.items())[:AT_ONCE])
            self._waiting = dict(list(self._waiting.items())[AT_ONCE:])
            if not (self._waiting or self._over):
                self._some.clear()
            await sync_to_async(record_all)(batch)

    async def _wait_for_more(self) -> None:
        if self._over or len(self._waiting) >= AT_ONCE:
            return
        self._enough.clear()
        try:
            async with asyncio.timeout(WINDOW_SECONDS):
                await self._enough.wait()
        except TimeoutError:
            pass


@asynccontextmanager
async def gather() -> AsyncIterator[Gathering]:
    """Store what is added inside the block; when it ends, all of it is stored or logged."""
    gathering = Gathering()
    storing = asyncio.create_task(gathering.store())
    try:
        yield gathering
    finally:
        gathering.end()
        await storing


def record_all(verdicts: Mapping[UUID, Verdict]) -> None:
    """Store these together, or else each on its own: one that does not fit costs no other."""
    try:
        health.record_many(verdicts)
    except Exception:
        logger.exception("%s verdicts could not be stored together", len(verdicts))
    else:
        return
    # After a restart of the database the old connection is of no use.
    if not connection.in_atomic_block and not connection.is_usable():
        connection.close()
    for cluster_id, verdict in verdicts.items():
        try:
            health.record(cluster_id, verdict)
        except Exception:
            logger.exception("The verdict on cluster %s could not be stored", cluster_id)
