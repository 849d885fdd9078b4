"""The load side of benchmark 1: many replaying upstreams in one process, or the hostile ones.

Each listens on a port of its own, says the same to every question after about 50 ms, and keeps
its connections. Hostile ones are in a process of their own: a flood would keep its neighbours
there from answering in time. It prints "ready", and for each line on stdin what was asked of each
since, with how long the slowest took, from the question's first byte to the answer's last.
"""

import asyncio
import json
import random
import sys

from tests.benchmarks import answers
from tests.benchmarks.children import tell

SECONDS, SPREAD = 0.05, 0.2
MIB = 1024 * 1024
HOSTILE = ("hang", "drip", "flood")


class Fleet:
    def __init__(self, seed: str, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._chance = random.Random(seed)
        self._said = head % len(body) + body
        self.took: list[float] = []

    async def good(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while await _question(reader):
            began = loop.time()
            await asyncio.sleep(SECONDS * self._chance.uniform(1 - SPREAD, 1 + SPREAD))
            writer.write(self._said)
            await writer.drain()
            self.took.append(loop.time() - began)

    async def hang(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _question(reader)
        await asyncio.sleep(3600)

    async def drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await _question(reader):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(1)

    async def flood(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        while await _question(reader):
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(1024 * MIB // 65_536):
                writer.write(piece)
                await writer.drain()


async def _question(reader: asyncio.StreamReader) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, rest = head.partition(b"content-length: ")
    if rest:
        await reader.readexactly(int(rest[: rest.index(b"\r")]))
    return True


async def listen(how: str, fleet: Fleet) -> int:
    speak = getattr(fleet, how)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await speak(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=MIB)
    return int(server.sockets[0].getsockname()[1])


async def main() -> None:
    seed, number, series = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    fleet = Fleet(seed, answers.vector(seed, series))
    ports = [await listen("good", fleet) for _ in range(number)]
    hostile = {} if number else {how: await listen(how, fleet) for how in HOSTILE}
    tell("ready")
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip() == "ports":
            tell(json.dumps({"good": ports, **hostile}))
            continue
        took, fleet.took = fleet.took, []
        tell(json.dumps({"asked": len(took), "slowest": max(took, default=0)}))


if __name__ == "__main__":
    asyncio.run(main())
