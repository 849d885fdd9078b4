"""GPU nodes over REST: pages of them, one of them, of whom one sees what, and what is refused."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.collect import gpu_interest
from apps.observability.contract_gpu_answers import GpuNodeDetail
from apps.observability.contract_gpus import GpuNodeView
from apps.observability.gpus.reading import NVIDIA_SMI, Gpu, GpuProcess
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability.gpus.cards import SERVE, TRAIN, card, part, reading
from tests.observability.gpus.told import sliced, store

pytestmark = pytest.mark.django_db
URL = "/api/v1/gpu/nodes"


@pytest.fixture
def cluster() -> Cluster:
    return make_cluster("gpu-oregon", labels={"team": "red"})


def names(api: APIClient, **query: Any) -> list[str]:
    response = api.get(URL, query)
    assert response.status_code == 200, response.content
    page = response.json()
    assert page["total"] == len(page["items"])
    return [one["node_name"] for one in page["items"]]


def test_a_node_shows_its_cards_as_they_were_read_and_null_for_what_is_not_told(
    api: APIClient, cluster: Cluster
) -> None:
    bare = Gpu(uuid="GPU-bare", index=1)
    store(cluster, {"n1": [card(0, xid_errors=(79,)), bare]})
    [node] = api.get(URL).json()["items"]
    GpuNodeView.model_validate(node)
    assert (node["cluster_id"], node["cluster_name"]) == (str(cluster.pk), "gpu-oregon")
    assert (node["source"], node["stale"], node["errors"]) == ("DCGM", False, [])
    whole, silent = node["gpus"]
    assert (whole["name"], whole["driver_version"]) == ("NVIDIA H100 80GB HBM3", "550.90.07")
    assert (whole["busy_percent"], whole["allocated"], whole["health"]) == (80.0, 1.0, "CRITICAL")
    assert whole["findings"][0]["code"] == "XID_79"
    assert [one["pod"] for one in whole["holders"]] == [TRAIN.pod]
    told = {name for name, value in silent.items() if value is not None}
    judged = {"allocated", "shared", "health", "findings", "errors", "holders", "ecc_errors"}
    assert told == judged | {"index", "uuid", "driver_version", "processes_left_out"}
    assert silent["ecc_errors"]["volatile"] == {"corrected": None, "uncorrected": None}


def test_a_card_in_slices_shows_them_with_the_use_of_all(api: APIClient, cluster: Cluster) -> None:
    store(cluster, {"n1": [sliced(0)]})
    [gpu] = api.get(URL).json()["items"][0]["gpus"]
    assert gpu["utilization_gpu_percent"] is None
    assert gpu["busy_percent"] == pytest.approx(42.9)
    assert [one["profile"] for one in gpu["mig_instances"]] == ["3g.40gb", "3g.40gb"]
    assert [len(one["holders"]) for one in gpu["mig_instances"]] == [1, 0]


@pytest.fixture
def fleet(cluster: Cluster) -> Cluster:
    """Two clusters: four nodes of as many kinds, of which one is not read any more."""
    other = make_cluster("edge-tokyo", labels={"team": "blue", "site": "t1"})
    old = card(9, name="Tesla T4", utilization_gpu_percent=3.0, holders=(), power_draw_watts=30.0)
    store(cluster, {"n1": [card(0), card(1)], "n2": [sliced(2)], "n3": [card(3, xid_errors=(79,))]})
    store(other, {"e1": [old]}, ago=600, source=NVIDIA_SMI)
    return cluster


@pytest.mark.parametrize(
    ("query", "due"),
    [
        ({}, ["e1", "n1", "n2", "n3"]),
        ({"node_name": ["n1", "n3"]}, ["n1", "n3"]),
        ({"source": "NVIDIA_SMI"}, ["e1"]),
        ({"model": "Tesla T4"}, ["e1"]),
        ({"model": "Tesla"}, []),
        ({"health": "CRITICAL"}, ["n3"]),
        ({"health": ["OK", "INFO"]}, ["e1", "n1", "n2"]),
        ({"health": "CRITICAL", "model": "Tesla T4"}, []),
        ({"mig_profile": "3g.40gb"}, ["n2"]),
        ({"mig_profile": "1g.10gb"}, []),
        ({"stale": "true"}, ["e1"]),
        ({"stale": "false"}, ["n1", "n2", "n3"]),
        ({"label": "team=red"}, ["n1", "n2", "n3"]),
        ({"label": ["team", "site=t1"]}, ["e1"]),
        ({"label": "team=none"}, []),
        ({"search": "tokyo"}, ["e1"]),
        ({"search": "GPU-00000002"}, ["n2"]),
        ({"search": ["h100", "N1"]}, ["n1"]),
        ({"search": "100%"}, []),
        ({"ordering": "-node_name"}, ["n3", "n2", "n1", "e1"]),
        ({"ordering": "-health,-node_name"}, ["n3", "n2", "n1", "e1"]),
        ({"ordering": "-gpus,node_name"}, ["n1", "e1", "n2", "n3"]),
        ({"ordering": "power_draw_watts,-node_name"}, ["e1", "n3", "n2", "n1"]),
        ({"ordering": "busy_percent,node_name"}, ["e1", "n2", "n1", "n3"]),
        ({"ordering": "last_updated,-cluster,node_name"}, ["e1", "n1", "n2", "n3"]),
        *(({"ordering": f"{one},cluster,node_name"}, 4) for one in ("allocated", "source")),
        *(({"ordering": one}, 4) for one in ("-memory_used_mb", "temperature_celsius")),
    ],
)
def test_nodes_are_filtered_and_sorted(
    api: APIClient, fleet: Cluster, query: dict[str, Any], due: Any
) -> None:
    found = names(api, **query)
    assert (len(found) if isinstance(due, int) else found) == due


def test_a_page_is_cut_out_of_the_order(api: APIClient, fleet: Cluster) -> None:
    page = api.get(URL, {"page": 2, "page_size": 3}).json()
    assert [one["node_name"] for one in page["items"]] == ["n3"]
    assert (page["total"], page["total_pages"]) == (4, 2)


def test_named_clusters_narrow_and_those_without_gpus_are_said_to_be_so(
    api: APIClient, fleet: Cluster
) -> None:
    empty = make_cluster("no-gpus")
    assert names(api, cluster_id=str(fleet.pk)) == ["n1", "n2", "n3"]
    assert names(api, cluster_id=[str(fleet.pk), str(empty.pk)]) == ["n1", "n2", "n3"]
    for path, query in ((URL, {"cluster_id": str(empty.pk)}), (f"{URL}/{empty.pk}/n1", {})):
        response = api.get(path, query)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "NO_GPU_NODES")
    hidden = api.get(URL, {"cluster_id": "00000000-0000-4000-8000-000000000000"})
    assert hidden.json()["error"]["code"] == "CLUSTER_NOT_FOUND"


def test_a_cluster_that_is_switched_off_shows_its_nodes_by_name_alone(
    api: APIClient, cluster: Cluster
) -> None:
    store(cluster, {"n1": [card(0)]})
    Cluster.objects.update(enabled=False)
    assert names(api) == []
    assert names(api, cluster_id=str(cluster.pk)) == ["n1"]


@pytest.mark.parametrize(
    "query",
    [
        {"health": "WORST"},
        {"source": "dcgm"},
        {"stale": "perhaps"},
        {"ordering": "colour"},
        {"label": "=x"},
        {"cluster_id": "gpu-oregon"},
        {"colour": "red"},
        {"search": "a\x00b"},
        {"model": ["x"] * 101},
        {"node_name": "n" * 1025},
    ],
)
def test_what_is_no_filter_is_refused_by_its_name(api: APIClient, query: dict[str, Any]) -> None:
    response = api.get(URL, query)
    assert response.status_code == 400
    assert next(iter(query)) in str(response.json()["error"]["details"])


def test_one_node_tells_who_holds_its_cards_and_what_it_is_short_of(
    api: APIClient, cluster: Cluster
) -> None:
    idle = card(0, utilization_gpu_percent=0.0)
    store(cluster, {"n1": [idle, card(1), sliced(2)]}, ago=30)
    store(cluster, {"n1": reading(idle, sliced(2), attached=4, lost=("00000000:99:00.0",))})
    node = api.get(f"{URL}/{cluster.pk}/n1").json()
    GpuNodeDetail.model_validate(node)
    assert (node["attached"], node["lost"]) == (4, ["00000000:99:00.0"])
    assert [one["index"] for one in node["gpus"]] == [0, 2]
    assert [one["index"] for one in node["missing"]] == [1]
    rests, _, slice_ = node["claims"]
    assert (rests["pod"], rests["gpu_index"], rests["gpu_instance_id"]) == (TRAIN.pod, 0, None)
    assert rests["idle_gpu_hours"] == pytest.approx(30 / 3600, abs=3 / 3600)
    assert (slice_["profile"], slice_["gpu_instance_id"]) == ("3g.40gb", 1)
    assert (slice_["weight"], slice_["idle_since"]) == (pytest.approx(3 / 7), None)


def test_a_node_that_is_asked_for_is_looked_at_and_one_that_is_not_there_is_not(
    api: APIClient, cluster: Cluster
) -> None:
    store(cluster, {"n1": [card(0)]})
    assert api.get(f"{URL}/{cluster.pk}/n2").status_code == 404
    assert api.get(f"{URL}/{cluster.pk}/n%00").status_code == 404
    assert gpu_interest.looked_at() == []
    assert api.get(f"{URL}/{cluster.pk}/n1").status_code == 200
    assert gpu_interest.looked_at() == [(cluster.pk, "n1")]


def test_who_is_held_to_namespaces_sees_no_pod_and_no_process_of_others(cluster: Cluster) -> None:
    ours, theirs = GpuProcess(7, "serve", holder=SERVE), GpuProcess(8, "train", holder=TRAIN)
    nobody = GpuProcess(9, "who")
    cards = [
        card(0, processes=(ours, theirs, nobody), holders=(SERVE, TRAIN)),
        sliced(1, mig_instances=(part(1), part(2, holders=(TRAIN,)))),
    ]
    store(cluster, {"n1": cards})
    held = make_user("held")
    grant(held, Role.VIEWER, label_selector={"team": "red"}, namespaces=["ml-serve"])
    api = signed_in(held)
    [listed] = api.get(URL).json()["items"]
    response = api.get(f"{URL}/{cluster.pk}/n1")
    assert listed["gpus"] == response.json()["gpus"]
    assert "train" not in response.content.decode()
    shared, parts = listed["gpus"]
    assert [one["pid"] for one in shared["processes"]] == [7]
    assert (shared["shared"], shared["busy_percent"], len(shared["holders"])) == (True, 80.0, 1)
    assert [len(one["holders"]) for one in parts["mig_instances"]] == [1, 0]
    assert {one["pod"] for one in response.json()["claims"]} == {SERVE.pod}


def test_nobody_sees_nodes_of_clusters_that_are_hidden(fleet: Cluster) -> None:
    stranger, blue = make_user("stranger"), make_user("blue")
    grant(blue, Role.VIEWER, label_selector={"team": "blue"})
    assert names(signed_in(stranger)) == []
    assert names(signed_in(blue)) == ["e1"]
    response = signed_in(blue).get(f"{URL}/{fleet.pk}/n1")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "CLUSTER_NOT_FOUND")


def test_more_nodes_and_cards_take_no_more_questions(api: APIClient, cluster: Cluster) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            names(api)
            api.get(f"{URL}/{cluster.pk}/n0")
        return len(seen)

    store(cluster, {"n0": [card(0)]})
    before = asked()
    store(cluster, {f"n{n}": [card(n * 8 + c) for c in range(8)] for n in range(5)})
    assert asked() == before
