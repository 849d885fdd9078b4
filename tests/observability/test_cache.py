"""Answers that are asked for again: by the same question, at once or a little later."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings as live

from apps import lasting_loop, measures
from apps.clusters.connection import Connection
from apps.http import Call, Reply, Unreachable, Upstream
from apps.observability.federation import cache, cached, upstreams, wishes
from apps.observability.federation.cached import Heard, ask_cached
from apps.observability.federation.outcome import SourceFailed
from apps.observability.federation.wishes import Wishes
from apps.observability.sources import prometheus
from apps.observability.sources.prometheus import QueryResult
from tests.fakes.upstream import Behaviour, serve
from tests.fakes.upstream import Upstream as Fake
from tests.fakes.upstream import prometheus as answers

OLD = {"start": "1769860800", "end": "1769864400", "step": "30"}


@pytest.fixture
def fake() -> Iterator[Fake]:
    upstreams.forget()
    with serve(answers([{"metric": {}, "value": [1769860800, "1"]}])) as one:
        yield one
    settle()


def settle() -> None:
    """Wait until all that was answered is kept."""

    async def kept() -> None:
        await asyncio.gather(*(one.keeping for one in cached._flights.values() if one.keeping))

    lasting_loop.submit(kept()).result(30)


def call(path: str = "query", **form: str) -> Call:
    form = {"query": "up", "time": "1769860800"} | form
    return Call(f"/api/v1/{path}", form=form)


def at(fake: Fake) -> Connection:
    upstream = Upstream(fake.url)
    return Connection(uuid4(), "one", "SPOKE", upstream, {"prometheus": upstream})


async def ask(target: Connection, asked: Call) -> Heard[QueryResult]:
    upstream = target.parts["prometheus"]

    def read(reply: Reply) -> QueryResult:
        return prometheus.read(upstream, reply)

    return await ask_cached(target, asked, read)


def heard(target: Connection, *calls: Call) -> list[Heard[QueryResult]]:
    async def one_by_one() -> list[Heard[QueryResult]]:
        return [await ask(target, one) for one in calls]

    return lasting_loop.submit(one_by_one()).result(30)


def test_the_same_question_is_answered_by_the_same_bytes(fake: Fake) -> None:
    first, second = heard(at(fake), call(), call(timeout="7s"))
    assert (first.cached, second.cached) == (False, True)
    assert second.value == first.value
    assert second.age_seconds >= 0
    assert len(fake.requests) == 1


def test_another_moment_another_query_and_another_token_are_asked_themselves(fake: Fake) -> None:
    target = at(fake)
    heard(target, call(), call(time="1769860801"), call(query='up{ns="a"}'))
    other = Upstream(fake.url, token="t")
    heard(Connection(target.cluster_id, "one", "SPOKE", other, {"prometheus": other}), call())
    assert len(fake.requests) == 4


def test_an_end_between_two_points_asks_nothing_new(fake: Fake) -> None:
    fake.answers |= answers([], "matrix")
    two = heard(
        at(fake), call("query_range", **OLD), call("query_range", **OLD | {"end": "1769864429"})
    )
    assert [one.cached for one in two] == [False, True]


def test_what_wants_a_fresh_answer_gets_one_and_leaves_it_to_others(fake: Fake) -> None:
    target = at(fake)
    heard(target, call())
    fake.answers |= answers([{"metric": {}, "value": [1769860800, "2"]}])

    async def anew() -> Heard[QueryResult]:
        with wishes.granted(Wishes(fresh=True)):
            return await ask(target, call())

    fresh = lasting_loop.submit(anew()).result(30)
    assert (fresh.cached, b'"2"' in fresh.value.result) == (False, True)


@pytest.mark.parametrize(
    "answer",
    [
        (500, "x"),
        (200, "no JSON"),
        (400, {"status": "error", "errorType": "bad_data", "error": "1:4"}),
        (
            200,
            {
                "status": "success",
                "data": {"resultType": "vector", "result": []},
                "warnings": ["a store is away"],
            },
        ),
    ],
)
def test_failures_and_parts_are_not_kept(fake: Fake, answer: Any) -> None:
    fake.answers["/api/v1/query"] = answer
    target = at(fake)
    for _ in range(2):
        with suppress(SourceFailed):
            heard(target, call())
    assert len(fake.requests) == 2


def test_the_same_question_by_many_at_once_is_asked_once(fake: Fake) -> None:
    async def many() -> list[Heard[QueryResult]]:
        target = at(fake)
        return await asyncio.gather(*(ask(target, call()) for _ in range(20)))

    found = lasting_loop.submit(many()).result(30)
    assert len({one.value.result for one in found}) == 1
    assert len(fake.requests) == 1


def test_who_gives_up_takes_the_answer_from_nobody_else(fake: Fake) -> None:
    async def one_leaves() -> Heard[QueryResult]:
        target = at(fake)
        first, second = (asyncio.create_task(ask(target, call())) for _ in range(2))
        for _ in range(3):
            await asyncio.sleep(0)
        assert [flight.waiting for flight in cached._flights.values()] == [2]
        first.cancel()
        return await second

    assert lasting_loop.submit(one_leaves()).result(30).value.result_type == "vector"
    assert len(fake.requests) == 1


def test_a_redis_that_is_away_costs_no_answer_and_is_counted(
    fake: Fake, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CACHES = {"default": live.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/2"}}
    store: list[cache.Store] = []
    monkeypatch.setattr(cache, "of_this_loop", lambda: store[0])

    async def asked() -> list[Heard[QueryResult]]:
        store.append(cache.Store())
        target = at(fake)
        return [await ask(target, call(time=str(moment))) for moment in range(3)]

    before = measures.cache_unavailable._value.get()
    assert [one.cached for one in lasting_loop.submit(asked()).result(30)] == [False] * 3
    assert measures.cache_unavailable._value.get() > before


def test_so_long_is_kept_what_the_question_is_about() -> None:
    long = OLD | {"end": "1769868000"}
    now = 1769900000.0
    assert cache.seconds_to_keep("query", {"time": "1"}, now) == 30
    assert cache.seconds_to_keep("query_range", OLD, now) == 60
    assert cache.seconds_to_keep("query_range", long, now) == 300
    assert cache.seconds_to_keep("query_range", long, 1769868010.0) == 15
    assert cache.seconds_to_keep("labels", {}, now) == 300
    assert cache.seconds_to_keep("label/job/values", {}, now) == 300
    assert [cache.seconds_to_keep(path, {}, now) for path in ("rules", "alerts")] == [10, 10]


def test_what_is_kept_ends_in_redis_too(fake: Fake) -> None:
    heard(at(fake), call())
    settle()
    with redis.Redis.from_url(str(live.CACHES["default"]["LOCATION"])) as server:
        (key,) = server.keys("answer:*")
        assert 0 < server.ttl(key) <= 30


def test_a_cluster_that_fails_again_and_again_is_left_alone(fake: Fake, settings: Any) -> None:
    settings.BREAKER_FAILURES = 3
    fake.answers["/api/v1/query"] = Behaviour.CUT
    target = at(fake)
    reasons = []
    for moment in range(5):
        try:
            heard(target, call(time=str(moment)))
        except (Unreachable, SourceFailed) as failed:
            reasons.append(failed.reason)
    assert len(fake.requests) == 3
    assert "left alone" in reasons[3]
    assert "after 3 failures in a row" in reasons[4]
