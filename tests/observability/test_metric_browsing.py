"""Metrics, labels and values merged over the clusters, through our own REST door."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from tests.conftest import signed_in
from tests.observability.fleet import Fleet, a_fleet, said

pytestmark = pytest.mark.django_db

API = "/api/v1/metrics"


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with a_fleet() as made:
        yield made


def test_labels_are_merged_and_say_who_is_missing(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha", {"/api/v1/labels": said(["a", "cluster"])})
    fleet.add("beta", {"/api/v1/labels": (500, "x")})
    assert api.get(f"{API}/labels").json() == {
        "items": ["a", "cluster", "exported_cluster"],
        "clusters_queried": 2,
        "clusters_succeeded": 1,
        "warnings": ["beta: Prometheus answers 500 and no valid JSON"],
    }


def test_values_series_and_metadata_are_merged(api: APIClient, fleet: Fleet) -> None:
    gauge = {"type": "gauge", "help": "", "unit": ""}
    for name in ("alpha", "beta"):
        answers = {
            "/api/v1/label/job/values": said([name, "node"]),
            "/api/v1/series": said([{"__name__": "up"}]),
            "/api/v1/metadata": said({"up": [gauge]}),
        }
        fleet.add(name, answers)

    def items(path: str) -> Any:
        return api.get(f"{API}/{path}").json()["items"]

    assert items("label/job/values") == ["alpha", "beta", "node"]
    assert items("label/job/values?limit=1") == ["alpha"]
    assert items("label/cluster/values") == ["alpha", "beta"]
    assert items('series?match=up{cluster="beta"}') == [{"__name__": "up", "cluster": "beta"}]
    assert items("metadata?metric=up") == {"up": [gauge]}


def test_named_clusters_alone_are_asked(api: APIClient, fleet: Fleet) -> None:
    alpha = fleet.add("alpha", {"/api/v1/labels": said(["a"])})
    fleet.add("beta")
    assert api.get(f"{API}/labels?cluster_id={alpha.pk}").json()["clusters_queried"] == 1
    assert list(fleet.asked()) == ["alpha"]


def test_a_hidden_cluster_is_neither_asked_nor_admitted(viewer_of_blue: User, fleet: Fleet) -> None:
    red = fleet.add("red", labels={"team": "red"})
    api = signed_in(viewer_of_blue)
    assert api.get(f"{API}/labels").json()["items"] == []
    response = api.get(f"{API}/labels?cluster_id={red.pk}")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "CLUSTER_NOT_FOUND")
    assert fleet.asked() == {}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("labels?limit=x", "VALIDATION_FAILED"),
        ("labels?cluster_id=x", "VALIDATION_FAILED"),
        ("labels?page=2", "VALIDATION_FAILED"),
        ("labels?match=rate(up[5m])", "INVALID_PROMQL"),
        ("label/a-b/values", "VALIDATION_FAILED"),
        ("series", "VALIDATION_FAILED"),
    ],
)
def test_a_bad_request_is_refused(api: APIClient, fleet: Fleet, asked: str, code: str) -> None:
    fleet.add("alpha")
    response: Any = api.get(f"{API}/{asked}")
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)
    assert fleet.asked() == {}
