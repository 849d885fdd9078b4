"""PromQL over the fleet: one answer or failure per cluster, and a sentence on who is missing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connection

from apps.accounts.models import User
from apps.clusters.connection import Connection
from apps.http import MIB
from apps.observability.errors import EveryClusterFailed, InvalidPromQL, QueryTimeout
from apps.observability.federation import targets
from apps.observability.federation.fan_out import ask_each
from apps.observability.federation.outcome import Answer, Failure, Outcome, SourceFailed
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
    if not connection.in_atomic_block:
        # The wait for the network may be long, and PostgreSQL's connections are few.
        connection.close()
    outcomes = async_to_sync(_ask_all)(connections, question)
    answer = FleetAnswer(outcomes, round((time.perf_counter() - started) * 1000))
    if answer.failures and not answer.answers:
        raise _all_failed(answer.failures)
    return answer


async def _ask_all(connections: list[Connection], question: Question) -> list[Outcome[QueryResult]]:
    async def ask_one(target: Connection) -> QueryResult:
        upstream = target.parts.get("prometheus")
        if upstream is None:
            raise SourceFailed("PROMETHEUS_NOT_AVAILABLE", "no Prometheus URL is registered")
        if target.problem:
            raise SourceFailed("CREDENTIALS_INVALID", target.problem)
        return await prometheus.query(
            upstream,
            question.path,
            question.form,
            deadline=question.timeout,
            cap=int(settings.METRICS_RESPONSE_CAP_MIB * MIB),
        )

    return await ask_each(
        connections,
        ask_one,
        deadline=question.timeout,
        at_once=settings.METRICS_CLUSTERS_AT_ONCE,
    )


def _all_failed(failures: list[Failure]) -> Exception:
    reasons = {failure.connection.name: failure.reason for failure in failures}
    for failure in failures:
        # Whoever is down besides: a wrong question is what the asker can mend.
        if failure.code == "INVALID_PROMQL":
            return InvalidPromQL(failure.reason, {"clusters": reasons})
    if {failure.code for failure in failures} == {"QUERY_TIMEOUT"}:
        return QueryTimeout(
            "No cluster answered in time. Ask for less, or give it a longer timeout.",
            {"clusters": reasons},
        )
    return EveryClusterFailed(
        f"No cluster answered. {failures[0].connection.name}: {failures[0].reason}.",
        {"clusters": reasons},
    )
