"""Kept connections have bounds: in number, in time, and in what they may displace."""

import asyncio
import resource
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from apps.http import MIB, Call, Stage, Unreachable, Upstream, ask
from apps.http import pool as pools
from tests.fakes import upstream as fakes

MOST, MOST_KEPT = 18, 13


@pytest.fixture
def few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process may open 24 files, so a pool keeps 13 connections; any name leads to us."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (24, 24))
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


@pytest.fixture
def server() -> Iterator[fakes.Upstream]:
    with fakes.serve({"/": (200, "ok")}) as running:
        yield running


async def ask_names(server: fakes.Upstream, count: int) -> None:
    for number in range(count):
        await ask(Upstream(f"http://name-{number}.example.net:{server.port}"), Call("/"))


@pytest.mark.usefixtures("few_files")
async def test_more_upstreams_than_files_are_asked_all_the_same(server: fakes.Upstream) -> None:
    await ask_names(server, 40)
    assert len(server.requests) == 40


@pytest.mark.usefixtures("few_files")
async def test_those_that_are_kept_stay_when_there_are_too_many(server: fakes.Upstream) -> None:
    for _ in range(2):
        await ask_names(server, 20)
    assert server.connections == 20 + 20 - MOST_KEPT


async def test_a_kept_connection_is_closed_after_a_while(
    server: fakes.Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "KEPT_SECONDS", 0.0)
    await ask(Upstream(server.url), Call("/"))
    # Its time is up at once; a few turns of the loop later its socket is closed.
    for _ in range(10):
        await asyncio.sleep(0)
    await ask(Upstream(server.url), Call("/"))
    assert server.connections == 2


@pytest.mark.usefixtures("few_files")
async def test_a_pool_remembers_no_upstream_that_it_keeps_nothing_of(
    server: fakes.Upstream,
) -> None:
    server.headers["Connection"] = "close"
    await ask_names(server, 30)
    pool: Any = await pools.of_this_loop()
    assert pool._doors == {}


async def test_a_large_answer_waits_for_its_berth_and_a_small_one_for_none() -> None:
    reached, free = asyncio.Event(), asyncio.Event()

    async def berth() -> None:
        reached.set()
        await free.wait()

    large = "x" * 8 * MIB
    with fakes.serve({"/large": (200, large), "/small": (200, "ok")}) as server:
        upstream = Upstream(server.url)
        assert (await ask(upstream, Call("/small"), berth=berth)).body == b"ok"
        assert not reached.is_set()
        asking = asyncio.create_task(ask(upstream, Call("/large", deadline=60), berth=berth))
        await reached.wait()
        free.set()
        assert len((await asking).body) == len(large)


async def test_nothing_more_is_read_while_a_large_answer_waits_for_its_berth() -> None:
    async def never() -> None:
        await asyncio.sleep(3600)

    answers: dict[str, fakes.Answer] = {"/large": (200, "x" * 8 * MIB)}
    with fakes.serve(answers) as server, pytest.raises(Unreachable) as caught:
        await ask(Upstream(server.url), Call("/large", deadline=0.5), berth=never)
    assert caught.value.stage == Stage.TIMEOUT
