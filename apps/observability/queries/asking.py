"""Asks one cluster's Prometheus, and says what it means that none answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from django.conf import settings
from django.db import connection

from apps.clusters.connection import Connection
from apps.errors import DomainError, PermissionRefused
from apps.http import MIB, Call, Reply, Upstream
from apps.observability.arithmetic.values import Grid
from apps.observability.errors import (
    EveryClusterFailed,
    InvalidPromQL,
    NotExecutable,
    QueryTimeout,
)
from apps.observability.federation import merge, printed
from apps.observability.federation.cached import ask_cached
from apps.observability.federation.outcome import (
    PERMISSION_DENIED,
    Answer,
    Failure,
    Outcome,
    Target,
)
from apps.observability.federation.upstreams import first_of
from apps.observability.sources import prometheus
from apps.observability.sources.prometheus import Decoder, QueryResult, Said

T = TypeVar("T")


class Remarked(Protocol):
    @property
    def warnings(self) -> Sequence[str]: ...

    @property
    def infos(self) -> Sequence[str]: ...


R = TypeVar("R", bound=Remarked)
Params = Mapping[str, str | list[str]]


def upstream_of(target: Connection) -> Upstream:
    if not isinstance(target, Target):
        # Of any other connection nobody has looked up what the person may see there.
        raise TypeError("for a person only those clusters are asked that were chosen for them")
    return first_of(target, "prometheus")


def path_of(grid: Grid) -> str:
    return "query" if grid.is_instant else "query_range"


def form_of(text: str, grid: Grid, timeout: float) -> dict[str, str]:
    """Return a query as Prometheus takes it."""
    # Seconds as a bare number: of its durations with units none has a fraction.
    form = {"query": text, "timeout": f"{max(timeout, 0.001):.3f}"}
    if grid.is_instant:
        return form | {"time": f"{grid.start:.3f}"}
    times = {"start": grid.start, "end": grid.end, "step": grid.step}
    return form | {name: f"{seconds:.3f}" for name, seconds in times.items()}


def cap() -> int:
    return int(settings.METRICS_RESPONSE_CAP_MIB * MIB)


async def post(
    target: Connection, shape: Decoder[T], path: str, form: Mapping[str, str], deadline: float
) -> Said[T]:
    return await ask(target, shape, call_of(path, form, deadline))


async def query(
    target: Connection, path: str, form: Mapping[str, str], deadline: float
) -> QueryResult:
    upstream = upstream_of(target)
    call = call_of(path, form, deadline)
    heard = await ask_cached(
        target, call, lambda reply: prometheus.read_to_pass_on(upstream, reply)
    )
    return replace(heard.value, cached=heard.cached, age_seconds=heard.age_seconds)


def call_of(path: str, form: Mapping[str, str], deadline: float) -> Call:
    return Call(f"/api/v1/{path}", form=dict(form), deadline=deadline, cap=cap())


async def series(target: Connection, kind: str, call: Call) -> Said[merge.Part]:
    """Return the series of a vector or a matrix, as the fleet has them."""
    upstream = upstream_of(target)

    def read(reply: Reply) -> Said[merge.Part]:
        return read_series(upstream, reply, kind, target.name)

    return (await ask_cached(target, call, read)).value


def read_series(upstream: Upstream, reply: Reply, kind: str, cluster: str) -> Said[merge.Part]:
    """Read an answer by the short way, if it is printed for it, or by the long one."""
    part = printed.splice(reply.body, kind, cluster) if reply.status == 200 else None
    if part is not None:
        return Said(part, (), ())
    said = prometheus.read_as(prometheus.SERIES, upstream, reply)
    return Said(merge.splice(said.data, kind, cluster), said.warnings, said.infos)


async def get(
    target: Connection, shape: Decoder[T], path: str, params: Params, deadline: float
) -> Said[T]:
    call = Call(f"/api/v1/{path}", params=params, deadline=deadline, cap=cap())
    return await ask(target, shape, call)


async def ask(target: Connection, shape: Decoder[T], call: Call) -> Said[T]:
    upstream = upstream_of(target)

    def read(reply: Reply) -> Said[T]:
        return prometheus.read_as(shape, upstream, reply)

    return (await ask_cached(target, call, read)).value


def let_go_of_the_database() -> None:
    """The wait for the network may be long, and PostgreSQL's connections are few."""
    if not connection.in_atomic_block:
        connection.close()


@dataclass(slots=True)
class Coverage:
    """Who was asked and who answered, and what is to be remarked about it."""

    asked: int
    answered: int = 0
    warnings: list[str] = field(default_factory=list)
    infos: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def note(self, outcome: Outcome[R]) -> R | None:
        """Count an outcome in; return what was said, if anything was."""
        match outcome:
            case Failure(connection=target, reason=reason):
                self.failures.append(outcome)
                self.warnings.append(f"{target.name}: {reason}")
                return None
            case Answer(connection=target, value=said):
                self.answered += 1
                self.warnings += [f"{target.name}: {one}" for one in said.warnings]
                self.infos += [f"{target.name}: {one}" for one in said.infos]
                return said

    def require_one(self) -> None:
        if self.failures and not self.answered:
            error = all_failed(self.failures)
            if isinstance(error, InvalidPromQL):
                # We could read the query; what the clusters refuse is to work it out.
                raise NotExecutable(error.message, error.details)
            raise error


def all_failed(failures: Sequence[Failure]) -> DomainError:
    reasons = {failure.connection.name: failure.reason for failure in failures}
    for failure in failures:
        # Whoever is down besides: a wrong question is what the asker can mend.
        if failure.code == "INVALID_PROMQL":
            return InvalidPromQL(failure.reason, {"clusters": reasons})
    codes = {failure.code for failure in failures}
    if codes == {PERMISSION_DENIED}:
        return PermissionRefused(f"{failures[0].connection.name}: {failures[0].reason}.")
    if codes == {"QUERY_TIMEOUT"}:
        return QueryTimeout(
            "No cluster answered in time. Ask for less, or give it a longer timeout.",
            {"clusters": reasons},
        )
    return EveryClusterFailed(
        f"No cluster answered. {failures[0].connection.name}: {failures[0].reason}.",
        {"clusters": reasons},
    )
