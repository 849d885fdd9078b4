"""A worker whose process is up but which does nothing is found by its missing sign of life."""

import os
import time

import pytest
import redis

from aiops.embedded import heartbeat
from apps.workers import key_of

ALL_UP = dict.fromkeys(("web", "worker", "checks", "beat", "redis", "postgres"), 900.0)


@pytest.mark.parametrize(
    ("running_for", "silent_for", "stuck"),
    [
        (ALL_UP, 5.0, False),
        (ALL_UP, 201.0, True),
        (ALL_UP, float("inf"), True),
        (ALL_UP, None, False),
        (ALL_UP | {"worker": 10.0}, 201.0, False),
        (ALL_UP | {"redis": 10.0}, 201.0, False),
        ({"worker": 900.0, "beat": 900.0}, 201.0, True),
        ({"worker": 900.0}, 201.0, False),
    ],
)
def test_a_worker_is_stuck_when_all_it_needs_is_up_and_it_shows_no_life(
    running_for: dict[str, float], silent_for: float | None, stuck: bool
) -> None:
    assert heartbeat.is_stuck("worker", running_for, silent_for) is stuck


def test_the_age_is_read_from_the_events_database_whatever_the_url_names() -> None:
    url = os.environ["REDIS_URL"]
    with redis.Redis.from_url(url.removesuffix("/0") + "/0") as client:
        client.set(key_of("checks"), int(time.time()) - 100)
        silent_for = heartbeat.age(url.removesuffix("/0") + "/5", "checks")
        client.delete(key_of("checks"))
    assert silent_for == pytest.approx(100, abs=3)
    assert heartbeat.age(url, "checks") == float("inf")


def test_a_redis_that_does_not_answer_says_nothing_about_the_worker() -> None:
    assert heartbeat.age("redis://127.0.0.1:1/0", "worker") is None


def test_a_time_that_is_old_for_one_look_restarts_nothing() -> None:
    watch = heartbeat.Watch("worker")
    # As after the machine slept.
    assert watch.look(ALL_UP, 201.0) == []
    assert watch.look(ALL_UP, 5.0) == []
    assert watch.look(ALL_UP, 201.0) == []


def test_when_a_new_worker_shows_no_life_either_beat_is_started_again_too() -> None:
    watch = heartbeat.Watch("worker")
    new = ALL_UP | {"worker": 10.0}
    looks = [watch.look(up, 500.0) for up in (ALL_UP, ALL_UP, new, ALL_UP, ALL_UP)]
    assert looks == [[], ["worker"], [], [], ["worker", "beat"]]
    assert watch.look(ALL_UP, 5.0) == []
    assert [watch.look(ALL_UP, 500.0) for _ in range(2)] == [[], ["worker"]]
