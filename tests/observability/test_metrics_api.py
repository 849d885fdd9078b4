"""PromQL over the fleet, through the REST door, with Prometheus faked at the wire."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.observability.sources import prometheus as prometheus_source
from apps.observability.sources.prometheus import QueryResult
from tests.conftest import signed_in
from tests.factories import make_cluster
from tests.fakes.upstream import Behaviour, prometheus
from tests.observability.fleet import UP, Fleet, a_fleet

pytestmark = pytest.mark.django_db

RANGE = {
    "query": "up",
    "start_time": "2026-01-31T12:00:00Z",
    "end_time": "2026-01-31T13:00:00Z",
    "step": "30s",
}


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with a_fleet() as made:
        yield made


def ask(api: APIClient, **body: Any) -> Any:
    return api.post("/api/v1/metrics/query", {"query": "up"} | body, format="json")


def refusal(code: str, text: str) -> dict[str, Any]:
    body = {"status": "error", "errorType": code, "error": text}
    return {"/api/v1/query": (400, body), "/api/v1/query_range": (400, body)}


def test_every_cluster_answers_with_its_own_result(api: APIClient, fleet: Fleet) -> None:
    clusters = [fleet.add(name) for name in ("alpha", "beta", "gamma")]
    body = ask(api).json()
    assert [row["cluster_name"] for row in body["results"]] == ["alpha", "beta", "gamma"]
    assert [row["cluster_id"] for row in body["results"]] == [str(one.pk) for one in clusters]
    assert {row["status"] for row in body["results"]} == {"SUCCESS"}
    assert body["results"][0]["result_type"] == "VECTOR"
    assert body["results"][0]["data"] == UP
    assert (body["clusters_queried"], body["clusters_succeeded"]) == (3, 3)
    assert body["warnings"] == []


def test_one_failed_cluster_never_fails_the_answer(api: APIClient, fleet: Fleet) -> None:
    fleet.add("well")
    fleet.add("broken", {"/api/v1/query": (503, "Application is not available")})
    response = ask(api)
    assert response.status_code == 200
    broken, well = response.json()["results"]
    assert well["status"] == "SUCCESS"
    assert broken["status"] == "ERROR"
    assert broken["error"]["code"] == "CLUSTER_UNREACHABLE"
    assert response.json()["warnings"] == ["broken: Prometheus answers 503 and no valid JSON"]


def test_one_hanging_cluster_delays_no_other_beyond_the_deadline(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("stuck", {"/api/v1/query": Behaviour.HANG})
    for number in range(4):
        fleet.add(f"well-{number}")
    body = ask(api, timeout=4).json()
    assert body["clusters_succeeded"] == 4
    stuck = body["results"][0]
    assert (stuck["status"], stuck["error"]["message"]) == ("TIMEOUT", "no answer in 4 s")
    assert all(row["query_time_ms"] < stuck["query_time_ms"] for row in body["results"][1:])


def test_only_when_all_fail_does_the_answer_fail(api: APIClient, fleet: Fleet) -> None:
    fleet.add("one", {"/api/v1/query": (500, "x")})
    fleet.add("two", {"/api/v1/query": Behaviour.CUT})
    response = ask(api)
    assert response.status_code == 502
    assert response.json()["error"]["code"] == "CLUSTER_UNREACHABLE"
    assert set(response.json()["error"]["details"]["clusters"]) == {"one", "two"}


def test_what_has_no_room_beside_the_other_answers_is_told_as_failed(
    api: APIClient, fleet: Fleet, settings: Any
) -> None:
    settings.METRICS_ANSWER_CAP_MIB, settings.METRICS_CLUSTERS_AT_ONCE = 1 / 1024, 1
    long = prometheus([{"metric": {"said": "x" * 600}, "value": [1769860800, "1"]}])
    for name in ("alpha", "beta", "gamma"):
        fleet.add(name, long)
    body = ask(api).json()
    assert [row["status"] for row in body["results"]] == ["SUCCESS", "ERROR", "ERROR"]
    assert {row["error"]["code"] for row in body["results"][1:]} == {"PAYLOAD_TOO_LARGE"}
    assert body["warnings"][0].startswith("beta: the answers of all clusters together are larger")
    assert (body["clusters_queried"], body["clusters_succeeded"]) == (3, 1)
    assert list(fleet.asked()) == ["alpha", "beta"]


def test_all_out_of_time_is_a_gateway_timeout(api: APIClient, fleet: Fleet) -> None:
    fleet.add("stuck", {"/api/v1/query": Behaviour.HANG})
    response = ask(api, timeout=0.3)
    assert (response.status_code, response.json()["error"]["code"]) == (504, "QUERY_TIMEOUT")


def test_a_query_that_prometheus_cannot_parse_is_the_askers_error(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("one", refusal("bad_data", 'invalid parameter "query": 1:4: parse error'))
    response = ask(api, query="up offset 5m")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "INVALID_PROMQL"
    assert "1:4: parse error" in response.json()["error"]["message"]


@pytest.mark.parametrize("query", ["up{", "(" * 100, '{__name__=~".+"}'])
def test_what_nobody_should_be_asked_is_refused_here(
    api: APIClient, fleet: Fleet, query: str
) -> None:
    fleet.add("one")
    response = ask(api, query=query)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "INVALID_PROMQL")
    assert fleet.upstreams["one"].requests == []


def series(**values: str) -> dict[str, Any]:
    """Return the answers of a Prometheus that holds one series for each of these jobs."""
    rows = [
        {"metric": {"__name__": "up", "job": job}, "value": [1769860800, value]}
        for job, value in values.items()
    ]
    return prometheus(rows)


@pytest.mark.parametrize(
    ("aggregate", "a", "b"),
    [("SUM", "10", "3"), ("AVG", "5", "3"), ("MAX", "8", "3"), ("MIN", "2", "3")],
)
def test_the_clusters_are_reckoned_together_by_their_labels(
    api: APIClient, fleet: Fleet, aggregate: str, a: str, b: str
) -> None:
    fleet.add("one", series(a="2", b="3"))
    fleet.add("two", series(a="8"))
    fleet.add("three", {"/api/v1/query": (500, "x")})
    body = ask(api, aggregate=aggregate, time="2026-01-31T12:00:00Z").json()
    assert body["aggregated"] == {
        "aggregate": aggregate,
        "result_type": "VECTOR",
        "data": [
            {"metric": {"job": "a"}, "value": [1769860800, a]},
            {"metric": {"job": "b"}, "value": [1769860800, b]},
        ],
    }
    assert [row["status"] for row in body["results"]] == ["SUCCESS", "ERROR", "SUCCESS"]


def test_what_cannot_be_reckoned_is_left_out_and_told(api: APIClient, fleet: Fleet) -> None:
    fleet.add("one", series(a="2"))
    histogram = {"count": "2", "sum": "3", "buckets": []}
    fleet.add("two", prometheus([{"metric": {"job": "a"}, "histogram": [1769860800, histogram]}]))
    body = ask(api, aggregate="SUM", time="2026-01-31T12:00:00Z").json()
    assert body["aggregated"]["data"][0]["value"] == [1769860800, "2"]
    assert body["warnings"][0].startswith("two: not in the sum: ")
    assert ask(api).json()["aggregated"] is None


def test_non_finite_values_and_histograms_pass_untouched(api: APIClient, fleet: Fleet) -> None:
    series = [
        {"metric": {"le": "+Inf"}, "values": [[1, "NaN"], [2, "+Inf"], [3, "-Inf"]]},
        {
            "metric": {},
            "histograms": [[1, {"count": "2", "sum": "3", "buckets": [[0, "1", "2", "2"]]}]],
        },
    ]
    fleet.add("one", prometheus(series, "matrix"))
    body = api.post("/api/v1/metrics/query_range", RANGE, format="json").json()
    assert body["results"][0]["data"] == series
    assert body["results"][0]["result_type"] == "MATRIX"


@pytest.mark.parametrize(
    "answer",
    [
        (200, b'{"status":"success","data":{"resultType":"vector","result":[{"a":"\xff"}]}}'),
        (200, b'{"status":"success","data":{"resultType":"vector","result":[}}'),
        (200, b"[]"),
        (200, b""),
        (200, b'{"status":"success","data":7}'),
        (200, b'{"status":"success","data":{"result":' + b"[" * 5000 + b"]" * 5000 + b"}}"),
    ],
)
def test_garbage_from_one_cluster_is_its_failure_and_nobody_elses(
    api: APIClient, fleet: Fleet, answer: Any
) -> None:
    fleet.add("garbled", {"/api/v1/query": answer})
    fleet.add("well")
    body = ask(api).json()
    assert [row["status"] for row in body["results"]] == ["ERROR", "SUCCESS"]


def test_a_wrong_question_is_told_even_when_another_cluster_is_down(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("down", {"/api/v1/query": Behaviour.CUT})
    fleet.add("up", refusal("bad_data", "1:4: parse error"))
    response = ask(api, query="up offset 5m")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "INVALID_PROMQL")


def test_a_bug_met_at_one_cluster_costs_no_other_its_answer(
    api: APIClient, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.add("odd", {"/api/v1/query": (200, "odd")})
    fleet.add("well")
    loads = json.loads

    def explode(upstream: Any, reply: Any) -> Any:
        if reply.body == b"odd":
            raise KeyError("a bug of ours")
        data = loads(reply.body)["data"]
        return QueryResult(data["resultType"], json.dumps(data["result"]).encode(), ())

    monkeypatch.setattr(prometheus_source, "read", explode)
    odd, well = ask(api).json()["results"]
    assert (odd["error"]["code"], well["status"]) == ("INTERNAL_ERROR", "SUCCESS")


def test_warnings_of_prometheus_are_passed_on(api: APIClient, fleet: Fleet) -> None:
    body = {
        "status": "success",
        "data": {"resultType": "vector", "result": []},
        "warnings": ["a store is away"],
    }
    fleet.add("one", {"/api/v1/query": (200, body)})
    assert ask(api).json()["warnings"] == ["one: a store is away"]


def test_a_cluster_without_prometheus_says_so(api: APIClient, fleet: Fleet) -> None:
    fleet.add("with")
    make_cluster("without")
    row = ask(api).json()["results"][1]
    assert row["error"]["message"] == "no Prometheus URL is registered"


def test_all_clusters_are_asked_about_the_same_moment(api: APIClient, fleet: Fleet) -> None:
    fleet.add("one")
    fleet.add("two")
    ask(api)
    bodies = {upstream.requests[0].body for upstream in fleet.upstreams.values()}
    assert len(bodies) == 1
    assert "time=" in bodies.pop()


def test_named_clusters_alone_are_asked(api: APIClient, fleet: Fleet) -> None:
    one = fleet.add("one")
    fleet.add("two")
    body = ask(api, cluster_ids=[str(one.pk)]).json()
    assert [row["cluster_name"] for row in body["results"]] == ["one"]
    assert fleet.upstreams["two"].requests == []


def test_a_hidden_cluster_is_neither_asked_nor_admitted(viewer_of_blue: User, fleet: Fleet) -> None:
    blue = fleet.add("blue", labels={"team": "blue"})
    red = fleet.add("red", labels={"team": "red"})
    api = signed_in(viewer_of_blue)
    body = ask(api).json()
    assert [row["cluster_id"] for row in body["results"]] == [str(blue.pk)]
    response = ask(api, cluster_ids=[str(red.pk)])
    assert (response.status_code, response.json()["error"]["code"]) == (404, "CLUSTER_NOT_FOUND")
    assert fleet.upstreams["red"].requests == []


def test_a_fleet_without_clusters_answers_with_nothing(api: APIClient) -> None:
    body = ask(api).json()
    assert (body["results"], body["clusters_queried"]) == ([], 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"query": ""}, "query"),
        ({"query": "x" * 9000}, "query"),
        ({"start_time": "yesterday"}, "start_time"),
        ({"start_time": "2026-01-31T12:00:00"}, "start_time"),
        ({"end_time": "2026-01-30T12:00:00Z"}, "end_time"),
        ({"step": "fast"}, "step"),
        ({"step": "0"}, "step"),
        ({"step": "nan"}, "step"),
        ({"step": "5s5m"}, "step"),
        ({"step": "1_0"}, "step"),
        ({"step": "0.1"}, "step"),
        ({"timeout": 301}, "timeout"),
        ({"start_time": True}, "start_time"),
        ({"start_time": 1e300}, "start_time"),
        ({"start_time": "0001-01-01T00:00:00Z"}, "start_time"),
        ({"aggregate": "MEDIAN"}, "aggregate"),
        ({"cluster_ids": ["x"]}, "cluster_ids"),
    ],
)
def test_a_bad_request_names_its_field(api: APIClient, change: Any, field: str) -> None:
    response = api.post("/api/v1/metrics/query_range", RANGE | change, format="json")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "VALIDATION_FAILED"
    assert response.json()["error"]["message"].startswith(field)


def test_step_and_times_reach_prometheus_as_it_wants_them(api: APIClient, fleet: Fleet) -> None:
    fleet.add("one")
    api.post("/api/v1/metrics/query_range", RANGE | {"step": "1m30s"}, format="json")
    body = fleet.upstreams["one"].requests[0].body
    assert "start=1769860800.000" in body
    assert "step=90.000" in body
    # Both of our doors read durations alike; "y" is one of Prometheus' units.
    year = {"step": "1y", "start_time": "2020-01-31T12:00:00Z"}
    api.post("/api/v1/metrics/query_range", RANGE | year, format="json")
    assert "step=31536000.000" in fleet.upstreams["one"].requests[1].body


def test_a_long_step_and_a_short_timeout_keep_all_their_digits(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("one")
    change = {"step": "1234567", "timeout": 12.345}
    api.post("/api/v1/metrics/query_range", RANGE | change, format="json")
    sent = parse_qs(fleet.upstreams["one"].requests[0].body)
    assert (sent["step"], sent["timeout"]) == (["1234567.000"], ["12.345"])
