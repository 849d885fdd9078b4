"""Connections that are kept for the next question, within bounds, for one event loop each.

The pool of a loop is held by an async generator: when a short-lived loop ends (a task's
`async_to_sync`), the loop itself closes its generators and with them the pool.
"""

import asyncio
import resource
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Hashable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from apps.http.addresses import Directory
from apps.http.call import Upstream
from apps.http.connection import Connection
from apps.http.dialing import Dialer, Progress
from apps.http.place import Place

CONNECTIONS_PER_UPSTREAM = 10
# Longer than most intervals between checks, shorter than servers and routers wait for us.
KEPT_SECONDS = 75.0
# Connections of a pool, however few files a process may open.
FEWEST = 16


@dataclass(eq=False, slots=True)
class Door:
    """One upstream as one identity: a connection that is kept here serves nobody else."""

    # With the client's key.
    key: Hashable = field(repr=False)
    secure: bool
    seats: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(CONNECTIONS_PER_UPSTREAM)
    )
    kept: deque[Connection] = field(default_factory=deque)
    callers: int = 0


class Pool:
    """All connections of one loop, within the files that this process may open.

    A quarter of those is left to others, and a quarter of ours to connections that are new. Where
    there are more upstreams than there is room for, those that are kept stay, and others come and
    go: to let the oldest go for the newest would keep none until it is asked again. But one that
    took a TLS handshake takes the place of one that did not, which is opened for a fraction.
    """

    def __init__(self) -> None:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = max(FEWEST, min(files, 65_536) * 3 // 4)
        self._room = asyncio.Semaphore(most)
        self._most_kept = most * 3 // 4
        self._doors: dict[Hashable, Door] = {}
        self._open: set[Connection] = set()
        # By whether they are secure; what has waited longest for another question comes first.
        self._kept: dict[bool, OrderedDict[Connection, Door]]
        self._kept = {False: OrderedDict(), True: OrderedDict()}
        self._dialer = Dialer(Directory(), self._closed)
        self._sweep: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Event | None = None

    async def enter(self, upstream: Upstream, place: Place) -> Door:
        """Take one of the seats of an upstream, as soon as there is one; `leave` gives it back."""
        key = _key_of(upstream, place)
        door = self._doors.get(key)
        if door is None:
            door = self._doors[key] = Door(key, place.secure)
        door.callers += 1
        try:
            await door.seats.acquire()
        except BaseException:
            self._go(door)
            raise
        return door

    def enter_at_once(self, upstream: Upstream, place: Place) -> Door | None:
        """Take a seat where one is free and a connection is kept; there is nothing to wait for."""
        door = self._doors.get(_key_of(upstream, place))
        if door is None or not door.kept or door.seats.locked():
            return None
        door.callers += 1
        try:
            # It returns at once where it is not locked.
            door.seats.acquire().send(None)
        except StopIteration:
            return door
        raise RuntimeError("a free seat had to be waited for")

    def leave(self, door: Door) -> None:
        door.seats.release()
        self._go(door)

    def _go(self, door: Door) -> None:
        door.callers -= 1
        self._forget_if_idle(door)

    def take(self, door: Door) -> Connection | None:
        """Return the connection that was last in use, if one is kept."""
        while door.kept:
            connection = door.kept.pop()
            del self._kept[door.secure][connection]
            if not connection.closed:
                return connection
        return None

    async def open(self, upstream: Upstream, place: Place, progress: Progress) -> Connection:
        if self._room.locked():
            self._make_room()
        await self._room.acquire()
        try:
            connection = await self._dialer.dial(upstream, place, progress)
        except BaseException:
            self._room.release()
            raise
        self._open.add(connection)
        if connection.closed:
            self._closed(connection)
        return connection

    def keep(self, door: Door, connection: Connection) -> None:
        if connection.closed:
            return
        if sum(map(len, self._kept.values())) >= self._most_kept:
            if not door.secure or not self._kept[False]:
                connection.abort()
                return
            self._let_go(next(iter(self._kept[False])))
        loop = asyncio.get_running_loop()
        connection.kept_until = loop.time() + KEPT_SECONDS
        door.kept.append(connection)
        self._kept[door.secure][connection] = door
        if self._sweep is None:
            self._sweep = loop.call_later(KEPT_SECONDS, self._let_go_of_old)

    async def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in self._open:
            connection.abort()
        # Their sockets are closed a turn or two of the loop later; until then it must not end.
        if self._open:
            self._emptied = asyncio.Event()
            await self._emptied.wait()

    def _make_room(self) -> None:
        for kept in self._kept.values():
            if kept:
                self._let_go(next(iter(kept)))
                return

    def _let_go_of_old(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweep = None
        for kept in self._kept.values():
            while kept and (oldest := next(iter(kept))).kept_until <= loop.time():
                self._let_go(oldest)
        ends = [next(iter(kept)).kept_until for kept in self._kept.values() if kept]
        if ends:
            self._sweep = loop.call_at(min(ends), self._let_go_of_old)

    def _let_go(self, connection: Connection) -> None:
        self._unkeep(connection)
        connection.abort()

    def _unkeep(self, connection: Connection) -> None:
        for kept in self._kept.values():
            door = kept.pop(connection, None)
            if door is not None:
                door.kept.remove(connection)
                self._forget_if_idle(door)

    def _closed(self, connection: Connection) -> None:
        self._unkeep(connection)
        if connection in self._open:
            self._open.discard(connection)
            self._room.release()
        if self._emptied is not None and not self._open:
            self._emptied.set()

    def _forget_if_idle(self, door: Door) -> None:
        if not door.callers and not door.kept:
            self._doors.pop(door.key, None)


def _key_of(upstream: Upstream, place: Place) -> Hashable:
    """Whatever a connection was opened with."""
    if not place.secure:
        return (place.host, place.port)
    identity = (upstream.ca_bundle, upstream.client_certificate, upstream.client_key)
    return (place.host, place.port, upstream.server_name, *identity)


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Pool, AsyncGenerator[Pool, None]]] = (
    WeakKeyDictionary()
)


def at_hand() -> Pool | None:
    """Return the pool of this loop, if it was used before."""
    found = _pools.get(asyncio.get_running_loop())
    return found[0] if found else None


async def of_this_loop() -> Pool:
    loop = asyncio.get_running_loop()
    if loop not in _pools:
        keeper = _keep(loop)
        _pools[loop] = (await anext(keeper), keeper)
    return _pools[loop][0]


async def _keep(loop: asyncio.AbstractEventLoop) -> AsyncGenerator[Pool, None]:
    pool = Pool()
    try:
        yield pool
    finally:
        _pools.pop(loop, None)
        await pool.close()
