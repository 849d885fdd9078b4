"""What is written to the log is there once, whatever becomes of Redis' answers."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import redis

from apps.streaming import log
from apps.streaming.envelope import Event
from tests.fakes import lossy_door
from tests.fakes.lossy_door import Door


@pytest.fixture
def server(settings: Any) -> Iterator[redis.Redis]:
    """Redis itself, however the log is led to it."""
    with redis.Redis.from_url(settings.EVENTS_REDIS_URL) as client:
        yield client


@pytest.fixture
def door(server: redis.Redis, settings: Any) -> Iterator[Door]:
    address = urlsplit(settings.EVENTS_REDIS_URL)
    who, at, _ = address.netloc.rpartition("@")
    with lossy_door.before(address.hostname or "", address.port or 6379) as opened:
        led = address._replace(netloc=f"{who}{at}127.0.0.1:{opened.port}")
        settings.EVENTS_REDIS_URL = led.geturl()
        log.append(event(0))
        server.delete(log.STREAM)
        yield opened
        log._writer(settings.EVENTS_REDIS_URL).close()


def event(number: int) -> Event:
    return Event("ALERT_FIRED", orjson.Fragment(b"%d" % number), "alerts")


def ids_in(server: redis.Redis) -> list[str]:
    entries: Any = server.xrange(log.STREAM)
    return [one[0].decode() for one in entries]


def test_a_batch_whose_answer_was_lost_is_in_the_log_once(door: Door, server: redis.Redis) -> None:
    door.losses = 1
    ids = log.append_each([event(number) for number in range(3)])
    assert door.losses == 0
    assert ids == ids_in(server)
    assert len(ids) == 3


def test_each_of_several_batches_is_told_though_every_other_answer_is_lost(
    door: Door, server: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "BATCH", 2)
    ids = []
    for _ in range(2):
        door.losses = 1
        ids += log.append_each([event(number) for number in range(5)])
    assert ids == ids_in(server)
    assert len(ids) == 10


def test_equal_events_are_told_each_time_that_they_happen(server: redis.Redis) -> None:
    ids = [log.append(event(1)) for _ in range(3)]
    assert ids == ids_in(server)
    assert len(set(ids)) == 3


def test_what_was_written_is_not_remembered_for_ever(server: redis.Redis) -> None:
    log.append(event(1))
    (kept,) = set(server.keys("*")) - {log.STREAM.encode()}
    assert 0 < server.ttl(kept) <= log.REMEMBERED_SECONDS
