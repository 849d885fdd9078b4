"""Large answers of many clusters pass through; what is held does not grow with their number."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.http.wire import LARGE
from apps.observability.federation import seats
from tests.factories import make_cluster
from tests.fakes import in_a_thread

pytestmark = pytest.mark.django_db

CLUSTERS = 100
PIECE = 64 * 1024


def matrix() -> bytes:
    """4.6 MB as Prometheus prints them."""
    values = [[1769860800 + 15 * step, f"{step * 0.1234567:.9g}"] for step in range(720)]
    rows = [{"metric": {"__name__": "up", "n": str(n)}, "values": values} for n in range(240)]
    data = {"resultType": "matrix", "result": rows}
    return json.dumps({"status": "success", "data": data}, separators=(",", ":")).encode()


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """The address of a server that says the same to everybody, and holds but the one copy."""
    with in_a_thread.serve(_listening(body)) as port:
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def _listening(body: bytes) -> AsyncIterator[int]:
    answer = memoryview(b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                found = re.search(rb"Content-Length: ([0-9]+)", head)
                await reader.readexactly(int(found[1]) if found else 0)
                for at in range(0, len(answer), PIECE):
                    writer.write(answer[at : at + PIECE])
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.transport.abort()

    async with await asyncio.start_server(serve_one, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def peak_over(api: APIClient) -> tuple[int, int]:
    """Ask the whole fleet; return by how much this process grew meanwhile, and what came."""
    # Begin to count anew: what was the most until now is what there is now.
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    asked = {"query": "up", "start": "1769860800", "end": "1769871585", "step": "15"}
    response = api.get("/prometheus/api/v1/query_range", asked)
    assert response.status_code == 200
    came = sum(len(chunk) for chunk in response)
    return memory("VmHWM") - before, came


def memory(which: str) -> int:
    found = re.search(rf"{which}:\s+([0-9]+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


def test_large_answers_of_many_clusters_pass_and_are_not_all_held(
    api: APIClient, settings: Any
) -> None:
    # What is asked for all at once, and what is put by, is bounded by other means.
    settings.METRICS_CLUSTERS_AT_ONCE = CLUSTERS
    settings.METRICS_CACHE = False
    body = matrix()
    with answering(body) as url:
        for number in range(CLUSTERS):
            make_cluster(f"c{number:03}", prometheus_url=url)
        grown, came = peak_over(api)
    assert came > CLUSTERS * len(body)
    # Each large answer that is read at a time is there twice for a moment: as it came, and merged.
    assert grown < seats.MOST_LARGE * 2 * len(body) + CLUSTERS * LARGE
    assert grown < came / 2
