"""One connection to an upstream: a question goes out, its answer comes in, and then the next."""

import asyncio
import select
import ssl
from collections.abc import Callable
from datetime import datetime
from typing import cast

from apps.http.bodies import broken, hung_up
from apps.http.call import Berth, Unreachable
from apps.http.wire import Answer


class Stale(Exception):
    """A kept connection turned out to be closed before anything of an answer came."""


class Connection(asyncio.Protocol):
    """Asked one question at a time. `closed` once nothing more can be asked."""

    def __init__(self, on_close: Callable[["Connection"], None]) -> None:
        self.closed = False
        self.kept_until = 0.0
        self.certificate_expires_at: datetime | None = None
        self.transport: asyncio.Transport | None = None
        # Beneath TLS, if there is any: what was encrypted may wait here.
        self._beneath: asyncio.Transport | None = None
        self.secured: ssl.SSLObject | None = None
        self._on_close = on_close
        self._answer: Answer | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._used = False
        self._mooring: asyncio.Future[None] | None = None

    async def exchange(self, request: bytes, answer: Answer) -> None:
        """Send a question and fill `answer` with what comes; raise what kept it from coming."""
        self.send(request, answer)
        await self.receive()

    def send(self, request: bytes, answer: Answer) -> None:
        """Begin an exchange, which `receive` or `abort` ends; raise Stale where there is none."""
        if self.transport is None or self.closed:
            raise Stale
        self._answer = answer
        self._waiter = asyncio.get_running_loop().create_future()
        self.transport.write(request)

    async def receive(self) -> None:
        """Wait until the answer is whole; raise what kept it from coming."""
        if self._waiter is None or self._answer is None:
            raise RuntimeError("nothing was asked")
        answer = self._answer
        try:
            await self._waiter
        except BaseException:
            # Half an answer may still be on its way, and would be taken for that to the next.
            self.abort()
            raise
        finally:
            self._used, self._answer, self._waiter = True, None, None
        if not answer.keeps_connection or not self._has_sent_all():
            self.abort()

    def is_quiet(self) -> bool:
        """Whether the other side has neither closed it nor said anything without being asked."""
        if self.closed or self.transport is None:
            return False
        door = select.poll()
        door.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not door.poll(0)

    def _has_sent_all(self) -> bool:
        """Whether nothing is left of a question, which whoever answered early may never read."""
        both = (self.transport, self._beneath)
        return not any(one.get_write_buffer_size() for one in both if one is not None)

    def give_up(self) -> None:
        """Want the answer no more that is under way, if one is."""
        if self._waiter is None:
            return
        if not self._waiter.cancel() and not self._waiter.cancelled():
            # It failed already, which nobody wants to hear of any more.
            self._waiter.exception()
        self._answer = self._waiter = None
        self.abort()

    def abort(self) -> None:
        self.closed = True
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = self._beneath = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._waiter is None or self._waiter.done():
            self.abort()
            return
        try:
            if self._answer.feed(data):
                self._waiter.set_result(None)
            elif berth := self._answer.take_berth():
                self._pause_for(berth)
        except Unreachable as failure:
            self._waiter.set_exception(failure)

    def _pause_for(self, berth: Berth) -> None:
        transport = cast(asyncio.Transport, self.transport)
        transport.pause_reading()
        self._mooring = asyncio.ensure_future(berth())
        # One that is closed meanwhile does not mind.
        self._mooring.add_done_callback(lambda _: transport.resume_reading())

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._on_close(self)
        if self._answer is None or self._waiter is None or self._waiter.done():
            return
        if exc is None and self._is_farewell() and self._answer.close():
            self._waiter.set_result(None)
        elif self._used and not self._answer.begun:
            self._waiter.set_exception(Stale())
        else:
            self._waiter.set_exception(exc or self._cut_off())

    def _is_farewell(self) -> bool:
        """Whether it was the other side that ended it; without TLS nobody can tell.

        An answer that ends with its connection could be cut short by anybody on the way.
        """
        if self.secured is None:
            return True
        try:
            return self.secured.read(1) == b""
        except ssl.SSLZeroReturnError:
            return True
        except ssl.SSLError:
            return False

    def _cut_off(self) -> Unreachable:
        if self._answer is not None and self._answer.begun:
            return broken("the connection broke in the middle of an answer")
        return hung_up()
