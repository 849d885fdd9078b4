"""A check made at once for somebody who waits for it, and told step by step."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from asgiref.sync import async_to_sync
from django.db import transaction
from pydantic import BaseModel, Field

from apps.accounts import audit
from apps.clusters.actions import checking, health
from apps.clusters.connection import Connection, connect_all
from apps.clusters.contract import FailureStageName, StateName
from apps.clusters.health import Verdict
from apps.clusters.models import Cluster
from apps.clusters.steps import Step, lay_out

AT_ONCE = 50
StepStatusName = Literal["OK", "FAILED", "SKIPPED", "NOT_CONFIGURED"]


class StepAnswer(BaseModel):
    """One step of the way. `message` says what was found, `remedy` what to do about a failure."""

    step: FailureStageName
    status: StepStatusName
    message: str
    remedy: str
    latency_ms: int | None


class TestAnswer(BaseModel):
    """What the check concluded, and the steps it went, in order; after a failure they end."""

    checked_at: datetime
    state: StateName
    health_score: int = Field(ge=0, le=100)
    failure_stage: FailureStageName | None
    remedy: str
    steps: list[StepAnswer]


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


def describe(one: Tested) -> TestAnswer:
    verdict = one.verdict
    return TestAnswer(
        checked_at=verdict.checked_at,
        state=verdict.state.value,
        health_score=verdict.score,
        failure_stage=verdict.stage.value if verdict.stage else None,
        remedy=verdict.remedy,
        steps=[StepAnswer.model_validate(step, from_attributes=True) for step in one.steps],
    )


async def _ask_each(connections: Sequence[Connection]) -> list[tuple[Verdict, list[Step]]]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def attempt(connection: Connection) -> tuple[Verdict, list[Step]]:
        async with gate:
            readings, verdict = await checking.conclude(connection)
        return verdict, lay_out(connection, readings)

    return await asyncio.gather(*(attempt(connection) for connection in connections))
