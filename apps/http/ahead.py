"""Questions that are sent at once, before anybody waits for their answers.

Who asks a hundred at a time sends all of it first: each question that has to wait until tasks are
made for the others is answered later by that much.
"""

import time

from apps.http import pool as pools
from apps.http.asking import receive
from apps.http.call import Berth, Call, Reply, Upstream
from apps.http.connection import Connection
from apps.http.place import locate
from apps.http.pool import Door, Pool
from apps.http.wire import Answer, compose


class Begun:
    """A question that was sent. It is to be finished or dropped, and may be dropped after all."""

    __slots__ = ("_answer", "_connection", "_door", "_pool", "_upstream", "began", "ends")

    def __init__(
        self,
        upstream: Upstream,
        pool: Pool,
        door: Door,
        connection: Connection,
        answer: Answer,
        deadline: float,
    ) -> None:
        self._upstream = upstream
        self._pool, self._connection, self._answer = pool, connection, answer
        self._door: Door | None = door
        # By two clocks: that of durations, and that of deadlines.
        self.began = time.perf_counter()
        self.ends = time.monotonic() + deadline

    async def finish(self, within: float) -> Reply:
        """Return the whole answer; raise Unreachable otherwise, as `ask` does."""
        if self._door is None:
            raise RuntimeError("it was dropped")
        told = (self._upstream, self._connection, self._answer, self.began)
        try:
            reply = await receive(*told, within)
            self._pool.keep(self._door, self._connection)
        finally:
            self.drop()
        return reply

    def drop(self) -> None:
        door, self._door = self._door, None
        if door is not None:
            self._connection.give_up()
            self._pool.leave(door)


def begin(upstream: Upstream, call: Call, berth: Berth | None = None) -> Begun | None:
    """Send a question by a connection that is kept; None where that takes more than a moment."""
    pool = pools.at_hand()
    if pool is None:
        return None
    try:
        place = locate(upstream.base_url)
        request = compose(upstream, place, call)
    except ValueError:
        return None
    door = pool.enter_at_once(upstream, place)
    if door is None:
        return None
    answer = Answer(call.verb, call.cap, berth)
    connection = pool.take(door)
    if connection is not None and _sends(connection, request, answer):
        return Begun(upstream, pool, door, connection, answer, call.deadline)
    pool.leave(door)
    return None


def _sends(connection: Connection, request: bytes, answer: Answer) -> bool:
    if connection.is_quiet():
        connection.send(request, answer)
        return True
    connection.abort()
    return False
