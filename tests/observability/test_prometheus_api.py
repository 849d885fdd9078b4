"""Prometheus' own API over the fleet: queries, with the clusters' servers faked at the wire."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import ApiToken, User
from apps.observability.api.prometheus.parameters import Parameters
from apps.observability.arithmetic import evaluation
from apps.observability.arithmetic.values import Grid
from apps.observability.federation import fan_out
from apps.observability.queries import asking, splicing
from tests.conftest import signed_in
from tests.factories import make_cluster
from tests.fakes.upstream import Behaviour
from tests.observability.fleet import UP, Fleet, a_fleet, vector

pytestmark = pytest.mark.django_db

QUERY = "/prometheus/api/v1/query"
RANGE = "/prometheus/api/v1/query_range"
TIMES = {"start": "1769860800", "end": "1769864400", "step": "30"}


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with a_fleet() as made:
        yield made


def ask(api: APIClient, query: str, **more: Any) -> Any:
    return api.get(QUERY, {"query": query, "time": "1769860800", **more})


def told(response: Any) -> tuple[int, str]:
    body = json.loads(response.content)
    assert body["status"] == "error"
    assert body["error"]
    return response.status_code, body["errorType"]


def results(response: Any) -> list[dict[str, Any]]:
    body = json.loads(b"".join(response))
    assert body["status"] == "success"
    found: list[dict[str, Any]] = body["data"]["result"]
    return found


def test_every_series_carries_the_name_of_its_cluster(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha")
    fleet.add("beta")
    response = ask(api, "up")
    assert response.json()["data"] == {
        "resultType": "vector",
        "result": [
            {"metric": {**UP[0]["metric"], "cluster": name}, "value": [1769860800, "1"]}
            for name in ("alpha", "beta")
        ],
    }
    assert response["X-AIOps-Clusters"] == "2/2"
    assert "warnings" not in response.json()


def test_a_label_of_that_name_moves_aside(api: APIClient, fleet: Fleet) -> None:
    labels = {"cluster": "theirs", "exported_cluster": "older", "my_cluster": "x"}
    fleet.add("alpha", vector((labels, "1")))
    assert results(ask(api, "up"))[0]["metric"] == {
        "cluster": "alpha",
        "exported_cluster": "theirs",
        "exported_exported_cluster": "older",
        "my_cluster": "x",
    }


def test_samples_and_histograms_pass_as_they_are(api: APIClient, fleet: Fleet) -> None:
    series: list[dict[str, Any]] = [
        {"metric": {"le": '+Inf"\\\u2028'}, "values": [[1, "NaN"], [2.5, "+Inf"], [3, "-1e-7"]]},
        {
            "metric": {},
            "histograms": [[1, {"count": "2", "sum": "3", "buckets": [[0, "1", "2", "2"]]}]],
        },
    ]
    fleet.add("alpha", prometheus_matrix(series))
    found = results(api.get(RANGE, {"query": "up", **TIMES}))
    assert found == [{**one, "metric": {**one["metric"], "cluster": "alpha"}} for one in series]


def prometheus_matrix(series: list[Any]) -> dict[str, Any]:
    data = {"resultType": "matrix", "result": series}
    return {"/api/v1/query_range": (200, {"status": "success", "data": data})}


HOSTILE = [
    {"metric": {"a": "1"}, "value": [1, 2]},
    {"metric": {"a": "1"}, "value": ["1", "2"]},
    {"metric": {"a": "1"}, "value": [1, "two"]},
    {"metric": {"a": "1"}, "value": [1, "1"], "values": [[1, "1"]]},
    {"metric": {"a": "1"}, "values": [[1, "1"]]},
    {"metric": {"a": 1}, "value": [1, "1"]},
    {"metric": {"a": {"metric": {}}}, "value": [1, "1"]},
    {"metric": {"a": "1"}},
    {"value": [1, "1"]},
    {"metric": {"a": "1"}, "histogram": [1, {"count": 1}]},
    {"metric": {"a": "1"}, "value": {"a": [1, "1"]}},
    "text",
]


@pytest.mark.parametrize("row", HOSTILE)
def test_what_is_no_series_spoils_its_own_cluster_alone(
    api: APIClient, fleet: Fleet, row: Any
) -> None:
    fleet.add("alpha")
    data = {"resultType": "vector", "result": [*UP, row]}
    fleet.add("hostile", {"/api/v1/query": (200, {"status": "success", "data": data})})
    response = ask(api, "up")
    assert [one["metric"]["cluster"] for one in results(response)] == ["alpha"]
    assert response.json()["warnings"][0].startswith("hostile: ")
    assert response["X-AIOps-Clusters"] == "1/2"


def test_no_server_speaks_in_the_name_of_another(api: APIClient, fleet: Fleet) -> None:
    body = (
        b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{"clu\\u0073ter":'
        b'"beta","cluster":"beta"},"metric":{"cluster":"beta","cluster":"gamma"},'
        b'"value":[1,"1"]}]}}'
    )
    fleet.add("alpha", {"/api/v1/query": (200, body)})
    text = ask(api, "up").content
    assert text.count(b'"cluster":') == 1
    assert json.loads(text)["data"]["result"][0]["metric"] == {
        "cluster": "alpha",
        "exported_cluster": "gamma",
    }


def test_another_kind_of_answer_than_was_asked_for_is_a_failure(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("alpha", {"/api/v1/query": prometheus_matrix([])["/api/v1/query_range"]})
    fleet.add("beta")
    assert ask(api, "up").json()["warnings"] == ["alpha: Prometheus answers no vector"]


def test_a_matcher_narrows_and_is_not_sent(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha")
    fleet.add("beta")
    assert len(results(ask(api, 'up{cluster=~"al.*",job="node"}'))) == 1
    assert list(fleet.asked()) == ["alpha"]
    sent = parse_qs(fleet.upstreams["alpha"].requests[0].body)
    assert sent["query"] == ['up{job="node"}']
    assert sent["time"] == ["1769860800.000"]


def test_nobody_is_asked_for_a_cluster_that_is_not_there(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha")
    response = ask(api, 'up{cluster="nowhere"}')
    assert (results(response), response["X-AIOps-Clusters"], fleet.asked()) == ([], "0/0", {})


@pytest.mark.parametrize(
    ("query", "kind", "value"),
    [
        ("1+1", "scalar", [1769860800, "2"]),
        ("time()", "scalar", [1769860800, "1769860800"]),
        ('"a"', "string", [1769860800, "a"]),
        ("vector(1)", "vector", [{"metric": {}, "value": [1769860800, "1"]}]),
    ],
)
def test_what_is_constant_asks_nobody(
    api: APIClient, fleet: Fleet, query: str, kind: str, value: Any
) -> None:
    fleet.add("alpha", {})
    assert ask(api, query).json()["data"] == {"resultType": kind, "result": value}
    assert fleet.asked() == {}


def test_sums_are_of_the_whole_fleet(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha", vector(({"job": "a"}, "1"), ({"job": "b"}, "2")))
    fleet.add("beta", vector(({"job": "a"}, "10")))
    found = results(ask(api, "sum by (job) (up)"))
    assert [(one["metric"], one["value"][1]) for one in found] == [
        ({"job": "a"}, "11"),
        ({"job": "b"}, "2"),
    ]


def test_a_sum_says_whose_part_is_missing(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha", vector(({}, "1")))
    fleet.add("beta", {"/api/v1/query": (500, "x")})
    response = ask(api, "sum(up)")
    assert results(response)[0]["value"][1] == "1"
    assert response.json()["warnings"] == ["beta: Prometheus answers 500 and no valid JSON"]
    assert response["X-AIOps-Clusters"] == "1/2"


def test_what_cannot_be_split_is_refused_and_nobody_asked(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha")
    fleet.add("beta")
    assert told(ask(api, "quantile(0.9, up)")) == (422, "execution")
    assert fleet.asked() == {}


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        ({"query": "up{"}, 400, "bad_data"),
        ({"query": ""}, 400, "bad_data"),
        ({"query": '{__name__=~".+"}'}, 400, "bad_data"),
        ({"start": ""}, 400, "bad_data"),
        ({"start": "yesterday"}, 400, "bad_data"),
        ({"start": "nan"}, 400, "bad_data"),
        ({"start": "1e300"}, 400, "bad_data"),
        ({"end": "1"}, 400, "bad_data"),
        ({"step": "0"}, 400, "bad_data"),
        ({"step": ""}, 400, "bad_data"),
        ({"step": "fast"}, 400, "bad_data"),
        ({"step": "0.1"}, 400, "bad_data"),
        ({"timeout": "soon"}, 400, "bad_data"),
        ({"timeout": "-1"}, 400, "bad_data"),
        ({"limit": "-1"}, 400, "bad_data"),
        ({"query": "up[5m]"}, 422, "execution"),
    ],
)
def test_a_wrong_question_is_refused_as_prometheus_does(
    api: APIClient, fleet: Fleet, change: dict[str, str], status: int, kind: str
) -> None:
    fleet.add("alpha")
    assert told(api.get(RANGE, {"query": "up", **TIMES, **change})) == (status, kind)
    assert fleet.asked() == {}


def test_only_when_all_fail_does_the_answer_fail(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha", {"/api/v1/query": (500, "x")})
    fleet.add("beta", {"/api/v1/query": Behaviour.CUT})
    assert told(ask(api, "up")) == (503, "unavailable")
    assert told(ask(api, "sum(up)")) == (503, "unavailable")


def test_all_out_of_time_is_a_timeout(api: APIClient, fleet: Fleet) -> None:
    fleet.add("stuck", {"/api/v1/query": Behaviour.HANG})
    assert told(ask(api, "up", timeout="300ms")) == (503, "timeout")


def test_what_every_cluster_refuses_to_execute_is_told(api: APIClient, fleet: Fleet) -> None:
    refused = {"status": "error", "errorType": "execution", "error": "many-to-many matching"}
    fleet.add("alpha", {"/api/v1/query": (422, refused)})
    response = ask(api, "up")
    assert told(response) == (422, "execution")
    assert "many-to-many" in response.json()["error"]


def test_what_clusters_remark_is_passed_on_with_their_names(api: APIClient, fleet: Fleet) -> None:
    data = {"resultType": "vector", "result": []}
    body = {"status": "success", "data": data, "warnings": ["slow"], "infos": ["no counter"]}
    fleet.add("alpha", {"/api/v1/query": (200, body)})
    found = ask(api, "up").json()
    assert (found["warnings"], found["infos"]) == (["alpha: slow"], ["alpha: no counter"])


def test_no_more_than_the_limit_is_told(api: APIClient, fleet: Fleet) -> None:
    for name in ("alpha", "beta"):
        fleet.add(name, vector(*(({"n": str(number)}, "1") for number in range(3))))
    response = ask(api, "up", limit="4")
    assert len(results(response)) == 4
    assert response.json()["warnings"] == ["results truncated due to limit"]
    assert len(results(ask(api, "up", limit="6"))) == 6


def test_a_large_answer_is_sent_as_it_comes(
    api: APIClient, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splicing, "HELD", 10)
    for number in range(9):
        fleet.add(f"well-{number}")
    fleet.add("stuck", {"/api/v1/query": Behaviour.HANG})
    response = ask(api, "up", timeout="4")
    assert response.streaming
    body = json.loads(b"".join(response.streaming_content))
    assert len(body["data"]["result"]) == 9
    assert body["warnings"] == ["stuck: no answer in 4 s"]


def test_no_more_clusters_are_asked_than_can_be_reckoned_with(
    api: APIClient, fleet: Fleet, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "MOST_CELLS", 0)
    monkeypatch.setattr(fan_out, "MOST_UNREAD", 4)
    settings.METRICS_CLUSTERS_AT_ONCE = 1
    # Some may be on their way already when the first have come.
    for number in range(4 * fan_out.MOST_UNREAD):
        fleet.add(f"cluster-{number:02}")
    assert told(ask(api, "sum(up)")) == (422, "execution")
    assert len(fleet.asked()) <= 2 * fan_out.MOST_UNREAD + 2


def test_lookback_and_timeout_reach_the_clusters(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha")
    ask(api, "up", lookback_delta="2m", timeout="90")
    sent = parse_qs(fleet.upstreams["alpha"].requests[0].body)
    assert (sent["lookback_delta"], sent["timeout"]) == (["120.000"], ["90.000"])


@pytest.mark.parametrize(
    ("wait", "sent"), [("2.5", "2.500"), ("2s500ms", "2.500"), ("1e-05", "0.001")]
)
def test_a_timeout_is_sent_in_seconds_without_a_unit(wait: str, sent: str) -> None:
    # Prometheus refuses "2.5s" and "1e-05s" as no durations, and has no time at all left of 0.
    form = asking.form_of("up", Grid.at(0), Parameters({"timeout": [wait]}, {}).wait())
    assert form["timeout"] == sent


def test_nobody_sees_more_than_his_clusters(viewer_of_blue: User, fleet: Fleet) -> None:
    fleet.add("blue", labels={"team": "blue"})
    fleet.add("red", labels={"team": "red"})
    assert len(results(ask(signed_in(viewer_of_blue), 'up{cluster=~"blue|red"}'))) == 1
    assert list(fleet.asked()) == ["blue"]


def test_a_cluster_without_prometheus_is_not_of_this_fleet(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha")
    make_cluster("bare")
    response = ask(api, "up")
    assert (response["X-AIOps-Clusters"], "warnings" in response.json()) == ("1/1", False)


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
def test_a_token_opens_it_by_either_scheme(admin: User, fleet: Fleet, scheme: str) -> None:
    fleet.add("alpha")
    _, token = ApiToken.issue(admin, "grafana")
    pair = base64.b64encode(f"anybody:{token}".encode()).decode()
    shown = {"Bearer": token, "Basic": pair}[scheme]
    api = APIClient(enforce_csrf_checks=True)
    api.credentials(HTTP_AUTHORIZATION=f"{scheme} {shown}")
    assert len(results(ask(api, "up"))) == 1
    form = "query=up&time=2026-01-31T12:00:00Z"
    posted = api.post(QUERY, form, content_type="application/x-www-form-urlencoded")
    assert len(results(posted)) == 1


@pytest.mark.parametrize(
    "shown", ["", "Bearer x", "Basic !!", "Basic YWRhOnB3", "Basic " + "YQ" * 3, "Digest x"]
)
def test_without_a_token_nothing_opens(db: None, shown: str) -> None:
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=shown)
    response = ask(api, "up")
    assert told(response) == (401, "unauthorized")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_password_is_no_token(admin: User) -> None:
    pair = base64.b64encode(b"ada:correct horse battery staple").decode()
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Basic {pair}")
    assert told(ask(api, "up")) == (401, "unauthorized")


def test_a_session_reads_and_does_not_post(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha")
    assert ask(api, "up").status_code == 200
    form = "query=up"
    posted = api.post(QUERY, form, content_type="application/x-www-form-urlencoded")
    assert told(posted) == (401, "unauthorized")


@pytest.mark.parametrize(
    "path",
    ["admin/tsdb/snapshot", "write", "status/config", "targets", "../../-/reload", "query/", ""],
)
def test_nothing_else_is_passed_on(api: APIClient, fleet: Fleet, path: str) -> None:
    fleet.add("alpha")
    for method in ("GET", "POST", "PUT", "DELETE"):
        response = api.generic(method, f"/prometheus/api/v1/{path}")
        assert told(response) == (404, "not_found")
    assert fleet.asked() == {}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(admin: User, method: str) -> None:
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiToken.issue(admin, 'grafana')[1]}")
    assert told(api.generic(method, QUERY)) == (405, "bad_data")
