"""The label `cluster` in what is asked and in what comes back; and how many points may be asked."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from rest_framework.test import APIClient

from tests.fakes.upstream import Answer, prometheus
from tests.observability.fleet import Fleet, a_fleet, said

pytestmark = pytest.mark.django_db

API, REST = "/prometheus/api/v1", "/api/v1/metrics"
AT = 1769860800
THEIRS = {"cluster": "theirs", "exported_cluster": "older", "job": "node"}
MOVED = {"exported_cluster": "theirs", "exported_exported_cluster": "older", "job": "node"}


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with a_fleet() as made:
        yield made


def ask(api: APIClient, query: str, **body: Any) -> Any:
    return api.post(f"{REST}/query", {"query": query, "time": AT, **body}, format="json")


def sent(fleet: Fleet) -> dict[str, str]:
    """Return the query that came to each cluster which was asked."""
    return {
        name: parse_qs(upstream.requests[0].body)["query"][0]
        for name, upstream in fleet.upstreams.items()
        if upstream.requests
    }


@pytest.mark.parametrize(
    ("query", "came"),
    [
        ('up{cluster="alpha"}', {"alpha": "up"}),
        ('sum(up{cluster!="alpha", job="x"})', {"beta": 'sum(up{job="x"})'}),
        ('up{cluster=~"alpha|beta"}', {"alpha": "up", "beta": "up"}),
        ('up{cluster=""}', {}),
        ('absent(up{cluster="beta"})', {"beta": "absent(up)"}),
        ('up{exported_cluster="x"}', {"alpha": 'up{cluster="x"}', "beta": 'up{cluster="x"}'}),
        ("sum by (cluster, job) (up)", dict.fromkeys(("alpha", "beta"), "sum by (job) (up)")),
        # What says nothing of clusters goes out as it was written.
        ("sum( up )by(job)", dict.fromkeys(("alpha", "beta"), "sum( up )by(job)")),
        (
            "vector(1) + scalar(vector(2))",
            dict.fromkeys(("alpha", "beta"), "vector(1) + scalar(vector(2))"),
        ),
    ],
)
def test_matchers_on_cluster_say_whom_to_ask(
    api: APIClient, fleet: Fleet, query: str, came: dict[str, str]
) -> None:
    for name in ("alpha", "beta"):
        fleet.add(name)
    response = ask(api, query)
    assert response.status_code == 200, response.content
    assert sent(fleet) == came
    assert [row["cluster_name"] for row in response.json()["results"]] == list(came)


def test_named_clusters_and_matchers_both_narrow(api: APIClient, fleet: Fleet) -> None:
    alpha = fleet.add("alpha")
    fleet.add("beta")
    ask(api, 'up{cluster="beta"}', cluster_ids=[str(alpha.pk)])
    assert sent(fleet) == {}


@pytest.mark.parametrize(
    "query",
    ['up{cluster="alpha"} - on() up{cluster="beta"}', 'absent(up{cluster="alpha"}) or up'],
)
def test_where_each_answers_for_itself_no_query_is_about_several(
    api: APIClient, fleet: Fleet, query: str
) -> None:
    for name in ("alpha", "beta"):
        fleet.add(name)
    response = ask(api, query)
    assert response.status_code == 422
    assert "each cluster answers for itself" in response.json()["error"]["message"]
    assert fleet.asked() == {}


def with_labels_of_ours() -> dict[str, Answer]:
    row = {"metric": THEIRS, "value": [AT, "2"]}
    rule = {"name": "r", "labels": THEIRS}
    return prometheus([row]) | {
        "/api/v1/series": said([THEIRS]),
        "/api/v1/labels": said(sorted(THEIRS)),
        "/api/v1/label/exported_cluster/values": said(["older"]),
        "/api/v1/rules": said({"groups": [{"name": "g", "file": "f", "rules": [rule]}]}),
    }


def test_labels_of_our_name_move_aside_alike_wherever_they_are_met(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("alpha", with_labels_of_ours())

    def data(path: str, **query: Any) -> Any:
        return api.get(f"{API}/{path}", query).json()["data"]

    ours = {**MOVED, "cluster": "alpha"}
    assert data("query", query="up")["result"][0]["metric"] == ours
    # Worked out here, with the clusters apart, and with what they have in common added up.
    assert data("query", query="topk(1, up)", time=AT)["result"][0]["metric"] == ours
    added = data("query", query="sum without (cluster) (up)", time=AT)["result"]
    assert added == [{"metric": MOVED, "value": [AT, "2"]}]
    assert data("series", **{"match[]": "up"}) == [ours]
    assert data("labels") == sorted(ours)
    assert data("label/exported_exported_cluster/values") == ["older"]
    assert data("rules")["groups"][0]["rules"][0]["labels"] == ours
    added = ask(api, "up", aggregate="SUM").json()["aggregated"]["data"]
    assert added == [{"metric": MOVED, "value": [AT, "2"]}]


@pytest.mark.parametrize(
    ("end", "step", "status"),
    [(11_000, 1, 200), (11_000.999, 1, 200), (11_001, 1, 400), (5500, 0.5, 200), (5501, 0.5, 400)],
)
def test_as_many_points_may_be_asked_for_as_prometheus_gives(
    api: APIClient, fleet: Fleet, end: float, step: float, status: int
) -> None:
    matrix = prometheus([], "matrix")["/api/v1/query_range"]
    fleet.add("alpha", {"/api/v1/query_range": matrix})
    until = AT + end
    times = {"start": str(AT), "end": str(until), "step": str(step)}
    ours = {"start_time": AT, "end_time": until, "step": str(step)}
    assert api.get(f"{API}/query_range", {"query": "up", **times}).status_code == status
    body = {"query": "up", **ours}
    assert api.post(f"{REST}/query_range", body, format="json").status_code == status
    assert bool(fleet.asked()) is (status == 200)
