"""What there is in the fleet by Prometheus' API, and what Grafana's data source asks of it.

The endpoints of its variables are those that its documentation names for each type of query
(grafana.com/docs, data sources, Prometheus, template variables); how it sends the others we know
from using it, and no recording of it was at hand.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import ApiToken, User
from tests.conftest import signed_in
from tests.fakes.upstream import Answer, prometheus
from tests.observability.fleet import UP, Fleet, a_fleet, said

pytestmark = pytest.mark.django_db

API = "/prometheus/api/v1"


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with a_fleet() as made:
        yield made


def data(response: Any) -> Any:
    assert response.status_code == 200, response.content
    assert response.json()["status"] == "success"
    return response.json()["data"]


def test_series_are_those_of_all_clusters(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha", {"/api/v1/series": said([{"__name__": "up", "cluster": "x"}])})
    fleet.add("beta", {"/api/v1/series": said([{"__name__": "up"}])})
    assert data(api.get(f"{API}/series", {"match[]": "up"})) == [
        {"__name__": "up", "exported_cluster": "x", "cluster": "alpha"},
        {"__name__": "up", "cluster": "beta"},
    ]


def test_series_take_a_match(api: APIClient) -> None:
    assert api.get(f"{API}/series").status_code == 400
    assert api.get(f"{API}/series", {"match[]": "rate(up[5m])"}).status_code == 400


def test_labels_and_their_values_are_merged(api: APIClient, fleet: Fleet) -> None:
    labels = "/api/v1/labels"
    fleet.add("alpha", {labels: said(["a", "cluster"]), "/api/v1/label/a/values": said(["1"])})
    fleet.add("beta", {labels: said(["b"]), "/api/v1/label/a/values": said(["1", "2"])})
    assert data(api.get(f"{API}/labels")) == ["a", "b", "cluster", "exported_cluster"]
    assert data(api.get(f"{API}/label/a/values")) == ["1", "2"]
    limited = api.get(f"{API}/label/a/values", {"limit": "1"}).json()
    assert (limited["data"], limited["warnings"]) == (["1"], ["results truncated due to limit"])


def test_what_clusters_call_cluster_is_asked_by_its_name_in_the_fleet(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("alpha", {"/api/v1/label/cluster/values": said(["theirs"])})
    assert data(api.get(f"{API}/label/exported_cluster/values")) == ["theirs"]


def test_the_clusters_are_those_that_one_may_see(viewer_of_blue: User, fleet: Fleet) -> None:
    fleet.add("blue", labels={"team": "blue"})
    fleet.add("red", labels={"team": "red"})
    assert data(signed_in(viewer_of_blue).get(f"{API}/label/cluster/values")) == ["blue"]
    assert fleet.asked() == {}


def test_with_a_match_the_clusters_are_those_that_have_such_series(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("alpha", {"/api/v1/labels": said(["__name__", "job"])})
    fleet.add("beta", {"/api/v1/labels": said([])})
    asked = api.get(f"{API}/label/cluster/values", {"match[]": "up"})
    assert data(asked) == ["alpha"]


def test_a_match_on_cluster_narrows_whom_to_ask(api: APIClient, fleet: Fleet) -> None:
    for name in ("alpha", "beta"):
        fleet.add(name, {"/api/v1/label/job/values": said([name])})
    asked = api.get(f"{API}/label/job/values", {"match[]": '{cluster="beta"}'})
    assert data(asked) == ["beta"]
    assert list(fleet.asked()) == ["beta"]


def test_metadata_is_told_once(api: APIClient, fleet: Fleet) -> None:
    gauge = {"type": "gauge", "help": "Is it?", "unit": ""}
    other = {"type": "gauge", "help": "Is it there?", "unit": ""}
    fleet.add("alpha", {"/api/v1/metadata": said({"up": [gauge]})})
    fleet.add("beta", {"/api/v1/metadata": said({"up": [gauge, other]})})
    assert data(api.get(f"{API}/metadata")) == {"up": [gauge, other]}


def test_rules_and_alerts_say_of_which_cluster(api: APIClient, fleet: Fleet) -> None:
    alert = {"labels": {"alertname": "Down", "cluster": "x"}, "state": "firing"}
    rule = {"name": "Down", "type": "alerting", "labels": {}, "alerts": [alert]}
    group = {"name": "g", "file": "/etc/rules.yml", "rules": [rule]}
    answers: dict[str, Answer] = {
        "/api/v1/rules": said({"groups": [group]}),
        "/api/v1/alerts": said({"alerts": [alert]}),
    }
    fleet.add("alpha", answers)
    labels = {"alertname": "Down", "exported_cluster": "x", "cluster": "alpha"}
    found = data(api.get(f"{API}/rules", {"type": "alert"}))["groups"][0]
    assert found["file"] == "alpha//etc/rules.yml"
    assert found["rules"][0]["labels"] == {"cluster": "alpha"}
    assert found["rules"][0]["alerts"][0]["labels"] == labels
    assert data(api.get(f"{API}/alerts"))["alerts"][0]["labels"] == labels


@pytest.mark.parametrize("wrong", [{"up": 1}, ["up", 2], "x", None])
def test_what_has_another_shape_is_its_clusters_failure(
    api: APIClient, fleet: Fleet, wrong: Any
) -> None:
    fleet.add("alpha", {"/api/v1/labels": said(["a"])})
    fleet.add("hostile", {"/api/v1/labels": said(wrong)})
    response = api.get(f"{API}/labels")
    assert data(response) == ["a", "cluster"]
    assert response["X-AIOps-Clusters"] == "1/2"


def test_when_nobody_answers_it_says_so(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha", {})
    response = api.get(f"{API}/labels")
    assert (response.status_code, response.json()["errorType"]) == (503, "unavailable")


@pytest.mark.parametrize("name", ["a-b", "1a", "..", "a%2Fb"])
def test_what_is_no_label_is_asked_of_nobody(api: APIClient, fleet: Fleet, name: str) -> None:
    fleet.add("alpha")
    assert api.get(f"{API}/label/{name}/values").status_code in {400, 404}
    assert fleet.asked() == {}


def test_a_query_is_printed_as_it_is_understood(api: APIClient) -> None:
    assert data(api.get(f"{API}/format_query", {"query": "sum( up )by(job)"})) == (
        "sum by (job) (up)"
    )


class Grafana:
    """It posts forms and reads with GET, signed in by the token that its data source was given."""

    def __init__(self, token: str) -> None:
        self.api = APIClient(enforce_csrf_checks=True)
        self.api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

    def post(self, path: str, **form: str) -> Any:
        kind = "application/x-www-form-urlencoded"
        return data(self.api.post(f"{API}/{path}", urlencode(form), content_type=kind))

    def get(self, path: str, **query: str) -> Any:
        return data(self.api.get(f"{API}/{path}", query))


def test_grafana_finds_what_it_asks_for(admin: User, fleet: Fleet) -> None:
    matrix = {"metric": {"job": "node"}, "values": [[1769860800, "1"]]}
    answers = prometheus(UP) | {
        "/api/v1/query_range": prometheus([matrix], "matrix")["/api/v1/query_range"],
        "/api/v1/series": said([{"__name__": "up", "job": "node"}]),
        "/api/v1/labels": said(["__name__", "job"]),
        "/api/v1/label/__name__/values": said(["up"]),
        "/api/v1/label/job/values": said(["node"]),
        "/api/v1/metadata": said({"up": [{"type": "gauge", "help": "", "unit": ""}]}),
        "/api/v1/rules": said({"groups": []}),
    }
    for name in ("alpha", "beta"):
        fleet.add(name, answers)
    grafana = Grafana(ApiToken.issue(admin, "grafana")[1])
    times = {"start": "1769860800", "end": "1769864400"}
    assert grafana.get("status/buildinfo")["version"]
    assert grafana.post("query", query="1+1", time="1769860800") == {
        "resultType": "scalar",
        "result": [1769860800, "2"],
    }
    assert grafana.get("label/__name__/values", **times) == ["up"]
    assert grafana.post("labels", **times, **{"match[]": '{__name__="up"}'}) == [
        "__name__",
        "cluster",
        "job",
    ]
    assert grafana.get("label/cluster/values") == ["alpha", "beta"]
    assert grafana.get("label/job/values", **{"match[]": 'up{cluster="beta"}'}) == ["node"]
    assert len(grafana.post("series", **times, **{"match[]": "up"})) == 2
    assert grafana.get("metadata", limit_per_metric="1") == {
        "up": [{"type": "gauge", "help": "", "unit": ""}]
    }
    over = grafana.post("query_range", query='up{cluster=~".+"}', step="15", **times)
    assert [one["metric"]["cluster"] for one in over["result"]] == ["alpha", "beta"]
    at_once = grafana.post("query", query='up{cluster=~"alpha"}', time="1769860800.123")
    assert len(at_once["result"]) == 1
    assert grafana.get("rules", type="alert") == {"groups": []}
