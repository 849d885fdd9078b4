"""What benchmark 4 is held against: the same GETs by bare aiohttp, and by asyncio's streams.

Nothing is claimed, opened, judged or recorded; what the answers say is not even looked at. For
each line it asks every part of every cluster once, as many clusters at once as a round does.
"""

import asyncio
import gc
import json
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from apps.http import trust
from apps.simulator import bulk
from apps.simulator.bulk import Member
from tests.benchmarks.children import tell

PATHS = {
    "api_server": "/readyz",
    "prometheus": "/api/v1/query?query=vector(1)",
    "alertmanager": "/api/v2/status",
    "tempo": "/api/search?limit=1",
    "loki": "/loki/api/v1/labels",
}
# As many clusters at once as a round of ours.
AT_ONCE = 500
# One GET: the member, the URL, the TLS context or None.
Get = Callable[[Member, str, ssl.SSLContext | None], Awaitable[None]]


def by_aiohttp(session: aiohttp.ClientSession) -> Get:
    async def get(member: Member, url: str, context: ssl.SSLContext | None) -> None:
        headers = {"Authorization": f"Bearer {member.token}", "Accept-Encoding": "identity"}
        async with session.get(url, headers=headers, ssl=context or False) as answer:
            await answer.read()

    return get


def by_streams(kept: dict[str, tuple[asyncio.StreamReader, asyncio.StreamWriter]] | None) -> Get:
    async def get(member: Member, url: str, context: ssl.SSLContext | None) -> None:
        parts = urlsplit(url)
        opened = None if kept is None else kept.pop(url, None)
        reader, writer = opened or await asyncio.open_connection(
            parts.hostname, parts.port, ssl=context
        )
        try:
            writer.write(
                f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                f"Authorization: Bearer {member.token}\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = head[head.index(b"Content-Length: ") + 16 :]
            await reader.readexactly(int(length[: length.index(b"\r")]))
        except BaseException:
            writer.transport.abort()
            raise
        if kept is None:
            writer.transport.abort()
        else:
            kept[url] = (reader, writer)

    return get


async def ask_all(
    targets: list[tuple[Member, ssl.SSLContext | None]], get: Get, seconds: float
) -> None:
    async def ask(member: Member, url: str, context: ssl.SSLContext | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await get(member, url, context)
        except (OSError, aiohttp.ClientError, asyncio.IncompleteReadError):
            return

    async def check() -> None:
        for member, context in queue:
            urls = ((url.rstrip("/") + PATHS[part]) for part, url in member.urls.items())
            await asyncio.gather(*(ask(member, url, context) for url in urls))

    queue = iter(targets)
    await asyncio.gather(*(check() for _ in range(AT_ONCE)))


def read(folder: Path) -> list[Member]:
    return [one for part in sorted(folder.iterdir()) for one in bulk.read(part)]


async def serve(how: str, folder: Path, seconds: float) -> None:
    members = read(folder)
    targets = [(one, trust(one.ca_bundle) if one.ca_bundle else None) for one in members]
    kept = how.endswith("-kept")
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        connector = (
            aiohttp.TCPConnector(limit=0, keepalive_timeout=75)
            if kept
            else aiohttp.TCPConnector(limit=0, force_close=True)
        )
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        get = by_aiohttp(session) if how.startswith("aiohttp") else by_streams({} if kept else None)
        tell("ready")
        while await loop.run_in_executor(None, sys.stdin.readline):
            gc.collect()
            before, began = time.process_time(), time.perf_counter()
            await ask_all(targets, get, seconds)
            cpu, wall = time.process_time() - before, time.perf_counter() - began
            tell(json.dumps({"made": len(members), "cpu": cpu, "wall": wall}))


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
