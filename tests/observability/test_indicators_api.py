"""The fleet's indicators over REST: the newest values, and lines over time, of visible clusters."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.actions import history, keeping
from apps.observability.actions.keeping import Found
from apps.observability.models import Indicator
from tests.conftest import signed_in
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db
URL = "/api/v1/indicators"
CPU = f"{URL}/cpu-percent"
MINUTE = timedelta(minutes=1)


def now() -> datetime:
    return timezone.now().replace(second=0, microsecond=0)


def put(
    cluster: Cluster, value: float, *, ago: timedelta = MINUTE, name: str = "cpu-percent"
) -> None:
    indicator = Indicator.objects.get(name=name)
    keeping.store(now() - ago, [Found(cluster.pk, cluster.name, indicator, value)])


def listed(api: APIClient, **query: Any) -> dict[str, Any]:
    """Return the row of cpu-percent."""
    page = api.get(URL, {"page_size": 100, **query}).json()
    return next(one for one in page["items"] if one["name"] == "cpu-percent")


def test_the_list_shows_each_cluster_with_its_state_and_time(api: APIClient) -> None:
    well, hot, silent = (make_cluster(name) for name in ("well", "hot", "silent"))
    put(well, 12.5)
    put(hot, 96)
    row = listed(api)
    assert (row["unit"], row["thresholds"]["critical"]) == ("%", 95)
    by_name = {one["cluster_name"]: one for one in row["values"]}
    assert list(by_name) == ["hot", "silent", "well"]
    assert {name: (one["value"], one["state"]) for name, one in by_name.items()} == {
        "well": (12.5, "OK"),
        "hot": (96, "CRITICAL"),
        "silent": (None, "UNKNOWN"),
    }
    at = (now() - MINUTE).astimezone(UTC)
    assert by_name["well"]["at"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"
    assert by_name["silent"] == {
        "cluster_id": str(silent.pk),
        "cluster_name": "silent",
        "remark": "",
        "value": None,
        "state": "UNKNOWN",
        "at": None,
        "stale": False,
    }


def test_an_old_value_is_shown_as_one_and_has_no_state(api: APIClient) -> None:
    put(make_cluster("hub"), 96, ago=timedelta(minutes=10))
    [value] = listed(api)["values"]
    assert (value["value"], value["state"], value["stale"]) == (96, "UNKNOWN", True)


def test_a_person_sees_the_values_of_visible_clusters_alone(viewer_of_blue: User) -> None:
    red, blue = (make_cluster(team, labels={"team": team}) for team in ("red", "blue"))
    for cluster in (red, blue):
        put(cluster, 1)
    api = signed_in(viewer_of_blue)
    assert [one["cluster_name"] for one in listed(api)["values"]] == ["blue"]
    lines = api.get(CPU).json()["series"]
    assert [one["cluster_name"] for one in lines] == ["blue"]
    for url in (URL, CPU):
        response = api.get(url, {"cluster_id": str(red.pk)})
        assert (response.status_code, response.json()["error"]["code"]) == (
            404,
            "CLUSTER_NOT_FOUND",
        )


def test_a_disabled_indicator_and_a_disabled_cluster_are_not_listed(api: APIClient) -> None:
    Indicator.objects.exclude(name="cpu-percent").update(enabled=False)
    make_cluster("off", enabled=False)
    make_cluster("on")
    page = api.get(URL).json()
    assert page["total"] == 1
    assert [one["cluster_name"] for one in page["items"][0]["values"]] == ["on"]
    assert api.get(f"{URL}/pods-pending").status_code == 404


def test_the_list_costs_as_many_queries_however_many_clusters_there_are(api: APIClient) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            api.get(URL)
        return len(seen)

    put(make_cluster("first"), 1)
    before = queries()
    for number in range(10):
        put(make_cluster(f"cluster-{number}"), 1)
    assert queries() == before


def test_a_day_is_told_by_minutes(api: APIClient) -> None:
    cluster = make_cluster("hub")
    for minutes in (3, 2, 1):
        put(cluster, minutes, ago=minutes * MINUTE)
    told = api.get(CPU, {"cluster_id": str(cluster.pk)}).json()
    assert told["resolution_seconds"] == 60
    assert [one["value"] for one in told["series"][0]["points"]] == [3, 2, 1]
    since = (now() - 2 * MINUTE).isoformat()
    told = api.get(CPU, {"cluster_id": str(cluster.pk), "since": since}).json()
    assert [one["value"] for one in told["series"][0]["points"]] == [2, 1]


def test_more_than_a_day_is_told_by_full_hours(api: APIClient) -> None:
    cluster = make_cluster("hub")
    hour = now().replace(minute=0) - timedelta(hours=3)
    for minute, value in ((0, 10.0), (1, 40.0), (2, 25.0)):
        put(cluster, value, ago=now() - hour - minute * MINUTE)
    history.sum_up(timezone.now())
    since = (timezone.now() - timedelta(days=7)).isoformat()
    told = api.get(CPU, {"cluster_id": str(cluster.pk), "since": since}).json()
    assert told["resolution_seconds"] == 3600
    assert told["series"][0]["points"] == [
        {
            "at": f"{hour.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "value": 25.0,
            "minimum": 10.0,
            "maximum": 40.0,
            "last": 25.0,
        }
    ]


@pytest.mark.parametrize(
    ("url", "query", "field"),
    [
        (URL, {"cluster_id": "one"}, "cluster_id"),
        (URL, {"colour": "red"}, "colour"),
        (CPU, {"since": "yesterday"}, "since"),
        (CPU, {"until": "2026-01-01T00:00:00Z"}, "until"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_name(
    api: APIClient, url: str, query: dict[str, str], field: str
) -> None:
    response = api.get(url, query)
    assert response.status_code == 400
    assert field in response.json()["error"]["message"]


def test_too_many_points_are_refused_with_what_to_do(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.observability.api.indicators.MOST_POINTS", 100)
    for number in range(2):
        make_cluster(f"cluster-{number}")
    response = api.get(CPU)
    assert response.status_code == 400
    assert "fewer clusters" in response.json()["error"]["message"]
    assert api.get(CPU, {"since": (now() - 20 * MINUTE).isoformat()}).status_code == 200
