"""The limit of benchmark 1: connections that are open, and nothing but bytes sent and counted."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

REQUEST = (
    b"POST /api/v1/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60\r\n\r\n" + b"x" * 60
)
LENGTH = b"Content-Length: "


class Bare(asyncio.Protocol):
    """Asks one upstream, and reads no more of the answer than where it ends."""

    transport: asyncio.WriteTransport
    answered: asyncio.Future[float]

    def __init__(self) -> None:
        self._heard = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head = self._heard.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._heard.index(LENGTH) + len(LENGTH)
        length = int(self._heard[at : self._heard.index(b"\r", at)])
        if len(self._heard) >= head + 4 + length:
            self._heard.clear()
            self.answered.set_result(time.perf_counter())

    def ask(self) -> float:
        self.answered = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self.transport.write(REQUEST)
        return began


class Clients:
    """One for each port, on a loop of their own that runs while they ask."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._loop = asyncio.new_event_loop()
        self._all = [self._run(self._open(port)) for port in ports]

    def ask(self) -> dict[str, float]:
        """Ask all at once; return how long it took, and how long the slowest of them."""
        return self._run(self._ask())

    def close(self) -> None:
        for one in self._all:
            one.transport.abort()
        self._run(asyncio.sleep(0))
        self._loop.close()

    async def _open(self, port: int) -> Bare:
        _, bare = await self._loop.create_connection(Bare, "127.0.0.1", port)
        return bare

    async def _ask(self) -> dict[str, float]:
        began = time.perf_counter()
        sent = [one.ask() for one in self._all]
        heard = await asyncio.gather(*(one.answered for one in self._all))
        took = [end - begin for begin, end in zip(sent, heard, strict=True)]
        return {"total": time.perf_counter() - began, "slowest": max(took)}

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)
