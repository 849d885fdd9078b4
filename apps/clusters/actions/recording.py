"""Gathers the verdicts of a round, so that many are stored by one transaction, a moment later."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, transaction

from apps.clusters.actions import health
from apps.clusters.health import Verdict
from apps.clusters.models import CheckSchedule

logger = logging.getLogger(__name__)

# A change reaches the browsers this much later at most, unless so many come before.
WINDOW_SECONDS, AT_ONCE = 0.25, 200
# Shorter than PostgreSQL looks for deadlocks (1 s): of a round and an import the round gives way.
PATIENCE = "500ms"


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
        _record_together(verdicts)
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


def _record_together(verdicts: Mapping[UUID, Verdict]) -> None:
    """Store these by one transaction; the fleet does not wait for a cluster that is being changed.

    An import holds what it renews until its end, which may be minutes with a store of credentials
    on the network. A change makes a check old anyway, and another one follows.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
            health.record_many(verdicts)
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise
    else:
        return
    with transaction.atomic():
        rows = CheckSchedule.objects.select_for_update(skip_locked=True).filter(pk__in=verdicts)
        free = {
            cluster_id: verdicts[cluster_id] for cluster_id in rows.values_list("pk", flat=True)
        }
        health.record_many(free)
    logger.warning("%s verdicts are on clusters being changed", len(verdicts) - len(free))
