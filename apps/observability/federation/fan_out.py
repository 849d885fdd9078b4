"""Asks many clusters at once, within one deadline, and hides none of them."""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from apps import lasting_loop
from apps.clusters.connection import Connection
from apps.http import Stage, Unreachable
from apps.http.call import Berth
from apps.observability.federation import seats
from apps.observability.federation.hurry import Hurry
from apps.observability.federation.outcome import (
    SKIPPED,
    Answer,
    Failure,
    Outcome,
    SourceFailed,
    Target,
)

T = TypeVar("T")
# So many small answers wait for their reader, who is told of them in batches: to wake another
# thread for each costs more than the answer.
MOST_UNREAD, BATCH = 64, 32
BATCH_SECONDS = 0.02

logger = logging.getLogger(__name__)

Ask = Callable[[Connection], Awaitable[T]]
# Sends what it can for all before each is asked by itself, and returns what takes the rest back.
# Given are those who will be asked, with where each one's answer waits if it is large.
Ahead = Callable[[Sequence[tuple[Connection, Berth]]], Awaitable[Callable[[], None]]]


async def ask_each(
    connections: Sequence[Connection],
    ask: Ask[T],
    *,
    deadline: float,
    at_once: int,
    asker: str = "",
) -> list[Outcome[T]]:
    """Return one outcome per connection, in order, no later than `deadline` seconds from now.

    Waiting for one of the `at_once` seats counts against the deadline, so that the promise holds
    for any number of clusters. `asker` has a share of each cluster's seats, and may have only so
    many questions under way: TooManyQueries is raised where that is exceeded.
    """
    found: dict[UUID, Outcome[T]] = {}

    async def deliver(outcome: Outcome[T], landing: seats.Landing) -> None:
        found[outcome.connection.cluster_id] = outcome
        landing.leave()

    async with seats.of_person(asker):
        await _ask_all(connections, ask, _Terms(deadline, at_once), deliver)
    return [found[connection.cluster_id] for connection in connections]


class Flow(Generic[T]):
    """The outcomes as they come, for a thread or another loop to read.

    Whoever reads slowly slows the asking: a large answer keeps its place until its reader comes
    for more, and of small ones only so many wait. It is to be closed, read out or not.
    """

    def __init__(
        self,
        connections: Sequence[Connection],
        ask: Ask[T],
        *,
        deadline: float,
        at_once: int,
        asker: str = "",
        ahead: Ahead | None = None,
    ) -> None:
        self._left = self._undelivered = len(connections)
        self._lock = threading.Lock()
        self._unread: list[tuple[Outcome[T], seats.Landing]] = []
        # There is a batch, or what waited long enough for one.
        self._ripe = False
        self._ripening: asyncio.TimerHandle | None = None
        self._waiting: Future[None] | None = None
        self._room = asyncio.Event()
        # What was read last, and its reader still has.
        self._read_last: list[seats.Landing] = []
        terms = _Terms(deadline, at_once, ahead)

        async def ask_all() -> None:
            async with seats.of_person(asker):
                await _ask_all(connections, ask, terms, self._deliver)

        self._asking = lasting_loop.submit(ask_all())
        # Nobody may be left who could deliver: it was refused, or closed.
        self._asking.add_done_callback(lambda _: self._wake())

    def take(self) -> list[Outcome[T]]:
        """Wait for what comes next; nothing is left after an empty list.

        Raises TooManyQueries where the asker has too many under way.
        """
        self._make_room()
        if not self._left:
            return []
        self._some().result()
        return self._read()

    async def take_here(self) -> list[Outcome[T]]:
        """Take, on whatever loop this is."""
        self._make_room()
        if not self._left:
            return []
        await asyncio.wrap_future(self._some())
        return self._read()

    def close(self) -> None:
        self._asking.cancel()

    async def _deliver(self, outcome: Outcome[T], landing: seats.Landing) -> None:
        while len(self._unread) >= MOST_UNREAD:
            self._room.clear()
            await self._room.wait()
        self._undelivered -= 1
        with self._lock:
            self._unread.append((outcome, landing))
        if landing.is_held or not self._undelivered or len(self._unread) >= BATCH:
            self._ripen()
        elif self._ripening is None:
            self._ripening = asyncio.get_running_loop().call_later(BATCH_SECONDS, self._ripen)

    def _ripen(self) -> None:
        if self._ripening is not None:
            self._ripening.cancel()
            self._ripening = None
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            # It may have been read meanwhile, together with what came before it.
            if not (self._unread or self._asking.done()):
                return
            self._ripe = True
            waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.cancelled():
            waiting.set_result(None)

    def _some(self) -> "Future[None]":
        """Return what is done once there is something to read, or nothing will come."""
        some: Future[None] = Future()
        with self._lock:
            if not (self._ripe or self._asking.done()):
                self._waiting = some
                return some
        some.set_result(None)
        return some

    def _read(self) -> list[Outcome[T]]:
        with self._lock:
            taken, self._unread = self._unread, []
            self._ripe = False
        if not taken:
            self._asking.result()
            raise RuntimeError("some have not delivered what they found")
        self._left -= len(taken)
        self._read_last = [landing for _, landing in taken if landing.is_held]
        if len(taken) >= MOST_UNREAD:
            lasting_loop.call(self._room.set)
        return [outcome for outcome, _ in taken]

    def _make_room(self) -> None:
        held, self._read_last = self._read_last, []
        for landing in held:
            lasting_loop.call(landing.leave)


