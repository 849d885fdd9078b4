"""What runs on the fleet's cards, over REST: found, sorted, and of whose namespaces one sees it."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.contract_gpu_use import GpuProcessRow
from apps.observability.gpus.reading import NVIDIA_SMI, GpuProcess
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability.gpus.cards import SERVE, TRAIN, card
from tests.observability.gpus.told import sliced, store

pytestmark = pytest.mark.django_db
URL = "/api/v1/gpu/processes"


@pytest.fixture
def fleet() -> Cluster:
    """Six processes on four cards, two of them of nobody that is known."""
    oregon = make_cluster("gpu-oregon", labels={"team": "red"})
    tokyo = make_cluster("edge-tokyo", labels={"team": "blue"})
    in_slice = GpuProcess(
        3, "serve", 300, "COMPUTE", gpu_instance_id=1, compute_instance_id=0, holder=SERVE
    )
    cards = [
        card(0, processes=(GpuProcess(1, "train", 900, "COMPUTE", holder=TRAIN), GpuProcess(2))),
        sliced(1, processes=(in_slice,)),
        card(2, processes=()),
        card(3, processes=None),
    ]
    store(oregon, {"n1": cards[:2], "n2": cards[2:]}, source=NVIDIA_SMI)
    other = (GpuProcess(1, "train", 800, holder=TRAIN), GpuProcess(5, "X", 100, "GRAPHICS"))
    store(tokyo, {"e1": [card(9, processes=other)]}, ago=600, source=NVIDIA_SMI)
    return oregon


def listed(api: APIClient, **query: Any) -> list[dict[str, Any]]:
    response = api.get(URL, query)
    assert response.status_code == 200, response.content
    page = response.json()
    assert page["total"] == len(page["items"])
    for one in page["items"]:
        GpuProcessRow.model_validate(one)
    items: list[dict[str, Any]] = page["items"]
    return items


def pids(api: APIClient, **query: Any) -> list[tuple[str, int]]:
    return [(one["node_name"], one["pid"]) for one in listed(api, **query)]


def test_a_process_is_told_with_its_card_and_its_pod(api: APIClient, fleet: Cluster) -> None:
    first, *_, last = listed(api)
    assert first == {
        "cluster_id": str(fleet.pk),
        "cluster_name": "gpu-oregon",
        "node_name": "n1",
        "gpu_index": 0,
        "gpu_uuid": "GPU-00000000-0000-4000-8000-000000000000",
        "gpu_name": "NVIDIA H100 80GB HBM3",
        "gpu_instance_id": None,
        "compute_instance_id": None,
        "pid": 1,
        "process_name": "train",
        "used_memory_mb": 900,
        "type": "COMPUTE",
        "namespace": TRAIN.namespace,
        "pod": TRAIN.pod,
        "container": "main",
        "stale": False,
    }
    silent = ("process_name", "used_memory_mb", "type", "namespace", "pod", "container")
    assert (last["pid"], [last[name] for name in silent]) == (2, [None] * 6)
    [in_slice] = [one for one in listed(api) if one["pid"] == 3]
    assert (in_slice["gpu_instance_id"], in_slice["compute_instance_id"]) == (1, 0)
    assert {one["stale"] for one in listed(api) if one["node_name"] == "e1"} == {True}


@pytest.mark.parametrize(
    ("query", "due"),
    [
        ({}, [("n1", 1), ("e1", 1), ("n1", 3), ("e1", 5), ("n1", 2)]),
        ({"namespace": "ml-train"}, [("n1", 1), ("e1", 1)]),
        ({"namespace": ["ml-serve", "none"]}, [("n1", 3)]),
        ({"namespace": "none"}, []),
        ({"pod": SERVE.pod}, [("n1", 3)]),
        ({"pod": TRAIN.pod, "namespace": "ml-serve"}, []),
        ({"node_name": "e1"}, [("e1", 1), ("e1", 5)]),
        ({"node_name": ["n2", "nowhere"]}, []),
        ({"label": "team=red"}, [("n1", 1), ("n1", 3), ("n1", 2)]),
        (
            {"ordering": "-pid,cluster"},
            [("e1", 5), ("n1", 3), ("n1", 2), ("e1", 1), ("n1", 1)],
        ),
        (
            {"ordering": "namespace,-node_name"},
            [("n1", 3), ("n1", 1), ("e1", 1), ("n1", 2), ("e1", 5)],
        ),
        *(({"ordering": name}, 5) for name in ("cluster", "pod", "-process_name")),
    ],
)
def test_processes_are_filtered_and_sorted(
    api: APIClient, fleet: Cluster, query: dict[str, Any], due: Any
) -> None:
    found = pids(api, **query)
    assert (len(found) if isinstance(due, int) else found) == due


def test_a_page_is_cut_out_of_the_order(api: APIClient, fleet: Cluster) -> None:
    page = api.get(URL, {"page": 2, "page_size": 2}).json()
    assert [(one["node_name"], one["pid"]) for one in page["items"]] == [("n1", 3), ("e1", 5)]
    assert (page["total"], page["total_pages"]) == (5, 3)
    assert api.get(URL, {"page": 9}).status_code == 404


def held_to(*namespaces: str) -> User:
    user = make_user("held")
    grant(user, Role.VIEWER, label_selector={"team": "red"}, namespaces=list(namespaces))
    return user


def test_who_is_held_to_namespaces_sees_their_processes_alone(fleet: Cluster) -> None:
    user = held_to("ml-serve")
    api = signed_in(user)
    assert pids(api) == [("n1", 3)]
    assert pids(api, namespace="ml-train") == []
    assert pids(api, pod=TRAIN.pod) == []
    assert pids(api, cluster_id=str(fleet.pk)) == [("n1", 3)]
    grant(user, Role.VIEWER, label_selector={"team": "blue"})
    assert pids(api) == [("e1", 1), ("n1", 3), ("e1", 5)]


def test_nobody_sees_processes_of_clusters_that_are_hidden(fleet: Cluster) -> None:
    assert pids(signed_in(make_user("stranger"))) == []
    blue = make_user("blue")
    grant(blue, Role.VIEWER, label_selector={"team": "blue"})
    assert pids(signed_in(blue)) == [("e1", 1), ("e1", 5)]
    hidden = signed_in(blue).get(URL, {"cluster_id": str(fleet.pk)})
    assert hidden.json()["error"]["code"] == "CLUSTER_NOT_FOUND"


@pytest.mark.parametrize("query", [{"user": "x"}, {"ordering": "gpu"}, {"pod": "a\x00"}])
def test_what_is_no_filter_is_refused_by_its_name(api: APIClient, query: dict[str, Any]) -> None:
    response = api.get(URL, query)
    assert response.status_code == 400
    assert next(iter(query)) in str(response.json()["error"]["details"])


def test_of_named_clusters_without_gpus_it_is_said_so(api: APIClient, fleet: Cluster) -> None:
    response = api.get(URL, {"cluster_id": str(make_cluster("no-gpus").pk)})
    assert (response.status_code, response.json()["error"]["code"]) == (404, "NO_GPU_NODES")


def test_more_processes_take_no_more_questions(api: APIClient, fleet: Cluster) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            pids(api)
        return len(seen)

    before = asked()
    many = tuple(GpuProcess(100 + n, holder=TRAIN) for n in range(4))
    store(fleet, {f"m{n}": [card(50 + n, processes=many)] for n in range(3)}, source=NVIDIA_SMI)
    assert asked() == before
