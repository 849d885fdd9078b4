"""Clusters with several Prometheus servers that hold the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps import lasting_loop
from apps.clusters.connection import connect
from apps.clusters.models import Cluster
from apps.http import Call
from apps.observability.collect import asking
from apps.observability.federation import seats, upstreams
from apps.observability.federation.outcome import SourceFailed
from tests.factories import make_cluster
from tests.fakes.upstream import Answer, Behaviour, Upstream, kubernetes, prometheus, serve
from tests.observability.fleet import UP

pytestmark = pytest.mark.django_db

NEVER = 60.0
ONE = {"metric": {asking.MARK: "nodes"}, "value": [0, "7"]}


class Pair:
    def __init__(self, first: Upstream, second: Upstream) -> None:
        self.first, self.second = first, second
        self.cluster: Cluster = make_cluster(
            "pair", prometheus_url=first.url, prometheus_replica_urls=[second.url]
        )

    @property
    def asked(self) -> tuple[int, int]:
        return len(self.first.requests), len(self.second.requests)


@pytest.fixture
def pair(settings: Any) -> Iterator[Pair]:
    # Only what a test says makes the second one be asked.
    settings.METRICS_HEDGE_SECONDS = NEVER
    settings.METRICS_CACHE = False
    upstreams.forget()
    with serve(prometheus(UP)) as first, serve(prometheus(UP)) as second:
        yield Pair(first, second)
    upstreams.forget()


def query(api: APIClient, text: str = "up") -> Any:
    response = api.post("/api/v1/metrics/query", {"query": text}, format="json")
    return (
        response.json()["results"][0] if response.status_code == 200 else response.json()["error"]
    )


def test_while_the_first_answers_the_second_is_not_asked(api: APIClient, pair: Pair) -> None:
    assert query(api)["status"] == "SUCCESS"
    assert pair.asked == (1, 0)


FAILURES: dict[str, Answer] = {
    "overloaded": (503, "Service Unavailable"),
    "told to wait": (429, {"status": "error", "errorType": "too_many", "error": "later"}),
    "of no right": (401, "who are you?"),
    "a page": (200, "<html>"),
    "cut off": Behaviour.CUT,
    "unfinished": (200, '{"status":"success","data":{"resultType":"vector","result":['),
    "refused by itself": (200, {"status": "error", "errorType": "internal", "error": "disk"}),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_when_the_first_fails_the_second_is_asked(api: APIClient, pair: Pair, failure: str) -> None:
    pair.first.answers = dict.fromkeys(pair.first.answers, FAILURES[failure])
    found = query(api)
    assert (found["status"], found["error"]) == ("SUCCESS", None)
    assert pair.asked == (1, 1)


def test_who_answered_is_asked_first_from_then_on_and_the_other_when_that_one_fails(
    api: APIClient, pair: Pair, settings: Any
) -> None:
    settings.METRICS_HEDGE_SECONDS = 0.05
    well = dict(pair.first.answers)
    pair.first.answers = dict.fromkeys(well, Behaviour.HANG)
    assert query(api)["status"] == "SUCCESS"
    assert pair.asked == (1, 1)
    settings.METRICS_HEDGE_SECONDS = NEVER
    assert query(api)["status"] == "SUCCESS"
    assert pair.asked == (1, 2)
    pair.first.answers, pair.second.answers = well, dict.fromkeys(well, (500, "no"))
    assert query(api)["status"] == "SUCCESS"
    assert pair.asked == (2, 3)
    assert query(api)["status"] == "SUCCESS"
    assert pair.asked == (3, 3)


def test_the_one_that_was_too_slow_is_given_up_and_leaves_its_seat(pair: Pair) -> None:
    pair.first.answers = dict.fromkeys(pair.first.answers, Behaviour.HANG)

    async def scene() -> tuple[int, int]:
        await upstreams.ask_part(connect(pair.cluster), "prometheus", Call("/api/v1/query"))
        return len(seats._tables), len(upstreams._breakers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.METRICS_HEDGE_SECONDS", 0.01)
        assert lasting_loop.submit(scene()).result(30) == (0, 0)


def test_what_is_wrong_with_the_question_is_not_asked_twice(api: APIClient, pair: Pair) -> None:
    wrong: Answer = (422, {"status": "error", "errorType": "execution", "error": "many-to-many"})
    pair.first.answers = dict.fromkeys(pair.first.answers, wrong)
    assert "many-to-many" in query(api)["message"]
    assert pair.asked == (1, 0)


def test_an_answer_without_a_measure_is_not_asked_for_twice(
    api: APIClient, pair: Pair, settings: Any
) -> None:
    settings.METRICS_RESPONSE_CAP_MIB = 0.001
    large: Answer = (200, b" " * 2048)
    pair.first.answers = dict.fromkeys(pair.first.answers, large)
    assert "larger" in query(api)["message"]
    assert pair.asked == (1, 0)


def test_where_none_answers_the_failure_of_the_first_is_told(api: APIClient, pair: Pair) -> None:
    pair.first.answers = dict.fromkeys(pair.first.answers, (500, "x"))
    pair.second.answers = dict.fromkeys(pair.second.answers, (503, "x"))
    assert "Prometheus answers 500" in query(api)["message"]


def test_each_server_has_a_breaker_of_its_own(pair: Pair, settings: Any) -> None:
    settings.BREAKER_FAILURES = 1
    pair.first.answers = dict.fromkeys(pair.first.answers, Behaviour.CUT)
    pair.second.answers = dict.fromkeys(pair.second.answers, (503, "x"))
    target = connect(pair.cluster)

    def ask() -> int:
        call = Call("/api/v1/query", form={"query": "up"})
        return lasting_loop.submit(upstreams.ask_part(target, "prometheus", call)).result(30).status

    with pytest.raises(Exception, match="middle of an answer"):
        ask()
    # It is left alone now, and what the other one says is told.
    assert ask() == 503
    assert pair.asked == (1, 2)
    pair.second.answers = dict.fromkeys(pair.second.answers, Behaviour.CUT)
    with pytest.raises(Exception, match="middle of an answer"):
        ask()
    with pytest.raises(SourceFailed, match="left alone"):
        ask()


def test_the_indicators_go_the_same_way(pair: Pair) -> None:
    call_home = {"status": "success", "data": {"resultType": "vector", "result": [ONE]}}
    pair.first.answers = dict.fromkeys(pair.first.answers, (500, "x"))
    pair.second.answers = dict.fromkeys(pair.second.answers, (200, call_home))

    async def scene() -> list[tuple[str, float]]:
        return [one async for one in asking.ask(connect(pair.cluster), {"nodes": "up"}, 0.0)]

    assert lasting_loop.submit(scene()).result(30) == [("nodes", 7.0)]


DOWN: dict[str, Answer] = dict.fromkeys(prometheus(), (500, "x"))


def test_the_check_names_the_one_that_is_down(api: APIClient, pair: Pair) -> None:
    both = (pair.first, pair.second)
    with serve(kubernetes()) as server:
        Cluster.objects.update(api_server_url=server.url)
        for answers, healthy, state in (
            ((prometheus(), DOWN), True, "ONLINE"),
            ((DOWN, prometheus()), True, "ONLINE"),
            ((DOWN, DOWN), False, "DEGRADED"),
            ((prometheus(), prometheus()), True, "ONLINE"),
        ):
            for one, said in zip(both, answers, strict=True):
                one.answers = said
            assert api.post(f"/api/v1/clusters/{pair.cluster.pk}/test").status_code == 200
            found = api.get(f"/api/v1/clusters/{pair.cluster.pk}").json()["status"]
            assert (found["state"], found["prometheus_healthy"]) == (state, healthy)
            named = [f":{one.port} " in found["last_error"] for one in both]
            assert named == [said is DOWN for said in answers]