@dataclass(frozen=True, slots=True)
class _Terms:
    deadline: float
    at_once: int
    ahead: Ahead | None = None

    def missed(self, connection: Connection, elapsed_ms: int) -> Failure:
        reason = f"no answer in {self.deadline:g} s"
        return Failure(connection, "QUERY_TIMEOUT", reason, elapsed_ms)


async def _ask_all(
    connections: Sequence[Connection],
    ask: Ask[T],
    terms: _Terms,
    deliver: Callable[[Outcome[T], seats.Landing], Awaitable[None]],
) -> None:
    """Ask all. Who takes what is delivered lets its landing go, if it is still held."""
    gate, places = asyncio.Semaphore(terms.at_once), asyncio.Semaphore(seats.MOST_LARGE)
    hurry = Hurry()
    landings = [seats.Landing(places) for _ in connections]
    began = time.perf_counter()

    async def ask_one(connection: Connection, landing: seats.Landing) -> None:
        started = began if terms.ahead else time.perf_counter()
        seats.berth.set(landing.take)
        outcome: Outcome[T]
        try:
            if gate.locked():
                with hurry:
                    await gate.acquire()
            else:
                await gate.acquire()
        except TimeoutError:
            await deliver(terms.missed(connection, _since(started)), landing)
            return
        try:
            try:
                with hurry:
                    outcome = await _ask_one(connection, ask, started)
            except TimeoutError:
                outcome = terms.missed(connection, _since(started))
            await deliver(outcome, landing)
        except BaseException:
            landing.leave()
            raise
        finally:
            gate.release()

    timer = asyncio.get_running_loop().call_later(terms.deadline, hurry.end)
    take_back: Callable[[], None] | None = None
    try:
        if terms.ahead is not None:
            first = zip(connections[: terms.at_once], landings, strict=False)
            take_back = await _ahead(terms.ahead, [(one, place.take) for one, place in first])
        await asyncio.gather(*map(ask_one, connections, landings))
    finally:
        timer.cancel()
        if take_back is not None:
            take_back()


async def _ahead(
    send: Ahead, waiting: Sequence[tuple[Connection, Berth]]
) -> Callable[[], None] | None:
    try:
        return await send(waiting)
    except Exception:  # Each is asked by itself then, and met by the same bug, or by none.
        logger.exception("Sending ahead broke")
        return None


async def _ask_one(connection: Connection, ask: Ask[T], started: float) -> Outcome[T]:
    if isinstance(connection, Target) and connection.away:
        return Failure(connection, SKIPPED, connection.away, 0)
    try:
        return Answer(connection, await ask(connection), _since(started))
    except SourceFailed as failed:
        return Failure(connection, failed.code, failed.reason, _since(started))
    except Unreachable as failure:
        timed_out = failure.stage == Stage.TIMEOUT
        code = "QUERY_TIMEOUT" if timed_out else "CLUSTER_UNREACHABLE"
        return Failure(connection, code, failure.reason, _since(started))
    except Exception:  # A bug met at one cluster must not cost the answers of the others.
        logger.exception("Asking %s broke", connection.name)
        reason = "asking it broke on our side; it is in the log of the web process"
        return Failure(connection, "INTERNAL_ERROR", reason, _since(started))


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
