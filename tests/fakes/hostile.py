"""Servers that mean harm, or are broken as if they did: each answers every request in one way."""

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from tests.fakes import in_a_thread
from tests.fakes.upstream import hang_up

MIB = 1024 * 1024
GIB = 1024 * MIB
# As long as somebody listens.
ENDLESS = 3600

Write = asyncio.StreamWriter


@dataclass
class Heard:
    """What the server was asked with, and how much of its answer somebody took."""

    headers: str = ""
    taken: int = 0
    port: int = 0
    transports: set[asyncio.WriteTransport] = field(default_factory=set, repr=False)


Answer = Callable[[Heard, Write], Awaitable[None]]


def says(
    status: str, body: bytes | str | object, *fields: str, length: int | None = None
) -> Answer:
    """Answer so; `length` is what it says of the body, where that is a lie."""
    raw = body if isinstance(body, bytes) else _text(body).encode()
    told = len(raw) if length is None else length
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {told}", *fields, "", "")

    async def answer(heard: Heard, writer: Write) -> None:
        writer.write("\r\n".join(lines).encode() + raw)

    return answer


def _text(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def raw(sent: bytes) -> Answer:
    async def answer(heard: Heard, writer: Write) -> None:
        writer.write(sent)

    return answer


async def hang(heard: Heard, writer: Write) -> None:
    await asyncio.sleep(ENDLESS)


async def drip(heard: Heard, writer: Write) -> None:
    """One byte a second: no wait for the next byte is ever long."""
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{"status":')
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(1)


async def echo(heard: Heard, writer: Write) -> None:
    """Throw back all that was shown, as careless servers do in their errors."""
    shown = {"status": "error", "errorType": "internal", "error": heard.headers}
    await says("500 Internal Server Error", shown)(heard, writer)


def gigabyte(*fields: str, chunked: bool = False) -> Answer:
    """Send a gigabyte, as long as somebody takes it."""

    async def answer(heard: Heard, writer: Write) -> None:
        writer.write("\r\n".join(("HTTP/1.1 200 OK", *fields, "", "")).encode())
        piece = b" " * MIB
        if chunked:
            piece = f"{MIB:x}\r\n".encode() + piece + b"\r\n"
        while heard.taken < GIB:
            writer.write(piece)
            await writer.drain()
            heard.taken += MIB

    return answer


def bomb(*fields: str) -> Answer:
    """A few kilobytes that unpack to very much."""
    return says("200 OK", gzip.compress(b" " * (64 * MIB), 1), *fields)


@contextmanager
def serve(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Heard]:
    """Run such a server on a free loopback port until the block ends."""
    with in_a_thread.serve(_listening(answer, tls)) as heard:
        yield heard


@asynccontextmanager
async def _listening(answer: Answer, tls: ssl.SSLContext | None) -> AsyncIterator[Heard]:
    heard = Heard()

    async def serve_one(reader: asyncio.StreamReader, writer: Write) -> None:
        heard.transports.add(writer.transport)
        try:
            # Read as far as it comes: who is asked in TLS and speaks none sees no request.
            heard.headers = (await reader.read(65_536)).decode("latin-1")
            await answer(heard, writer)
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0, ssl=tls)
    heard.port = server.sockets[0].getsockname()[1]
    yield heard
    await hang_up(server, heard.transports)
