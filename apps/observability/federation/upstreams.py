"""Asks one part of a cluster: from a seat, as its breaker allows, and again after a reset.

Where several servers hold the same, the second is asked when the first fails or is slow.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from uuid import UUID

from django.conf import settings

from apps import measures
from apps.clusters.connection import Connection
from apps.http import Call, Reply, Stage, Unreachable, Upstream, ask
from apps.observability.federation import pairs, seats
from apps.observability.federation.breaker import Admitted, Breaker, Refused, Rules
from apps.observability.federation.outcome import SKIPPED, SourceFailed

# Whoever gives a server less than this cannot tell by its silence that it is away.
PATIENCE = 5.0

_breakers: dict[tuple[UUID, str, str], Breaker] = {}
# Which of several servers answered last, where it is not the one named first. It is asked first: a
# server that hangs would otherwise cost every question the wait for it.
_answering: dict[tuple[UUID, str], str] = {}


def first_of(target: Connection, part: str) -> Upstream:
    """Return a part's own server; raise SourceFailed where there is none, or nothing opens it."""
    upstream = target.parts.get(part)
    if upstream is None:
        raise SourceFailed("PROMETHEUS_NOT_AVAILABLE", f"no {part.title()} URL is registered")
    # What opens it may be at hand where what opens the API server is not.
    if target.problem and not upstream.token:
        raise SourceFailed("CREDENTIALS_INVALID", target.problem)
    return upstream


async def ask_part(target: Connection, part: str, call: Call) -> Reply:
    """Return the whole answer; raise SourceFailed (skipped, no such part) or http.Unreachable."""
    first_of(target, part)
    servers = target.servers_of(part)
    ends = time.monotonic() + call.deadline
    if len(servers) == 1:
        return await _ask_server(target.cluster_id, part, servers[0], call, ends)
    pair = (target.cluster_id, part)
    first = _answering.get(pair)
    ordered = sorted(servers, key=lambda one: one.base_url != first)
    attempts = [partial(_ask_server, *pair, one, call, ends) for one in ordered]
    number, reply = await pairs.first_good(attempts, settings.METRICS_HEDGE_SECONDS)
    if ordered[number] is servers[0]:
        _answering.pop(pair, None)
    else:
        _answering[pair] = ordered[number].base_url
    return reply


async def _ask_server(
    cluster_id: UUID, part: str, upstream: Upstream, call: Call, ends: float
) -> Reply:
    try:
        # A new address is a new server, of which nothing is known.
        known_as = (cluster_id, part, upstream.base_url)
        given = _until(ends, call).deadline
        async with (
            seats.at_server((cluster_id, upstream.base_url), given),
            _watched(known_as, given),
        ):
            return await _ask(upstream, call, ends)
    except seats.NoSeat:
        reason = f"no seat became free in {given:.3g} s: too much is asked of it"
        raise SourceFailed("QUERY_TIMEOUT", reason) from None


async def _ask(upstream: Upstream, call: Call, ends: float) -> Reply:
    try:
        return await ask(upstream, _until(ends, call))
    except Unreachable as failure:
        if not failure.was_reset or time.monotonic() >= ends:
            raise
        return await ask(upstream, _until(ends, call))


@asynccontextmanager
async def _watched(key: tuple[UUID, str, str], deadline: float) -> AsyncIterator[None]:
    """Let the breaker have its say, and hear what came of it."""
    breaker = _breakers.setdefault(key, _new())
    admitted = breaker.admit()
    if isinstance(admitted, Refused):
        raise SourceFailed(SKIPPED, admitted.reason)
    started = time.monotonic()
    try:
        yield
    except BaseException as error:
        if _tells_of_absence(error, deadline, time.monotonic() - started):
            if breaker.fail(admitted):
                measures.breaker_opened.labels(key[1]).inc()
        else:
            _note(breaker, admitted, error)
        raise
    else:
        breaker.succeed()
    finally:
        if breaker.is_idle and _breakers.get(key) is breaker:
            del _breakers[key]


def _note(breaker: Breaker, admitted: Admitted, error: BaseException) -> None:
    if isinstance(error, Unreachable) and error.stage == Stage.SIZE:
        breaker.succeed()
    else:
        breaker.drop(admitted)


def _tells_of_absence(error: BaseException, deadline: float, waited: float) -> bool:
    """Whether a failure is the server's: one that came of the asker's hurry is not."""
    if isinstance(error, asyncio.CancelledError):
        return waited >= PATIENCE and waited >= deadline * 0.95
    if not isinstance(error, Unreachable) or error.stage == Stage.SIZE:
        return False
    return error.stage != Stage.TIMEOUT or round(deadline, 1) >= PATIENCE


def _until(ends: float, call: Call) -> Call:
    left = max(0.001, ends - time.monotonic())
    return replace(call, deadline=left, berth=seats.berth.get())


def _new() -> Breaker:
    rules = Rules(
        settings.BREAKER_FAILURES, settings.BREAKER_FIRST_WAIT, settings.BREAKER_LONGEST_WAIT
    )
    return Breaker(rules, time.monotonic, random.random)


def forget() -> None:
    """Begin anew, as a process does that has just started."""
    _breakers.clear()
    _answering.clear()
