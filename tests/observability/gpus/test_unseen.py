"""Cards of which only the driver's count and an address are known: their node is failing."""

from typing import Any

import orjson
import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.observability.contract_gpus import GpuNodeView
from apps.observability.gpus.reading import NVIDIA_SMI, NodeReading
from apps.observability.gpus.unseen import judge
from apps.observability.models import GpuNode
from apps.streaming.envelope import Event, body_of
from tests.conftest import signed_in
from tests.factories import make_cluster, make_user
from tests.observability.gpus.cards import card, reading
from tests.observability.gpus.told import store

pytestmark = pytest.mark.django_db
URL, SUMMARY = "/api/v1/gpu/nodes", "/api/v1/gpu/summary"
FAR, FARTHER = "00000000:99:00.0", "00000000:9A:00.0"
WORDS = f"The card at {FAR} does not answer: nvidia-smi cannot reach it"


@pytest.fixture
def cluster() -> Cluster:
    return make_cluster("gpu-oregon")


def said(*numbers: int, lost: tuple[str, ...] = (FAR,), **words: Any) -> NodeReading:
    """What nvidia-smi says of a node, with the complaint that it prints beside it."""
    cards = [card(number) for number in numbers]
    words.setdefault("errors", ("It is silent",))
    return reading(*cards, source=NVIDIA_SMI, lost=lost, **words)


@pytest.fixture
def tell(published: list[Event], django_capture_on_commit_callbacks: Any, cluster: Cluster) -> Any:
    """Store a reading of one node; return what was told of it."""

    def store_one(node: NodeReading, ago: float = 0.0) -> list[GpuNodeView]:
        del published[:]
        with django_capture_on_commit_callbacks(execute=True):
            store(cluster, {"n1": node}, ago=ago, source=NVIDIA_SMI)
        return [GpuNodeView(**orjson.loads(body_of(one))["payload"]) for one in published]

    return store_one


def findings(api: APIClient, cluster: Cluster) -> Any:
    """What the list and the node itself say alike."""
    listed = next(one for one in api.get(URL).json()["items"] if one["node_name"] == "n1")
    whole = api.get(f"{URL}/{cluster.pk}/n1").json()
    assert listed["findings"] == whole["findings"]
    return listed["findings"]


def critical(api: APIClient) -> int:
    return int(api.get(SUMMARY).json()["by_health"]["CRITICAL"])


def test_a_node_says_so_in_its_event_and_over_rest_alike(
    api: APIClient, cluster: Cluster, tell: Any
) -> None:
    [event] = tell(said(0))
    [found] = findings(api, cluster)
    assert [one.model_dump() for one in event.findings] == [found]
    assert (found["code"], found["severity"], found["words"]) == ("NO_ANSWER", "CRITICAL", WORDS)
    assert found["do"].startswith("Drain the node and reboot it")
    assert [one.health for one in event.gpus] == ["OK"]


def test_several_are_one_finding_that_names_their_addresses() -> None:
    [found] = judge([FAR, FARTHER, FAR, "00000000:10:00.0"], ["00000000:10:00.0", None])
    assert (
        found.words == f"2 cards do not answer: nvidia-smi cannot reach those at {FAR}, {FARTHER}"
    )
    assert judge([], [FAR]) == ()


def test_a_node_whose_only_card_was_never_seen_tells_of_it_and_is_not_stale(
    api: APIClient, cluster: Cluster, tell: Any
) -> None:
    tell(said(lost=()), ago=600)
    [event] = tell(said(driver_version=None))
    assert ([one.words for one in event.findings], event.gpus) == ([WORDS], [])
    [listed] = api.get(URL).json()["items"]
    assert (listed["findings"][0]["words"], listed["stale"]) == (WORDS, False)
    assert critical(api) == 1


def test_a_node_first_seen_without_any_card_in_reach_tells_of_it(tell: Any, api: APIClient) -> None:
    [event] = tell(said())
    assert [one.words for one in event.findings] == [WORDS]
    assert GpuNode.objects.get().lost == [FAR]
    assert critical(api) == 1


def test_what_was_lost_stays_so_while_nothing_is_learned_and_goes_when_it_answers(
    api: APIClient, cluster: Cluster, tell: Any
) -> None:
    tell(said(0), ago=60)
    [event] = tell(said(lost=(), errors=("no driver pod",)), ago=30)
    assert [one.words for one in event.findings] == [WORDS]
    assert len(findings(api, cluster)) == 1
    [event] = tell(reading(card(0), card(1, bus_id=FAR), source=NVIDIA_SMI))
    assert (event.findings, findings(api, cluster), critical(api)) == ([], [], 0)


def test_a_known_card_that_is_lost_is_failing_itself_and_no_finding_of_its_node(
    api: APIClient, cluster: Cluster, tell: Any
) -> None:
    tell(reading(card(0), card(1), source=NVIDIA_SMI), ago=30)
    known = card(1).bus_id or ""
    [event] = tell(said(0, lost=(known,)))
    assert (event.findings, findings(api, cluster)) == ([], [])
    assert [one.health for one in event.gpus] == ["OK", "CRITICAL"]
    assert critical(api) == 1


@pytest.mark.parametrize(
    ("query", "due"),
    [
        ({"health": "CRITICAL"}, ["n1", "n3"]),
        ({"health": ["WARNING", "CRITICAL"]}, ["n1", "n3"]),
        ({"health": "OK"}, ["n1", "n2"]),
        ({"health": "WARNING"}, []),
        ({"health": "CRITICAL", "model": "NVIDIA H100 80GB HBM3"}, ["n3"]),
        ({"model": "NVIDIA H100 80GB HBM3"}, ["n1", "n2", "n3"]),
        ({"ordering": "-health,node_name"}, ["n1", "n3", "n2"]),
        ({"ordering": "health,node_name"}, ["n2", "n1", "n3"]),
    ],
)
def test_its_node_is_found_and_sorted_as_one_with_a_failing_card(
    api: APIClient, cluster: Cluster, query: dict[str, Any], due: list[str]
) -> None:
    bad = reading(card(3, xid_errors=(79,)), source=NVIDIA_SMI)
    # The address that is lost on n2 is that of its own card, which answers all the same.
    well = said(2, lost=(card(2).bus_id or "",))
    store(cluster, {"n1": said(1), "n2": well, "n3": bad}, source=NVIDIA_SMI)
    found = [one["node_name"] for one in api.get(URL, query).json()["items"]]
    assert found == due


def test_the_admin_shows_its_node_as_critical(cluster: Cluster) -> None:
    store(cluster, {"n1": said(0), "n2": reading(card(1))}, source=NVIDIA_SMI)
    browser = Client()
    browser.force_login(make_user("root", is_superuser=True, is_staff=True))
    url = reverse("admin:observability_gpunode_changelist")
    page = browser.get(url, {"health": "critical"}).content.decode()
    assert (">n1<" in page, ">n2<" in page) == (True, False)
    assert '<span class="badge badge-bad">critical</span>' in page


def test_who_may_not_see_the_cluster_counts_none(cluster: Cluster) -> None:
    store(cluster, {"n1": said(0)}, source=NVIDIA_SMI)
    assert critical(signed_in(make_user("stranger"))) == 0
