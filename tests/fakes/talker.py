"""A server that agrees to talk over a WebSocket and then sends whatever bytes it was told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

AGREED = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Accept": "{accept}",
    "Sec-WebSocket-Protocol": "v5.channel.k8s.io",
}


@dataclass
class Talker:
    """`said` are bytes sent one after the other, `then` whether the connection is closed.

    What came after the request is in `heard`.
    """

    said: Sequence[bytes] = ()
    headers: dict[str, str] = field(default_factory=lambda: dict(AGREED))
    line: str = "HTTP/1.1 101 Switching Protocols"
    closes: bool = True
    tls: ssl.SSLContext | None = None
    port: int = 0
    request: str = ""
    heard: bytearray = field(default_factory=bytearray)
    shown: list[dict[str, object]] = field(default_factory=list)
    answering: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answering += 1
        self.news.set()
        try:
            await self._answer(reader, writer)
        finally:
            self.answering -= 1
            self.news.set()

    async def until(self, answering: int) -> None:
        """Wait until so many conversations are open."""
        while self.answering != answering:
            self.news.clear()
            await self.news.wait()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.shown.append(writer.get_extra_info("peercert") or {})
            self.request = (await reader.readuntil(b"\r\n\r\n")).decode()
            key = self.request.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
            fields = {
                name: one.format(accept=accept_key(key)) for name, one in self.headers.items()
            }
            lines = [self.line, *(f"{name}: {value}" for name, value in fields.items()), "", ""]
            writer.write("\r\n".join(lines).encode())
            for piece in self.said:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if self.closes and self.tls:
                writer.close()
            elif self.closes:
                writer.write_eof()
            while piece := await reader.read(65_536):
                self.heard += piece
        except ConnectionError:
            pass
        finally:
            writer.close()


def frame(data: bytes, opcode: Opcode = Opcode.BINARY, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=False)


def farewell() -> bytes:
    return frame(b"\x03\xe8", Opcode.CLOSE)


@asynccontextmanager
async def talks(talker: Talker) -> AsyncIterator[Talker]:
    server = await asyncio.start_server(talker.answer, "127.0.0.1", 0, ssl=talker.tls)
    talker.port = server.sockets[0].getsockname()[1]
    try:
        yield talker
    finally:
        server.close()
        await server.wait_closed()
        await talker.until(0)
