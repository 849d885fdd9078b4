"""Asks many clusters at once, within one deadline, and hides none of them."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from apps import lasting_loop
from apps.clusters.connection import Connection
from apps.http import Stage, Unreachable
from apps.observability.federation import seats
from apps.observability.federation.outcome import (
    SKIPPED,
    Answer,
    Failure,
    Outcome,
    SourceFailed,
    Target,
)

T = TypeVar("T")

logger = logging.getLogger(__name__)

Ask = Callable[[Connection], Awaitable[T]]
# So many answers wait for their reader; those behind them keep their seats.
MOST_UNREAD = 4


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

    async def deliver(outcome: Outcome[T]) -> None:
        found[outcome.connection.cluster_id] = outcome

    async with seats.of_person(asker):
        await _ask_all(connections, ask, _Terms(deadline, at_once), deliver)
    return [found[connection.cluster_id] for connection in connections]


class Flow(Generic[T]):
    """The outcomes as they come, for a thread or another loop to read.

    Whoever reads slowly slows the asking: an answer keeps its seat until there is room for it, so
    that no more than `at_once` and a few are ever held. It is to be closed, read out or not.
    """

    def __init__(
        self,
        connections: Sequence[Connection],
        ask: Ask[T],
        *,
        deadline: float,
        at_once: int,
        asker: str = "",
    ) -> None:
        self._left = len(connections)
        self._unread: asyncio.Queue[Outcome[T]] = asyncio.Queue(MOST_UNREAD)
        terms = _Terms(deadline, at_once)

        async def ask_all() -> None:
            async with seats.of_person(asker):
                await _ask_all(connections, ask, terms, self._unread.put)

        self._asking = lasting_loop.submit(ask_all())

    def take(self) -> list[Outcome[T]]:
        """Wait for what comes next; nothing is left after an empty list.

        Raises TooManyQueries where the asker has too many under way.
        """
        return lasting_loop.submit(self._take()).result() if self._left else []

    async def take_here(self) -> list[Outcome[T]]:
        """Take, on whatever loop this is."""
        return await asyncio.wrap_future(lasting_loop.submit(self._take())) if self._left else []

    def close(self) -> None:
        self._asking.cancel()

    async def _take(self) -> list[Outcome[T]]:
        next_one = asyncio.ensure_future(self._unread.get())
        asking = asyncio.wrap_future(self._asking)
        pending: set[asyncio.Future[Any]] = {next_one, asking}
        await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        if not next_one.done() and self._unread.empty():
            # Nobody is left who could deliver: it was refused, or closed.
            next_one.cancel()
            await asking
        taken = [await next_one]
        while not self._unread.empty():
            taken.append(self._unread.get_nowait())
        self._left -= len(taken)
        return taken


@dataclass(frozen=True, slots=True)
class _Terms:
    deadline: float
    at_once: int

    def missed(self, connection: Connection, elapsed_ms: int) -> Failure:
        reason = f"no answer in {self.deadline:g} s"
        return Failure(connection, "QUERY_TIMEOUT", reason, elapsed_ms)


async def _ask_all(
    connections: Sequence[Connection],
    ask: Ask[T],
    terms: _Terms,
    deliver: Callable[[Outcome[T]], Awaitable[None]],
) -> None:
    gate, places = asyncio.Semaphore(terms.at_once), asyncio.Semaphore(seats.MOST_LARGE)
    ends = asyncio.get_running_loop().time() + terms.deadline

    async def ask_one(connection: Connection) -> None:
        started = time.perf_counter()
        try:
            async with asyncio.timeout_at(ends):
                await gate.acquire()
        except TimeoutError:
            await deliver(terms.missed(connection, _since(started)))
            return
        landing = seats.Landing(places)
        seats.berth.set(landing.take)
        try:
            try:
                async with asyncio.timeout_at(ends):
                    outcome = await _ask_one(connection, ask, started)
            except TimeoutError:
                outcome = terms.missed(connection, _since(started))
            await deliver(outcome)
        finally:
            landing.leave()
            gate.release()

    await asyncio.gather(*map(ask_one, connections))


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
