"""A door before a real server, which may lose what the server answers though it did as asked."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from tests.fakes import in_a_thread


@dataclass
class Door:
    """Of the next `losses` answers nothing arrives: whoever waits finds the connection closed."""

    host: str
    behind: int
    port: int = 0
    losses: int = 0

    async def let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(self.host, self.behind)
        asking = asyncio.create_task(self._carry(reader, to_server))
        try:
            await self._carry(server, writer, answers=True)
        finally:
            asking.cancel()
            for end in (writer, to_server):
                end.close()
                await end.wait_closed()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        while some := await reader.read(2**16):
            if answers and self.losses:
                self.losses -= 1
                return
            writer.write(some)
        writer.write_eof()


@contextmanager
def before(host: str, port: int) -> Iterator[Door]:
    door = Door(host, port)
    with in_a_thread.serve(_listening(door)) as door.port:
        yield door


@asynccontextmanager
async def _listening(door: Door) -> AsyncIterator[int]:
    inside: set[asyncio.Task[None]] = set()

    def open_to(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside.add(asyncio.create_task(door.let_in(reader, writer)))

    server = await asyncio.start_server(open_to, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for one in inside:
        one.cancel()
    await asyncio.gather(*inside, return_exceptions=True)
