"""Clients made for httpx2 go out by our way: same addresses, same trust, same bounds.

An answer is handed on as it comes, so one that lasts (server-sent events) can be read meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator

import httpx2

from apps.http.asking import carry
from apps.http.call import MIB, Stage, Unreachable, Upstream
from apps.http.connection import Connection
from apps.http.place import Place, locate
from apps.http.wire import Answer, head, shown

# What is ours to say of a connection, or would be said twice.
OURS = {
    *("host", "connection", "keep-alive", "proxy-connection", "proxy-authorization", "upgrade"),
    *("te", "trailer", "transfer-encoding", "content-length", "accept-encoding", "expect"),
}

TOLD: dict[Stage, type[httpx2.TransportError]] = {
    Stage.TIMEOUT: httpx2.ReadTimeout,
    Stage.PROTOCOL: httpx2.RemoteProtocolError,
    Stage.SIZE: httpx2.RemoteProtocolError,
}


class Transport(httpx2.AsyncBaseTransport):
    """Carries requests to one upstream, and to no other place that somebody may lead them to.

    The upstream's token is shown where it has one, else what the client shows. `deadline` is for
    the whole of a call in seconds, its last byte included; `cap` for the bytes of an answer. Of
    the client's own timeouts the one for reading holds: so long may nothing come.
    """

    def __init__(self, upstream: Upstream, *, deadline: float = 60.0, cap: int = 8 * MIB) -> None:
        self._upstream, self._deadline, self._cap = upstream, deadline, cap

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = await request.aread()
        try:
            place = self._place_of(request.url)
            begun = _head(self._upstream, place, request, len(body))
        except ValueError:
            # Not quoted: the value that does not fit may be the token.
            raise httpx2.LocalProtocolError("its address or header cannot be sent") from None
        silence = request.extensions.get("timeout", {}).get("read")
        answer = _Growing(request.method, self._cap)
        asking = carry(self._upstream, place, begun + body, answer, self._deadline)
        stream = _Stream(answer, asyncio.create_task(asking), silence)
        try:
            headers = await stream.begin()
        except BaseException:
            await stream.aclose()
            raise
        return httpx2.Response(answer.status, headers=headers, stream=stream)

    def _place_of(self, url: httpx2.URL) -> Place:
        place = locate(f"{url.scheme}://{url.netloc.decode()}")
        ours = locate(self._upstream.base_url)
        if (place.authority, place.secure) != (ours.authority, ours.secure):
            raise ValueError("another place than that of the upstream")
        return place


class _Growing(Answer):
    """An answer that tells when something of it came."""

    def __init__(self, verb: str, cap: int) -> None:
        super().__init__(verb, cap)
        self.news = asyncio.Event()

    def feed(self, data: bytes) -> bool:
        whole = super().feed(data)
        self.news.set()
        return whole


class _Stream(httpx2.AsyncByteStream):
    """An answer's body while a task of its own still asks for it; closed, it asks no more."""

    def __init__(
        self, answer: _Growing, asking: asyncio.Task[Connection], silence: float | None
    ) -> None:
        self._answer, self._asking, self._silence = answer, asking, silence
        asking.add_done_callback(self._note_end)

    async def begin(self) -> list[tuple[bytes, bytes]]:
        """Return the header's fields as soon as they are there; cookies are not for keeping."""
        while (headers := self._answer.headers) is None:
            await self._wait()
        return [field for field in headers if field[0].lower() != b"set-cookie"]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._asking.done():
            if piece := self._answer.take():
                yield piece
            else:
                await self._wait()
        yield self._answer.take()
        self._check()

    async def aclose(self) -> None:
        self._asking.cancel()
        await asyncio.wait([self._asking])

    def _note_end(self, asking: asyncio.Task[Connection]) -> None:
        self._answer.news.set()
        if not asking.cancelled():
            # Told to whoever still reads; where nobody does, nobody wants to know.
            asking.exception()

    async def _wait(self) -> None:
        if self._asking.done():
            self._check()
        try:
            async with asyncio.timeout(self._silence):
                await self._answer.news.wait()
        except TimeoutError:
            raise httpx2.ReadTimeout(f"nothing came in {self._silence:g} s") from None
        self._answer.news.clear()

    def _check(self) -> None:
        try:
            self._asking.result()
        except Unreachable as failure:
            raise TOLD.get(failure.stage, httpx2.ConnectError)(failure.reason) from failure
        except asyncio.CancelledError:
            raise httpx2.ReadError("it was closed while it was read") from None


def _head(upstream: Upstream, place: Place, request: httpx2.Request, length: int) -> bytes:
    ours = shown(upstream)
    left_out = OURS | {name.lower() for name, _ in ours}
    theirs = [(name.decode(), value.decode()) for name, value in request.headers.raw]
    fields = [*ours, *(field for field in theirs if field[0].lower() not in left_out)]
    return head(place, (request.method, request.url.raw_path.decode()), fields, length)
