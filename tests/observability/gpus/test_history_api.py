"""What cards and slices did, over REST: at which steps, null where nobody looked, and for whom."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.actions.gpus import summing
from apps.observability.contract_gpu_use import GpuHistory
from apps.observability.models import GpuCard, GpuNode, GpuSpan
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability.gpus.cards import card, part, reading
from tests.observability.gpus.told import sliced, store

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> Cluster:
    return make_cluster("gpu-oregon", labels={"team": "red"})


def history(api: APIClient, cluster: Cluster, node: str = "n1", **query: Any) -> Any:
    response = api.get(f"/api/v1/gpu/nodes/{cluster.pk}/{node}/history", query)
    assert response.status_code == 200, response.content
    GpuHistory.model_validate_json(response.content)
    return response.json()


def ago(**of: float) -> str:
    return (timezone.now() - timedelta(**of)).isoformat()


def told(values: list[Any]) -> list[Any]:
    return [one for one in values if one is not None]


def test_readings_stand_in_their_steps_and_between_them_is_nothing(
    api: APIClient, cluster: Cluster
) -> None:
    now = timezone.now()
    for seconds, busy in ((90, 10.0), (75, 20.0), (15, 30.0), (0, None)):
        gpu = card(0, utilization_gpu_percent=busy, memory_used_mb=1000 + seconds)
        store(cluster, {"n1": [gpu]}, ago=now - timedelta(seconds=seconds))
    since = now - timedelta(minutes=10)
    found = history(api, cluster, since=since.isoformat(), until=now.isoformat())
    assert found["resolution_seconds"] == 15
    [line] = found["series"]
    lengths = {len(values) for values in line.values() if isinstance(values, list)}
    assert lengths == {len(found["at"])}
    assert lengths <= {40, 41}
    first = next(n for n, value in enumerate(line["busy_percent"]) if value is not None)
    assert line["busy_percent"][first : first + 7] == [10.0, 20.0, None, None, None, 30.0, None]
    assert told(line["memory_used_mb"]) == [1090, 1075, 1015, 1000]
    assert told(line["power_draw_watts"]) == [500.0] * 4
    assert told(line["temperature_celsius"]) == [60] * 4
    at = [datetime.fromisoformat(one) for one in found["at"]]
    assert {after - before for before, after in pairwise(at)} == {timedelta(seconds=15)}
    assert at[0] == datetime.fromisoformat(found["since"])


def test_a_longer_step_tells_the_mean_and_the_highest(api: APIClient, cluster: Cluster) -> None:
    begin = datetime.fromtimestamp(timezone.now().timestamp() // 60 * 60 - 120, UTC)
    for seconds, busy in ((0, 10.0), (15, None), (30, 90.0)):
        gpu = card(0, utilization_gpu_percent=busy, temperature_celsius=50 + seconds)
        store(cluster, {"n1": [gpu]}, ago=begin + timedelta(seconds=seconds))
    [line] = history(api, cluster, since=begin.isoformat(), step="1m")["series"]
    assert (line["busy_percent"][0], line["busy_percent_highest"][0]) == (50.0, 90.0)
    assert line["temperature_celsius"][0] == 80


def test_a_slice_has_a_line_of_its_own_without_the_cards_power(
    api: APIClient, cluster: Cluster
) -> None:
    store(cluster, {"n1": [sliced(0)]})
    whole, first, second = history(api, cluster, since=ago(minutes=5))["series"]
    assert (whole["gpu_instance_id"], told(whole["power_draw_watts"])) == (None, [500.0])
    assert (first["gpu_instance_id"], first["profile"], first["present"]) == (1, "3g.40gb", True)
    assert (first["power_draw_watts"], first["temperature_celsius"]) == (None, None)
    assert (told(first["busy_percent"]), told(second["memory_used_mb"])) == ([50.0], [1000])
    store(cluster, {"n1": [sliced(0, mig_instances=(part(5),))]})
    lines = history(api, cluster, since=ago(minutes=5))["series"]
    assert [(one["gpu_instance_id"], one["present"]) for one in lines[1:]] == [
        (1, False),
        (2, False),
        (5, True),
    ]


def test_long_times_are_told_by_what_was_added_up_and_then_by_readings(
    api: APIClient, cluster: Cluster
) -> None:
    now = timezone.now()
    store(cluster, {"n1": [card(0, utilization_gpu_percent=10.0)]}, ago=1500)
    store(cluster, {"n1": [card(0, utilization_gpu_percent=30.0)]}, ago=1485)
    assert summing.sum_up(now) > 0
    store(cluster, {"n1": [card(0, utilization_gpu_percent=70.0)]})
    [line] = history(api, cluster, since=ago(days=1), step="5m")["series"]
    means = told(line["busy_percent"])
    assert (sum(means[:-1]) / len(means[:-1]), means[-1]) == (20.0, 70.0)
    assert max(told(line["busy_percent_highest"])[:-1]) == 30.0


def test_what_is_old_is_made_of_five_minutes_and_of_longer_steps_the_longer_it_is(
    api: APIClient, cluster: Cluster
) -> None:
    store(cluster, {"n1": [card(0)]}, ago=1500)
    assert summing.sum_up() > 0
    node, [unit] = GpuNode.objects.get(), [256 * one.pk for one in GpuCard.objects.all()]
    at = datetime.fromtimestamp((timezone.now().timestamp() - 40 * 86400) // 3600 * 3600, UTC)
    for number, busy in enumerate((10.0, 20.0, 60.0)):
        values = {"busy": [busy], "busy_highest": [busy + 5], "power_watts": [400.0]}
        nothing = ("memory_used_mb", "memory_highest_mb", "temperature_highest_celsius")
        GpuSpan.objects.create(
            node=node,
            at=at + timedelta(minutes=5 * number),
            units=[unit],
            joules=[1.0],
            seconds=[300.0],
            **values,
            **{name: [None] for name in nothing},
        )
    until = (at + timedelta(hours=1)).isoformat()
    found = history(api, cluster, since=at.isoformat(), until=until)
    assert (found["resolution_seconds"], len(found["at"])) == (300, 12)
    assert found["series"][0]["busy_percent"][:4] == [10.0, 20.0, 60.0, None]
    assert found["series"][0]["memory_used_mb"] == [None] * 12
    found = history(api, cluster, since=at.isoformat(), until=until, step="1h")
    line = found["series"][0]
    assert (line["busy_percent"], line["busy_percent_highest"]) == ([30.0], [65.0])
    for days, step in ((0.25, 60), (1, 300), (7, 1800), (30, 7200), (89, 21600)):
        found = history(api, cluster, since=ago(days=days))
        assert (found["resolution_seconds"], len(found["at"]) <= 375) == (step, True)


def test_the_comings_and_goings_of_the_time_stand_beside_it(
    api: APIClient, cluster: Cluster
) -> None:
    store(cluster, {"n1": [card(0)], "n2": [card(1)]}, ago=600)
    store(cluster, {"n1": reading(card(0), driver_version="570.1.1"), "n2": [card(1)]})
    changes = history(api, cluster, since=ago(minutes=30))["changes"]
    assert [(one["kind"], one["before"], one["after"]) for one in changes] == [
        ("DRIVER_CHANGED", "550.90.07", "570.1.1"),
        ("APPEARED", "", ""),
    ]
    assert [one["kind"] for one in history(api, cluster, since=ago(minutes=5))["changes"]] == [
        "DRIVER_CHANGED"
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"step": "20s"}, "step"),
        ({"step": "7m"}, "step"),
        ({"step": "2d"}, "step"),
        ({"step": "0"}, "step"),
        ({"step": "often"}, "step"),
        ({"step": "15s", "since": "DAYS"}, "step"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2100-01-01T00:00:00Z"}, "since"),
        ({"until": "1999-01-01T00:00:00Z"}, "until"),
        ({"namespace": "x"}, "namespace"),
    ],
)
def test_what_cannot_be_told_is_refused_by_its_name(
    api: APIClient, cluster: Cluster, query: dict[str, Any], field: str
) -> None:
    store(cluster, {"n1": [card(0)]})
    query = {name: ago(days=3) if value == "DAYS" else value for name, value in query.items()}
    response = api.get(f"/api/v1/gpu/nodes/{cluster.pk}/n1/history", query)
    assert response.status_code == 400
    assert field in response.json()["error"]["details"]["fields"]


def test_more_points_than_an_answer_holds_are_refused(api: APIClient, cluster: Cluster) -> None:
    parts = tuple(part(n, profile="1g.10gb") for n in range(7))
    store(cluster, {"n1": [sliced(n, mig_instances=parts) for n in range(3)]})
    response = api.get(f"/api/v1/gpu/nodes/{cluster.pk}/n1/history", {"step": "15s"})
    assert "100,000 points" in str(response.json()["error"]["details"])


def test_only_who_sees_the_cluster_sees_what_was(cluster: Cluster) -> None:
    store(cluster, {"n1": [card(0)]})
    blue, held = make_user("blue"), make_user("held")
    grant(blue, Role.VIEWER, label_selector={"team": "blue"})
    grant(held, Role.VIEWER, label_selector={"team": "red"}, namespaces=["none"])
    url = f"/api/v1/gpu/nodes/{cluster.pk}"
    for path, code in (("n1", "CLUSTER_NOT_FOUND"), ("n2", "CLUSTER_NOT_FOUND")):
        response = signed_in(blue).get(f"{url}/{path}/history")
        assert response.json()["error"]["code"] == code
    assert len(history(signed_in(held), cluster)["series"]) == 1
    assert signed_in(held).get(f"{url}/n2/history").json()["error"]["code"] == "NO_GPU_NODES"


def test_more_cards_take_no_more_questions(api: APIClient, cluster: Cluster) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            history(api, cluster)
        return len(seen)

    store(cluster, {"n1": [card(0)]})
    before = asked()
    store(cluster, {"n1": [card(0), *(sliced(n) for n in range(1, 8))]})
    assert asked() == before
