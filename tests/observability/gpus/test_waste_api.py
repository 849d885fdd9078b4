"""GPU-hours over REST: held, used and wasted by whom, what they cost, and what is idle now."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.actions.gpus import sampling, summing
from apps.observability.contract_gpu_use import GpuWaste
from apps.observability.models import GpuHours, GpuPricing
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability.gpus.cards import SERVE, TRAIN, card, part
from tests.observability.gpus.told import moment, sliced, store

pytestmark = pytest.mark.django_db
URL = "/api/v1/gpu/waste"
H100, T4 = "NVIDIA H100 80GB HBM3", "Tesla T4"
HOUR = timedelta(hours=1)


@pytest.fixture
def cluster() -> Cluster:
    return make_cluster("gpu-oregon", labels={"team": "red"})


@pytest.fixture
def other() -> Cluster:
    return make_cluster("edge-tokyo", labels={"team": "blue"})


def hour(ago: int = 1) -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0) - ago * HOUR


def put(cluster: Cluster, owner: str, *sums: float, ago: int = 1, model: str = H100) -> None:
    """Put hours of a namespace and an owner: held, used, wasted, unmeasured, and kWh."""
    namespace, name = owner.split("/")
    names = ("held", "used", "wasted", "unmeasured", "kwh")
    GpuHours.objects.create(
        cluster=cluster,
        hour=hour(ago),
        namespace=namespace,
        owner=name,
        model=model,
        **dict(zip(names, sums, strict=True)),
    )


def waste(api: APIClient, **query: Any) -> Any:
    response = api.get(URL, query)
    assert response.status_code == 200, response.content
    GpuWaste.model_validate_json(response.content)
    return response.json()


def hours(of: dict[str, Any]) -> list[Any]:
    names = ("held", "used", "wasted", "unmeasured")
    return [*(of[f"{name}_gpu_hours"] for name in names), of["kwh"]]


@pytest.fixture
def week(cluster: Cluster, other: Cluster) -> None:
    put(cluster, "ml/train", 8.0, 6.0, 2.0, 0.0, 4.0, ago=2)
    put(cluster, "ml/train", 8.0, 2.0, 6.0, 0.0, 2.0)
    put(cluster, "ml/notebook", 1.0, 0.0, 0.5, 0.5, 0.1)
    put(cluster, "web/serve", 4.0, 3.5, 0.5, 0.0, 1.0, model=T4)
    put(other, "ml/train", 2.0, 0.5, 1.5, 0.0, 0.5)
    put(other, "ml/train", 99.0, 0.0, 99.0, 0.0, 9.0, ago=8 * 24)


def test_hours_are_added_up_by_cluster_namespace_and_owner(
    api: APIClient, cluster: Cluster, week: None
) -> None:
    found = waste(api)
    assert hours(found) == [23.0, 12.0, 10.5, 0.5, 7.6]
    assert [(one["cluster_name"], *hours(one)) for one in found["by_cluster"]] == [
        ("gpu-oregon", 21.0, 11.5, 9.0, 0.5, 7.1),
        ("edge-tokyo", 2.0, 0.5, 1.5, 0.0, 0.5),
    ]
    assert [
        (one["cluster_name"], one["namespace"], one["wasted_gpu_hours"])
        for one in found["by_namespace"]
    ] == [("gpu-oregon", "ml", 8.5), ("edge-tokyo", "ml", 1.5), ("gpu-oregon", "web", 0.5)]
    assert [
        (one["cluster_name"], one["namespace"], one["owner"], one["wasted_gpu_hours"])
        for one in found["by_owner"]
    ] == [
        ("gpu-oregon", "ml", "train", 8.0),
        ("edge-tokyo", "ml", "train", 1.5),
        ("gpu-oregon", "web", "serve", 0.5),
        ("gpu-oregon", "ml", "notebook", 0.5),
    ]
    assert [(one["model"], one["held_gpu_hours"]) for one in found["by_model"]] == [
        (H100, 19.0),
        (T4, 4.0),
    ]
    assert (found["namespaces"], found["owners"]) == (3, 4)


@pytest.mark.parametrize(
    ("query", "held"),
    [
        ({"namespace": "ml"}, 19.0),
        ({"namespace": ["ml", "web"], "owner": "serve"}, 4.0),
        ({"label": "team=blue"}, 2.0),
        ({"namespace": "none"}, 0.0),
    ],
)
def test_hours_are_narrowed(api: APIClient, week: None, query: dict[str, Any], held: float) -> None:
    found = waste(api, **query)
    assert (found["held_gpu_hours"], sum(one["held_gpu_hours"] for one in found["by_owner"])) == (
        held,
        held,
    )


def test_a_time_is_of_whole_hours(api: APIClient, week: None) -> None:
    middle = hour(2) + timedelta(minutes=30)
    found = waste(api, since=middle.isoformat(), until=(middle + timedelta(minutes=5)).isoformat())
    assert found["held_gpu_hours"] == 8.0
    assert [datetime.fromisoformat(found[name]) for name in ("since", "until")] == [
        hour(2),
        hour(1),
    ]
    longer = waste(api, since=(timezone.now() - timedelta(days=30)).isoformat())
    assert longer["held_gpu_hours"] == 122.0


def test_without_prices_nothing_has_a_cost_and_with_some_of_them_not_all(
    api: APIClient, week: None
) -> None:
    costs = ("cost", "wasted_cost", "energy_cost", "currency")
    assert [waste(api)[name] for name in costs] == [None] * 4
    pricing = GpuPricing.objects.create(currency="EUR", per_kwh="0.3")
    pricing.of_models.create(model="H100", per_gpu_hour="2.5")
    found = waste(api)
    # Of T4 there is no price: a sum with it would be too low.
    assert [found[name] for name in costs] == [None, None, 2.28, "EUR"]
    assert [(one["cost"], one["wasted_cost"]) for one in found["by_model"]] == [
        (47.5, 25.0),
        (None, None),
    ]
    pricing.per_gpu_hour = "0.5"
    pricing.save()
    found = waste(api)
    assert [found[name] for name in costs] == [49.5, 25.25, 2.28, "EUR"]
    assert [one["cost"] for one in found["by_cluster"]] == [44.5, 5.0]


def test_energy_that_nobody_measured_is_not_none_of_it(api: APIClient, cluster: Cluster) -> None:
    put(cluster, "ml/train", 8.0, 6.0, 2.0, 0.0, 0.0)
    GpuPricing.objects.create(currency="EUR", per_kwh="0.3")
    found = waste(api)
    assert (found["kwh"], found["energy_cost"]) == (None, None)
    assert waste(api, namespace="none")["kwh"] == 0


def test_the_longest_lists_end_and_say_how_many_there_are(api: APIClient, cluster: Cluster) -> None:
    GpuHours.objects.bulk_create(
        GpuHours(
            cluster=cluster,
            hour=hour(),
            namespace=f"ns-{n}",
            owner="train",
            held=1.0,
            used=0.0,
            wasted=n,
            unmeasured=0.0,
            kwh=1.0,
        )
        for n in range(210)
    )
    found = waste(api)
    assert (len(found["by_owner"]), found["owners"], found["namespaces"]) == (200, 210, 210)
    assert (found["by_owner"][0]["namespace"], len(found["by_namespace"])) == ("ns-209", 200)
    assert found["held_gpu_hours"] == 210.0


def test_what_is_held_and_idle_is_listed_with_its_owner_and_since_when(
    api: APIClient, cluster: Cluster, other: Cluster
) -> None:
    rest = {"utilization_gpu_percent": 0.0}
    idle_part = part(1, utilization_gpu_percent=0.0, holders=(TRAIN,))
    cards = [
        card(0, **rest),
        card(1),
        card(2, **rest, holders=()),
        card(3, **rest, holders=(SERVE, TRAIN)),
        sliced(4, mig_instances=(idle_part, part(2))),
    ]
    for seconds in range(180, -1, -15):
        store(cluster, {"n1": cards}, ago=seconds)
    store(other, {"e1": [card(9, **rest)]}, ago=600)
    store(other, {"e1": [card(9, **rest)]}, ago=570)
    GpuPricing.objects.create(currency="EUR", per_gpu_hour="100")
    found = waste(api)
    assert (found["idle_holds"], len(found["idle"])) == (5, 5)
    assert found["idle_gpus"] == pytest.approx(3 + 3 / 7, abs=0.001)
    by = {(one["node_name"], one["gpu_index"], one["pod"]): one for one in found["idle"]}
    whole = by["n1", 0, TRAIN.pod]
    assert found["idle"][0] == whole
    assert (whole["owner"], whole["namespace"], whole["stale"]) == ("train", "ml-train", False)
    assert whole["idle_gpu_hours"] == pytest.approx(0.05, abs=0.002)
    assert whole["idle_cost"] == pytest.approx(5.0, abs=0.2)
    assert datetime.fromisoformat(whole["idle_since"]) == datetime.fromisoformat(whole["since"])
    assert by["n1", 3, SERVE.pod]["idle_gpu_hours"] == pytest.approx(0.025, abs=0.001)
    in_slice = by["n1", 4, TRAIN.pod]
    assert (in_slice["profile"], in_slice["gpu_instance_id"]) == ("3g.40gb", 1)
    assert in_slice["idle_gpu_hours"] == pytest.approx(0.05 * 3 / 7, abs=0.001)
    # What it does since it was read last, nobody knows.
    silent = by["e1", 9, TRAIN.pod]
    assert (silent["stale"], silent["idle_gpu_hours"]) == (True, pytest.approx(30 / 3600))
    assert {one["pod"] for one in waste(api, namespace="ml-serve")["idle"]} == {SERVE.pod}
    assert waste(api, owner="none")["idle_holds"] == 0


def test_it_says_until_when_readings_are_in_the_sums(api: APIClient, cluster: Cluster) -> None:
    assert waste(api)["added_up_until"] is None
    # Where a sample begins, so that the hold does not begin after it.
    begin = sampling.bucket(moment())
    for seconds in (1500, 1485, 1470):
        store(cluster, {"n1": [card(0)]}, ago=begin - timedelta(seconds=seconds))
    summing.sum_up(timezone.now())
    found = waste(api)
    last = begin - timedelta(seconds=1470)
    assert last < datetime.fromisoformat(found["added_up_until"]) <= timezone.now()
    assert found["held_gpu_hours"] == pytest.approx(30 / 3600, abs=0.001)


def test_who_is_held_to_namespaces_sees_their_hours_and_holds_alone(
    cluster: Cluster, week: None
) -> None:
    idle = {"utilization_gpu_percent": 0.0}
    store(cluster, {"n1": [card(0, **idle), card(1, **idle, holders=(SERVE,))]})
    held, blue = make_user("held"), make_user("blue")
    grant(held, Role.VIEWER, label_selector={"team": "red"}, namespaces=["web", "ml-serve"])
    grant(blue, Role.VIEWER, label_selector={"team": "blue"})
    found = waste(signed_in(held))
    assert (found["held_gpu_hours"], [one["namespace"] for one in found["by_owner"]]) == (
        4.0,
        ["web"],
    )
    assert [one["pod"] for one in found["idle"]] == [SERVE.pod]
    assert waste(signed_in(blue))["held_gpu_hours"] == 2.0
    assert waste(signed_in(make_user("stranger")))["held_gpu_hours"] == 0.0
    hidden = signed_in(blue).get(URL, {"cluster_id": str(cluster.pk)})
    assert hidden.json()["error"]["code"] == "CLUSTER_NOT_FOUND"


@pytest.mark.parametrize(
    "query", [{"since": "2100-01-01T00:00:00Z"}, {"until": "x"}, {"by": "owner"}]
)
def test_what_is_no_time_is_refused_by_its_name(api: APIClient, query: dict[str, Any]) -> None:
    response = api.get(URL, query)
    assert response.status_code == 400
    assert next(iter(query)) in response.json()["error"]["details"]["fields"]


def test_more_owners_and_holds_take_no_more_questions(
    api: APIClient, cluster: Cluster, week: None
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            waste(api)
        return len(seen)

    idle = {"utilization_gpu_percent": 0.0}
    store(cluster, {"n1": [card(0, **idle)]})
    before = asked()
    store(cluster, {"n1": [card(n, **idle) for n in range(6)]})
    put(cluster, "more/train", 1.0, 1.0, 0.0, 0.0, 1.0)
    assert asked() == before
