"""A hostile or friendly HTTP server at the wire, in a thread of its own.

It answers what it was told per path, or hangs, cuts off, drips or sends any bytes at all, and
remembers every request with its headers.
"""

import asyncio
import itertools
import json
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from tests.fakes import in_a_thread

TLS_HANDSHAKE = b"\x16"


class Behaviour(Enum):
    HANG = "accept the request and never answer"
    CUT = "promise more bytes than are sent, then close"
    DRIP = "one byte every 50 ms, for ever"
    HANG_IN_BODY = "send the head, and never the body"
    LEAVE = "read the request, and close without a word"


@dataclass(frozen=True)
class Raw:
    """Bytes as they are. What follows on the connection is up to `then`."""

    sent: bytes
    then: Literal["serve", "close"] = "serve"


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: str
    query: str = ""


Said = tuple[int, bytes | str | dict[str, Any]]
Answer = Said | Behaviour | Raw


@dataclass
class Upstream:
    """What the server answers per path (without query), and what it was asked.

    After `served_by_one` answers on one connection it reads the next request and leaves.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    served_by_one: int = 1_000_000
    port: int = 0
    tls: ssl.SSLContext | None = None
    transports: set[asyncio.WriteTransport] = field(default_factory=set, repr=False)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]


async def _serve_one(
    upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    upstream.connections += 1
    upstream.transports.add(writer.transport)
    try:
        for served in itertools.count():
            request = await _read(reader)
            upstream.requests.append(request)
            answer = upstream.answers.get(request.path, (404, {"message": "no such path"}))
            if served >= upstream.served_by_one:
                answer = Behaviour.LEAVE
            if isinstance(answer, Behaviour):
                await _misbehave(answer, writer)
                return
            writer.write(answer.sent if isinstance(answer, Raw) else _written(upstream, answer))
            await writer.drain()
            if isinstance(answer, Raw) and answer.then == "close":
                return
    except ConnectionAbortedError:
        writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        return
    finally:
        writer.close()


def _written(upstream: Upstream, answer: Said) -> bytes:
    status, body = answer
    raw = body if isinstance(body, bytes) else _text(body).encode()
    extra = "".join(f"{name}: {value}\r\n" for name, value in upstream.headers.items())
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw)}\r\n{extra}\r\n".encode() + raw


async def _misbehave(behaviour: Behaviour, writer: asyncio.StreamWriter) -> None:
    match behaviour:
        case Behaviour.HANG:
            # The loop holds a timer. An event that nobody else knows would be collected together
            # with this task once the client is gone, and be told as a task destroyed.
            await asyncio.sleep(3600)
        case Behaviour.LEAVE:
            return
        case Behaviour.HANG_IN_BODY:
            writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\n{")
            await writer.drain()
            await asyncio.sleep(3600)
        case Behaviour.CUT:
            writer.write(b'HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\n{"status":')
            await writer.drain()
        case Behaviour.DRIP:
            writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)


def _text(body: str | dict[str, Any]) -> str:
    return body if isinstance(body, str) else json.dumps(body)


async def _read(reader: asyncio.StreamReader) -> Request:
    if (first := await reader.readexactly(1)) == TLS_HANDSHAKE:
        raise ConnectionAbortedError("somebody speaks TLS to a plain server")
    head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    length = int(headers.get("content-length", 0))
    body = (await reader.readexactly(length)).decode()
    path, _, query = target.partition("?")
    return Request(method, path, headers, body, query)


@contextmanager
def serve(
    answers: Mapping[str, Answer] | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Upstream]:
    """Run an upstream on a free loopback port until the block ends."""
    upstream = Upstream(dict(answers or {}), tls=tls)
    with in_a_thread.serve(_listening(upstream)):
        yield upstream


@asynccontextmanager
async def _listening(upstream: Upstream) -> AsyncIterator[None]:
    server = await asyncio.start_server(
        lambda reader, writer: _serve_one(upstream, reader, writer),
        "127.0.0.1",
        0,
        ssl=upstream.tls,
    )
    upstream.port = server.sockets[0].getsockname()[1]
    yield
    await hang_up(server, upstream.transports)


async def hang_up(server: asyncio.Server, transports: Iterable[asyncio.WriteTransport]) -> None:
    server.close()
    # TLS would wait for the other side's goodbye.
    for transport in transports:
        transport.abort()
    # What was accepted at the last moment becomes a task now, which the runner then cancels with
    # the others, and not while the loop closes.
    for _ in range(10):
        await asyncio.sleep(0)


def kubernetes(**changes: Answer) -> dict[str, Answer]:
    """What a healthy API server answers to a health check."""
    return {"/readyz": (200, "ok"), **changes}


def prometheus(result: list[Any] | None = None, kind: str = "vector") -> dict[str, Answer]:
    """What a healthy Prometheus answers to queries."""
    data = {"resultType": kind, "result": result or []}
    body: Answer = (200, {"status": "success", "data": data})
    return {"/api/v1/query": body, "/api/v1/query_range": body}
