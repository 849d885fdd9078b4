"""So many questions a server of a cluster is asked at once, and no person takes all of its seats.

A question also counts for the person who asks it: who has too many under way waits a moment, and
is then told to come again. Both are counted within this process, on its one lasting loop.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.conf import settings

from apps.http.call import Berth
from apps.observability.errors import TooManyQueries

WAIT_SECONDS = 1.0
# So many large answers to one question are read and held at once; the others wait where they are.
MOST_LARGE = 16
# Who asks, for the time of one fan-out; nobody is the platform itself.
asker: ContextVar[str] = ContextVar("asker", default="")


@dataclass(slots=True)
class Table:
    """One table with seats. Whoever waits longest comes first, unless they hold their share."""

    seats: int
    share: int
    taken: int = 0
    held: dict[str, int] = field(default_factory=dict)
    waiting: deque[tuple[str, asyncio.Future[None]]] = field(default_factory=deque)

    def take_at_once(self, who: str) -> bool:
        """Take a seat if there is one, which most of the time there is."""
        if not self._has_room_for(who):
            return False
        self._seat(who)
        return True

    async def wait(self, who: str) -> None:
        """Take the next seat that somebody leaves."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (who, turn)
        self.waiting.append(entry)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # It was given the seat in the very moment in which it gave up.
                self.leave(who)
            else:
                self.waiting.remove(entry)
            raise

    def leave(self, who: str) -> None:
        self.taken -= 1
        self.held[who] -= 1
        if not self.held[who]:
            del self.held[who]
        for entry in list(self.waiting):
            if self.taken >= self.seats:
                return
            waiter, turn = entry
            if turn.cancelled() or not self._has_room_for(waiter):
                continue
            self.waiting.remove(entry)
            self._seat(waiter)
            turn.set_result(None)

    def _seat(self, who: str) -> None:
        self.taken += 1
        self.held[who] = self.held.get(who, 0) + 1

    def _has_room_for(self, who: str) -> bool:
        return self.taken < self.seats and (not who or self.held.get(who, 0) < self.share)


class Landing:
    """Where one cluster's answer lands: a large one takes a place, from its first bytes on."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._held = self._left = False

    async def take(self) -> None:
        if self._is_over() or self._held:
            return
        await self._places.acquire()
        self._held = True
        # It may have been given up while it waited.
        if self._is_over():
            self.leave()

    @property
    def is_held(self) -> bool:
        return self._held

    def _is_over(self) -> bool:
        return self._left

    def leave(self) -> None:
        """Make room, now that the answer was passed on, or is not wanted any more."""
        self._left = True
        if self._held:
            self._held = False
            self._places.release()


berth: ContextVar[Berth | None] = ContextVar("berth", default=None)

_tables: dict[Hashable, Table] = {}


class NoSeat(Exception):
    """Nobody stood up in time."""


class Seat:
    """A seat at one of the tables. Once taken, at once or after a wait, it is to be left."""

    __slots__ = ("_key", "_table", "_who")

    def __init__(self, key: Hashable, *, of: int, share: int, who: str) -> None:
        table = _tables.get(key)
        if table is None:
            table = _tables[key] = Table(of, share)
        self._key, self._table, self._who = key, table, who

    def take_at_once(self) -> bool:
        return self._table.take_at_once(self._who)

    async def wait(self, seconds: float) -> None:
        """Take it as soon as somebody leaves; raise NoSeat after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._table.wait(self._who)
        except TimeoutError:
            raise NoSeat from None
        finally:
            self._clear()

    def leave(self) -> None:
        self._table.leave(self._who)
        self._clear()

    def _clear(self) -> None:
        if not self._table.taken and not self._table.waiting:
            _tables.pop(self._key, None)


def at_server(server: Hashable) -> Seat:
    seats = settings.METRICS_SEATS_PER_CLUSTER
    return Seat(("server", server), of=seats, share=max(1, seats // 2), who=asker.get())


@asynccontextmanager
async def of_person(who: str) -> AsyncIterator[None]:
    """Count a question for `who`; raise TooManyQueries where too many of theirs are under way."""
    if not who:
        yield
        return
    most = settings.METRICS_QUERIES_PER_USER
    seat = Seat(("person", who), of=most, share=most, who=who)
    if not seat.take_at_once():
        try:
            await seat.wait(WAIT_SECONDS)
        except NoSeat:
            raise TooManyQueries(
                f"{most} of your queries are under way already. Come again when one of them ended."
            ) from None
    token = asker.set(who)
    try:
        yield
    finally:
        asker.reset(token)
        seat.leave()
