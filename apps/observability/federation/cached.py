"""Answers that another one was just given, or is being given: the same is asked but once."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from django.conf import settings

from apps import measures
from apps.clusters.connection import Connection
from apps.http import Call, Reply
from apps.observability.federation import cache, holding, wishes
from apps.observability.federation.upstreams import ask_part

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Heard(Generic[T]):
    """`age_seconds` is how long ago it was asked, where it is `cached`."""

    value: T
    cached: bool = False
    age_seconds: float = 0.0


class Found(NamedTuple):
    """A reply, and its age where it was kept."""

    reply: Reply
    age: float | None


@dataclass(slots=True)
class Flight:
    """One question under way. It lands when its answer is kept, a little after it was given."""

    name: Hashable
    answer: asyncio.Task[Found]
    keeping: asyncio.Future[None] | None = None
    turns: list[asyncio.Future[Found]] = field(default_factory=list)
    read_at: float = 0.0

    @property
    def waiting(self) -> int:
        return len(self.turns)

    def answered(self, answer: asyncio.Task[Found]) -> None:
        failure = None if answer.cancelled() else answer.exception()
        if answer.cancelled() or failure is not None or not self.turns:
            self.land()
        for turn in self.turns:
            if turn.done():
                continue
            if answer.cancelled():
                turn.cancel()
            elif failure is not None:
                turn.set_exception(failure)
            else:
                turn.set_result(answer.result())

    def take_back_unless_wanted(self) -> None:
        """Nobody may be left to read what came, or comes."""
        if not self.turns and not self.read_at:
            self.land()
            self.answer.cancel()

    def land(self) -> None:
        if _flights.get(self.name) is self:
            del _flights[self.name]


_flights: dict[Hashable, Flight] = {}


def is_under_way(name: Hashable) -> bool:
    return name in _flights


async def ask_cached(
    target: Connection, call: Call, read: Callable[[Reply], T], *, part: str = "prometheus"
) -> Heard[T]:
    """Ask a cluster's part, unless it is known what it would say.

    `read` makes of a reply what is wanted, or raises; only what it takes, and what says nothing of
    being partial, is kept. It is called again for what was kept, with the bytes that came then.
    """
    call, read = holding.hold(target, part, call, read)
    if part not in target.parts or not settings.METRICS_CACHE:
        return Heard(read(await ask_part(target, part, call)))
    heard = await _ask_cached(target, part, call, read)
    if heard.cached:
        wishes.current().note(heard.age_seconds)
    return heard


async def _ask_cached(
    target: Connection, part: str, call: Call, read: Callable[[Reply], T]
) -> Heard[T]:
    key = cache.key_of(target.parts[part], path_of(call), form_of(call))
    anew = wishes.current().fresh
    name = name_of(key, call)
    flight = _flights.get(name) or start(name, _find(target, part, call, "" if anew else key))
    if flight.read_at and not anew:
        measures.cache_hits.inc()
        age = time.monotonic() - flight.read_at
        return Heard(read(flight.answer.result().reply), cached=True, age_seconds=age)
    reply, kept_for = await _wait_for(flight)
    try:
        value = read(reply)
    except BaseException:
        flight.land()
        raise
    if kept_for is not None:
        flight.land()
        return Heard(value, cached=True, age_seconds=kept_for)
    if not flight.read_at:
        _keep(flight, key, call, whole=reply.status == 200 and not getattr(value, "partial", False))
    return Heard(value)


def name_of(key: str, call: Call) -> Hashable:
    """Return what two who ask the same at once have in common."""
    return (id(asyncio.get_running_loop()), key, wishes.current().fresh, call.deadline)


async def _find(target: Connection, part: str, call: Call, key: str) -> Found:
    kept = await cache.of_this_loop().look_up(key) if key else None
    if kept is not None:
        return Found(Reply(200, kept.body, 0), kept.age)
    return Found(await ask_part(target, part, call), None)


def start(name: Hashable, finding: Coroutine[None, None, Found]) -> Flight:
    flight = Flight(name, asyncio.create_task(finding))
    _flights[name] = flight
    flight.answer.add_done_callback(flight.answered)
    return flight


async def _wait_for(flight: Flight) -> Found:
    """Wait with the others. The last one to give up takes the question back."""
    if flight.answer.done():
        return flight.answer.result()
    turn: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
    flight.turns.append(turn)
    try:
        found = await turn
    except BaseException:
        flight.turns.remove(turn)
        flight.take_back_unless_wanted()
        raise
    flight.turns.remove(turn)
    return found


def _keep(flight: Flight, key: str, call: Call, *, whole: bool) -> None:
    """Put an answer by while it is passed on already; until then the flight answers for it."""
    if not whole:
        flight.land()
        return
    flight.read_at = time.monotonic()
    seconds = cache.seconds_to_keep(path_of(call), form_of(call), time.time())
    body = flight.answer.result().reply.body
    flight.keeping = cache.of_this_loop().keep(key, body, seconds)
    flight.keeping.add_done_callback(lambda _: flight.land())


def path_of(call: Call) -> str:
    return call.path.removeprefix("/api/v1/")


def form_of(call: Call) -> cache.Form:
    return call.params if call.form is None else call.form
