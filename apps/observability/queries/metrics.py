"""PromQL over the fleet: one answer or failure per cluster, and a sentence on who is missing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from apps import lasting_loop
from apps.accounts.models import User
from apps.clusters.connection import Connection
from apps.observability.federation import targets
from apps.observability.federation.fan_out import ask_each
from apps.observability.federation.outcome import Answer, Failure, Outcome
from apps.observability.queries import asking
from apps.observability.sources import prometheus
from apps.observability.sources.prometheus import QueryResult


@dataclass(frozen=True, slots=True)
class Question:
    """`path` is Prometheus' own: query or query_range. `timeout` is for all, in seconds."""

    path: str
    form: dict[str, str]
    timeout: float
    cluster_ids: Sequence[UUID] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class FleetAnswer:
    outcomes: list[Outcome[QueryResult]]
    elapsed_ms: int

    @property
    def answers(self) -> list[Answer[QueryResult]]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, Answer)]

    @property
    def failures(self) -> list[Failure]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, Failure)]

    @property
    def warnings(self) -> list[str]:
        said = [
            f"{answer.connection.name}: {warning}"
            for answer in self.answers
            for warning in answer.value.warnings
        ]
        return said + [f"{one.connection.name}: {one.reason}" for one in self.failures]


def ask(user: User, question: Question) -> FleetAnswer:
    """Ask every chosen cluster; raise only if not a single one answered."""
    started = time.perf_counter()
    connections = targets.choose(user, question.cluster_ids)
    asking.let_go_of_the_database()
    outcomes = lasting_loop.submit(_ask_all(connections, question)).result()
    answer = FleetAnswer(outcomes, round((time.perf_counter() - started) * 1000))
    if answer.failures and not answer.answers:
        raise asking.all_failed(answer.failures)
    return answer


async def _ask_all(connections: list[Connection], question: Question) -> list[Outcome[QueryResult]]:
    async def ask_one(target: Connection) -> QueryResult:
        return await prometheus.query(
            asking.upstream_of(target),
            question.path,
            question.form,
            deadline=question.timeout,
            cap=asking.cap(),
        )

    return await ask_each(
        connections,
        ask_one,
        deadline=question.timeout,
        at_once=settings.METRICS_CLUSTERS_AT_ONCE,
    )
