"""Asks one part of a cluster: from a seat, as its breaker allows, and again after a reset.

Where several servers hold the same, the second is asked when the first fails or is slow.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.conf import settings

from apps import measures
from apps.clusters.connection import Connection
from apps.http import Begun, Call, Reply, Stage, Unreachable, Upstream, ask, begin
from apps.http.call import Berth
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
        reason = f"no {part.title()} URL is registered"
        raise SourceFailed(f"{part.upper()}_NOT_AVAILABLE", reason)
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
    given = _left(ends)
    seat = seats.at_server((cluster_id, upstream.base_url))
    if not seat.take_at_once():
        try:
            await seat.wait(given)
        except seats.NoSeat:
            reason = f"no seat became free in {given:.3g} s: too much is asked of it"
            raise SourceFailed("QUERY_TIMEOUT", reason) from None
    try:
        # A new address is a new server, of which nothing is known.
        with _Watch((cluster_id, part, upstream.base_url), given):
            return await _ask(upstream, call, ends, seats.berth.get())
    finally:
        seat.leave()


async def _ask(
    upstream: Upstream, call: Call, ends: float, berth: Berth | None, begun: Begun | None = None
) -> Reply:
    try:
        if begun is not None:
            return await begun.finish(_left(ends))
        return await ask(upstream, call, within=_left(ends), berth=berth)
    except Unreachable as failure:
        # What changes something may have arrived, and be done twice.
        if call.once or not failure.was_reset or time.monotonic() >= ends:
            raise
        return await ask(upstream, call, within=_left(ends), berth=berth)


@dataclass(slots=True)
class BegunPart:
    """A question to a part that was sent already, from its seat. To be finished or dropped."""

    key: tuple[UUID, str, str]
    upstream: Upstream
    call: Call
    berth: Berth | None
    begun: Begun
    seat: seats.Seat | None

    async def finish(self) -> Reply:
        """Return the whole answer, or raise what `ask_part` would."""
        ends = self.begun.ends
        try:
            with _Watch(self.key, _left(ends)):
                return await _ask(self.upstream, self.call, ends, self.berth, self.begun)
        finally:
            self.drop()

    def drop(self) -> None:
        seat, self.seat = self.seat, None
        if seat is not None:
            self.begun.drop()
            seat.leave()


def begin_part(target: Connection, part: str, call: Call, berth: Berth | None) -> BegunPart | None:
    """Send a question now; None where it takes a wait, a choice, or a breaker's word."""
    servers = target.servers_of(part)
    if len(servers) != 1 or (target.problem and not servers[0].token):
        return None
    key = (target.cluster_id, part, servers[0].base_url)
    if key in _breakers:
        return None
    seat = seats.at_server((target.cluster_id, servers[0].base_url))
    if not seat.take_at_once():
        return None
    begun = begin(servers[0], call, berth)
    if begun is None:
        seat.leave()
        return None
    return BegunPart(key, servers[0], call, berth, begun, seat)


class _Watch:
    """Lets a breaker have its say, and tells it what came of the block.

    One that has nothing to tell is not there: it begins with a failure, and ends when it is idle.
    """

    __slots__ = ("_admitted", "_deadline", "_key", "_started")

    def __init__(self, key: tuple[UUID, str, str], deadline: float) -> None:
        self._key, self._deadline = key, deadline
        self._admitted = Admitted(probe=False)
        self._started = 0.0

    def __enter__(self) -> None:
        breaker = _breakers.get(self._key)
        if breaker is not None:
            admitted = breaker.admit()
            if isinstance(admitted, Refused):
                raise SourceFailed(SKIPPED, admitted.reason)
            self._admitted = admitted
        self._started = time.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        breaker = _breakers.get(self._key)
        if error is not None and self._tells_of_absence(error):
            breaker = breaker or _breakers.setdefault(self._key, _new())
            if breaker.fail(self._admitted):
                measures.breaker_opened.labels(self._key[1]).inc()
        elif breaker is not None:
            if error is None or _is_of_size(error):
                breaker.succeed()
            else:
                breaker.drop(self._admitted)
            if breaker.is_idle:
                del _breakers[self._key]

    def _tells_of_absence(self, error: BaseException) -> bool:
        """Whether a failure is the server's: one that came of the asker's hurry is not."""
        if isinstance(error, asyncio.CancelledError):
            waited = time.monotonic() - self._started
            return waited >= PATIENCE and waited >= self._deadline * 0.95
        if not isinstance(error, Unreachable) or _is_of_size(error):
            return False
        return error.stage != Stage.TIMEOUT or round(self._deadline, 1) >= PATIENCE


def _is_of_size(error: BaseException) -> bool:
    """Whether it answered, and more than is taken."""
    return isinstance(error, Unreachable) and error.stage == Stage.SIZE


def _left(ends: float) -> float:
    return max(0.001, ends - time.monotonic())


def _new() -> Breaker:
    rules = Rules(
        settings.BREAKER_FAILURES, settings.BREAKER_FIRST_WAIT, settings.BREAKER_LONGEST_WAIT
    )
    return Breaker(rules, time.monotonic, random.random)


def forget() -> None:
    """Begin anew, as a process does that has just started."""
    _breakers.clear()
    _answering.clear()
