"""A fan-out does not pay for each cluster that nothing is kept of."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest
import redis
from django.conf import settings

from apps import lasting_loop
from apps.observability.federation import cache

KEYS = [f"answer:{number}" for number in range(50)]


def calls(command: str) -> int:
    with redis.Redis.from_url(str(settings.CACHES["default"]["LOCATION"])) as server:
        return int(server.info("commandstats").get(f"cmdstat_{command}", {}).get("calls", 0))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is late here, however busy the machine is."""
    monkeypatch.setattr(cache, "BUDGET", 60.0)


async def with_a_store(
    work: Callable[[cache.Store], Coroutine[None, None, list[bytes | None]]],
) -> list[bytes | None]:
    """Work with one that Redis has never kept waiting."""
    store = cache.Store()
    try:
        return await work(store)
    finally:
        await store._redis.connection_pool.disconnect()


async def look_up_all(store: cache.Store) -> list[bytes | None]:
    found = await asyncio.gather(*map(store.look_up, KEYS))
    return [one.body if one else None for one in found]


def test_what_is_not_there_is_asked_for_together() -> None:
    gets, counts = calls("get"), calls("exists")
    assert lasting_loop.submit(with_a_store(look_up_all)).result(60) == [None] * 50
    assert (calls("get") - gets, calls("exists") - counts) == (0, 1)


def test_what_is_there_is_found_among_what_is_not() -> None:
    async def scene(store: cache.Store) -> list[bytes | None]:
        await store.keep(KEYS[7], b"kept", 60)
        return await look_up_all(store)

    found = lasting_loop.submit(with_a_store(scene)).result(60)
    assert found == [b"kept" if key == KEYS[7] else None for key in KEYS]


def test_answers_that_come_together_are_kept_by_one_call() -> None:
    async def scene(store: cache.Store) -> list[bytes | None]:
        await asyncio.gather(*(store.keep(key, key.encode(), 60) for key in KEYS))
        return await look_up_all(store)

    found = lasting_loop.submit(with_a_store(scene)).result(60)
    assert found == [key.encode() for key in KEYS]
