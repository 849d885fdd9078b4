"""A check made at once for somebody who waits for it, and told step by step."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from asgiref.sync import async_to_sync
from django.db import transaction

from apps.accounts import audit
from apps.clusters.actions import checking, health
from apps.clusters.connection import Connection, connect_all
from apps.clusters.health import Verdict
from apps.clusters.models import Cluster
from apps.clusters.steps import Step, lay_out

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Tested:
    cluster: Cluster
    verdict: Verdict
    steps: list[Step]


def ask_now(clusters: Sequence[Cluster]) -> list[Tested]:
    """Ask these clusters now, conclude and record as any check does; return what was found.

    Disabled ones are asked as well: who wants to know names them.
    """
    tried = async_to_sync(_ask_each)(connect_all(clusters))
    tested = [Tested(cluster, *found) for cluster, found in zip(clusters, tried, strict=True)]
    with transaction.atomic():
        health.record_many({one.cluster.pk: one.verdict for one in tested})
        for one in tested:
            state = one.verdict.state.value
            audit.note("tested", "cluster", one.cluster.pk, one.cluster.name, state=state)
    return tested


async def _ask_each(connections: Sequence[Connection]) -> list[tuple[Verdict, list[Step]]]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def attempt(connection: Connection) -> tuple[Verdict, list[Step]]:
        async with gate:
            readings, verdict = await checking.conclude(connection)
        return verdict, lay_out(connection, readings)

    return await asyncio.gather(*(attempt(connection) for connection in connections))
