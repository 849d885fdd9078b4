"""What the Alertmanager of a cluster has, or its Prometheus, and whether that is to be believed.

Of what each is asked, a failure is a value: that one does not answer costs the other's nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec
from django.utils import timezone

from apps.clusters.connection import Connection
from apps.http import MIB, Call, Reply, Unreachable, Upstream
from apps.observability.errors import NotAlerts
from apps.observability.federation.outcome import SourceFailed
from apps.observability.federation.upstreams import ask_part
from apps.observability.sources import alertmanager, prometheus_alerts
from apps.observability.sources.alertmanager import Told
from apps.observability.sources.prometheus_alerts import Active

T = TypeVar("T")

ALERTMANAGER, PROMETHEUS = "alertmanager", "prometheus"
# One after the other they come to less than a round has.
LIST_SECONDS, START_SECONDS = 8.0, 3.0
# Fifty thousand alerts are some 40 MiB.
LIST_CAP, START_CAP = 96 * MIB, MIB
# Reading more than that would hold up all others that are asked on this loop.
LARGE = MIB // 2
_EVERYTHING = dict.fromkeys(("active", "silenced", "inhibited", "unprocessed"), "true")


class _Status(msgspec.Struct):
    uptime: str


_status = msgspec.json.Decoder(_Status)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of asking one cluster. `asked_at` is from before the first question went out.

    `firing` and `pending` are None where nobody told them. `started` is when the server that told
    what fires was started, by its own clock; empty where it does not say. `by_prometheus`: there
    is no Alertmanager to ask, so that Prometheus was taken at its word.
    """

    cluster_id: UUID
    cluster_name: str
    asked_at: datetime
    firing: list[Told] | None = None
    pending: list[Told] | None = None
    # Nothing may be concluded from what is missing in an answer that is not whole.
    whole: bool = True
    started: str = ""
    by_prometheus: bool = False
    # Several servers may have answered, each of which counts from a start of its own.
    by_several: bool = False
    was_asked: bool = False
    problem: str = ""


async def ask(target: Connection) -> Heard:
    """Ask both. Raises nothing that a cluster could bring about."""
    asked_at = timezone.now()
    problems: dict[str, str] = {}
    listed: list[Told] | None = None
    started = ""
    if ALERTMANAGER in target.parts:
        listed = await _noting(problems, ALERTMANAGER, _listed(target))
        if listed is not None:
            started = await _noting(problems, ALERTMANAGER, _start(target)) or ""
    active: Active | None = None
    if PROMETHEUS in target.parts:
        active = await _noting(problems, PROMETHEUS, _active(target))
    heard = Heard(
        target.cluster_id,
        target.name,
        asked_at,
        pending=None if active is None else active.pending,
        was_asked=True,
    )
    if ALERTMANAGER in target.parts:
        problem = problems.get(ALERTMANAGER, "")
        return replace(heard, firing=listed, started=started, problem=problem)
    if active is not None:
        # Thanos has no such page, and forgets nothing when it starts: it asks others.
        started = await _noting({}, PROMETHEUS, _start_of_prometheus(target)) or ""
    return replace(
        heard,
        firing=None if active is None else active.firing,
        whole=active is None or active.whole,
        started=started,
        by_prometheus=True,
        by_several=not started or len(target.servers_of(PROMETHEUS)) > 1,
        problem=problems.get(PROMETHEUS, ""),
    )


async def _noting(problems: dict[str, str], part: str, asking: Awaitable[T]) -> T | None:
    try:
        return await asking
    except (SourceFailed, Unreachable) as failed:
        problems[part] = failed.reason
        return None


async def _listed(target: Connection) -> list[Told]:
    call = Call("/api/v2/alerts", params=_EVERYTHING, deadline=LIST_SECONDS, cap=LIST_CAP)
    return await _asked(target, ALERTMANAGER, call, _read_list)


async def _active(target: Connection) -> Active:
    call = Call("/api/v1/alerts", deadline=LIST_SECONDS, cap=LIST_CAP)
    return await _asked(target, PROMETHEUS, call, prometheus_alerts.read)


async def _start(target: Connection) -> str:
    call = Call("/api/v2/status", deadline=START_SECONDS, cap=START_CAP)
    return await _asked(target, ALERTMANAGER, call, _read_start)


async def _start_of_prometheus(target: Connection) -> str:
    call = Call("/api/v1/status/runtimeinfo", deadline=START_SECONDS, cap=START_CAP)
    return await _asked(target, PROMETHEUS, call, prometheus_alerts.read_start)


async def _asked(
    target: Connection, part: str, call: Call, read: Callable[[Upstream, Reply], T]
) -> T:
    reply = await ask_part(target, part, call)
    if len(reply.body) < LARGE:
        return read(target.parts[part], reply)
    return await asyncio.to_thread(read, target.parts[part], reply)


def _read_list(upstream: Upstream, reply: Reply) -> list[Told]:
    _require(upstream, reply)
    try:
        return alertmanager.read_alerts(reply.body)
    except NotAlerts as refused:
        said = upstream.quote(refused.message)
        raise SourceFailed("CLUSTER_UNREACHABLE", f"Alertmanager's answer: {said}") from None


def _read_start(upstream: Upstream, reply: Reply) -> str:
    _require(upstream, reply)
    try:
        return _status.decode(reply.body).uptime
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SourceFailed(
            "CLUSTER_UNREACHABLE", "Alertmanager does not say since when it is up"
        ) from None


def _require(upstream: Upstream, reply: Reply) -> None:
    if reply.status in {401, 403}:
        refusal = f"Alertmanager refuses our token ({reply.status})"
        raise SourceFailed("CREDENTIALS_INVALID", refusal)
    if reply.status != 200:
        said = upstream.quote(reply.body[:500].decode(errors="replace"), 200)
        answer = f"Alertmanager answers {reply.status}"
        raise SourceFailed("CLUSTER_UNREACHABLE", f"{answer}: {said}" if said else answer)
