"""Alerts put together by labels and over clusters, and the figures of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.observability.models import Alert
from tests.conftest import signed_in
from tests.factories import make_cluster
from tests.observability.alerts.inbox import URL, fire, read, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def red() -> Cluster:
    return make_cluster("red-1", labels={"team": "red"})


@pytest.fixture
def blue() -> Cluster:
    return make_cluster("blue-1", labels={"team": "blue"})


def groups(api: APIClient, path: str = "/groups", **query: Any) -> list[tuple[Any, int]]:
    return [
        (tuple(one["labels"].values()), one["total"]) for one in read(api, path, **query)["items"]
    ]


def test_groups_are_nested_the_worst_first_and_what_is_missing_last(
    api: APIClient, red: Cluster, blue: Cluster
) -> None:
    fire(red, "A", severity="warning", namespace="shop", team="web")
    fire(red, "B", severity="critical", namespace="shop")
    fire(red, "C", severity="critical", namespace="bank", team="(none)")
    fire(blue, "D", severity="critical", namespace="bank", team="web")
    fire(red, "E", severity="info")
    assert groups(api, by=["namespace", "team"]) == [
        (("bank", "(none)"), 1),
        (("bank", "web"), 1),
        (("shop", "(none)"), 1),
        (("shop", "web"), 1),
        (("(none)", "(none)"), 1),
    ]
    assert groups(api, by="severity") == [(("CRITICAL",), 3), (("WARNING",), 1), (("INFO",), 1)]
    assert groups(api, by="cluster") == [(("red-1",), 4), (("blue-1",), 1)]
    assert len(groups(api)) == 5
    found = read(api, "/groups", by="namespace", page_size=1)
    (bank,) = found["items"]
    assert (found["total"], found["by_severity"]["CRITICAL"]) == (3, 3)
    assert bank["by_severity"] == {"CRITICAL": 2, "WARNING": 0, "INFO": 0}
    assert [one["cluster_name"] for one in bank["clusters"]] == ["blue-1", "red-1"]
    assert bank["common_labels"] == {"severity": "critical"}
    teams = read(api, "/groups", by="team")["items"]
    missing = {tuple(one["missing"]): one["total"] for one in teams}
    assert (len(teams), missing[("team",)]) == (3, 2)
    assert refused(api, "/groups", by=["a"] * 2 + ["b", "c", "d", "e", "f"])[0] == 400
    assert refused(api, "/groups", by="")[0] == 400


def test_the_label_cluster_of_a_cluster_is_another_than_its_name(
    api: APIClient, red: Cluster
) -> None:
    fire(red, cluster="what-they-call-it")
    assert groups(api, by=["cluster", "exported_cluster"]) == [(("red-1", "what-they-call-it"), 1)]


def test_the_same_alert_of_several_clusters_is_one(
    api: APIClient, red: Cluster, blue: Cluster, operator_of_red: Any
) -> None:
    for cluster in (red, blue):
        fire(cluster, "Quota", namespace="shop", instance=f"{cluster.name}:9090", pod="q-1")
    fire(red, "Quota", namespace="shop", instance="red-2:9090")
    fire(red, "Quota", namespace="bank")
    first, second = read(api, "/same")["items"]
    assert first["labels"] == {"alertname": "Quota", "namespace": "shop", "severity": "critical"}
    assert [(one["cluster_name"], one["total"]) for one in first["clusters"]] == [
        ("blue-1", 1),
        ("red-1", 2),
    ]
    assert (first["total"], second["total"]) == (3, 1)
    seen = read(signed_in(operator_of_red), "/same")["items"][0]
    assert [one["cluster_name"] for one in seen["clusters"]] == ["red-1"]


def test_figures_are_means_in_seconds_of_what_was_over(
    api: APIClient, red: Cluster, blue: Cluster
) -> None:
    for number, lasted in enumerate((100, 300)):
        alert = fire(red, "Disk", ago=1000 - number, over_after=lasted)
        taken = alert.starts_at + timedelta(seconds=lasted / 2)
        Alert.objects.filter(pk=alert.pk).update(taken_at=taken if number else None)
    fire(blue, "Disk", ago=500, over_after=50)
    # Its clock is ahead of ours.
    fast = fire(blue, "Fast", ago=-90_000)
    Alert.objects.filter(pk=fast.pk).update(taken_at=timezone.now())
    found = read(api, "/statistics", until=(timezone.now() + timedelta(days=2)).isoformat())
    assert (found["total"], found["active"], found["resolved"]) == (4, 1, 3)
    assert found["mean_seconds_to_resolve"] == pytest.approx(150)
    assert found["mean_seconds_to_acknowledge"] == pytest.approx(75)
    disk = found["noisiest"][0]
    assert (disk["alertname"], disk["total"], disk["clusters"]) == ("Disk", 3, 2)
    assert [(one["cluster_name"], one["total"]) for one in found["by_cluster"]] != []
    assert found["by_severity"]["CRITICAL"] == 4
    assert read(api, "/statistics", cluster_id=str(red.pk))["resolved"] == 2


def test_what_was_over_before_or_after_the_window_does_not_count(
    api: APIClient, red: Cluster
) -> None:
    fire(red, ago=8 * 86_400, over_after=10)
    fire(red, "New", ago=100, over_after=10)
    assert read(api, "/statistics")["resolved"] == 1
    since = (timezone.now() - timedelta(days=9)).isoformat()
    assert read(api, "/statistics", since=since)["resolved"] == 2
    until = (timezone.now() - timedelta(days=1)).isoformat()
    empty = read(api, "/statistics", until=until, alertname="New")
    assert (empty["total"], empty["mean_seconds_to_resolve"], empty["noisiest"]) == (0, None, [])
    assert refused(api, "/statistics", since=until, until=since)[0] == 400
    assert refused(api, "/statistics", until="0001-01-01T00:00:00Z")[0] == 400
    assert refused(api, "/statistics", search="x")[0] == 400


def test_what_comes_and_goes_is_named(api: APIClient, red: Cluster) -> None:
    for ago in (400, 300, 200, 100):
        fire(red, "Flaps", ago=ago, over_after=10)
    fire(red, "Once", over_after=1)
    (flapping,) = read(api, "/statistics")["flapping"]
    assert (flapping["alertname"], flapping["times"]) == ("Flaps", 4)


def test_nothing_to_group_is_an_empty_page(api: APIClient) -> None:
    for path in ("/groups", "/same", ""):
        found = read(api, path)
        assert (found["items"], found["total"]) == ([], 0)
    assert api.get(f"{URL}/groups", {"page": "9"}).status_code == 404
