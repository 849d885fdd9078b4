"""The simulated nodes, asked over the wire by either source: what is stored and told of them."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import orjson
import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from apps.clusters.connection import Connection
from apps.clusters.models import Cluster
from apps.http import Reply, Upstream
from apps.observability.actions.gpus import collecting
from apps.observability.collect import gpu_commands, gpu_series
from apps.observability.collect.gpu_commands import Wanted
from apps.observability.collect.gpu_rounds import Heard
from apps.observability.contract_gpus import GpuNodeView
from apps.observability.gpus import stored
from apps.observability.models import GpuCard, GpuFeed, GpuNode
from apps.simulator import sites, world
from apps.simulator.certificates import Certificates
from apps.simulator.faults import Incidents, Interval
from apps.simulator.targets import targets
from apps.streaming.envelope import Event, body_of
from tests.clusters.commanded import OREGON, commanded_by, opened
from tests.clusters.fleet import EPOCH, NOW
from tests.factories import make_cluster

__all__ = ["commanded_by"]
pytestmark = pytest.mark.django_db
FAULTS = ("gpu-xid", "gpu-thermal")
Ask = Callable[[Cluster, Sequence[str]], Heard]


@pytest.fixture
def simulated() -> world.Cluster:
    return sites.fleet("tests", EPOCH)[OREGON]


def by_commands(certified: Certificates) -> Ask:
    """Over the API server's WebSocket, with who runs and in which pod."""

    async def ask(cluster: Cluster, faults: Sequence[str]) -> Heard:
        async with AsyncExitStack() as stack:
            stage = await opened(stack, certified)
            stage.suffer(*faults)
            target = Connection(cluster.pk, cluster.name, "SPOKE", stage.upstream, {})
            return await gpu_commands.ask(target, Wanted(15, 25))

    return async_to_sync(ask)


def by_series(simulated: world.Cluster) -> Ask:
    """From the answer of a Prometheus that scrapes the nodes' exporters."""

    def ask(cluster: Cluster, faults: Sequence[str]) -> Heard:
        incidents = Incidents(tuple(Interval(one, OREGON, NOW - 600) for one in faults))
        result = []
        for target in targets(simulated, incidents):
            if not target.path.startswith("/nvidia-dcgm-exporter/"):
                continue
            for one in (each for family in target.families() for each in family.series):
                value = one.value(NOW) if callable(one.value) else one.value
                labels = {"__name__": one.name, **target.stored(one).labels}
                result.append({"metric": dict(sorted(labels.items())), "value": [NOW, f"{value}"]})
        data = {"resultType": "vector", "result": result}
        reply = Reply(200, orjson.dumps({"status": "success", "data": data}), 0)
        server = Upstream("http://127.0.0.1:1", kind="prometheus")
        target_ = Connection(cluster.pk, cluster.name, "SPOKE", server, {})
        return gpu_series.read(target_, timezone.now(), server, reply)

    return ask


@pytest.fixture(params=["NVIDIA_SMI", "DCGM"])
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def told(
    source: str,
    simulated: world.Cluster,
    commanded_by: Certificates,
    published: list[Event],
    django_capture_on_commit_callbacks: Any,
) -> Callable[..., dict[str, GpuNodeView]]:
    """Make a round with faults or without; return what was told, by the node."""
    cluster = make_cluster(OREGON)
    ask = by_series(simulated) if source == "DCGM" else by_commands(commanded_by)

    def round_(*faults: str) -> dict[str, GpuNodeView]:
        heard = ask(cluster, faults)
        del published[:]
        with django_capture_on_commit_callbacks(execute=True):
            collecting.keep([heard])
        views = [GpuNodeView(**orjson.loads(body_of(one))["payload"]) for one in published]
        assert len({view.node_name for view in views}) == len(views)
        return {view.node_name: view for view in views}

    return round_


def row(node: world.Node, index: int) -> GpuCard:
    return GpuCard.objects.get(node__node_name=node.name, index=index)


def codes(card: GpuCard) -> set[str]:
    return {finding["code"] for finding in card.findings}


def test_whole_cards_and_slices_are_stored_as_they_are(
    told: Callable[..., Any], simulated: world.Cluster, source: str
) -> None:
    first = told()
    assert sorted(first) == [node.name for node in simulated.nodes]
    assert (GpuFeed.objects.get().source, GpuFeed.objects.get().problem) == (source, "")
    for node in simulated.nodes:
        rows = list(GpuCard.objects.filter(node__node_name=node.name).order_by("index"))
        assert [one.uuid for one in rows] == [card.uuid for card in node.cards]
        assert {one.severity for one in rows} == {0}
        for one, card in zip(rows, node.cards, strict=True):
            gpu = stored.gpu(one)
            assert one.name == "NVIDIA H100 80GB HBM3"
            assert one.mig_enabled == bool(card.slices)
            assert [part.profile for part in gpu.mig_instances or ()] == [
                part.profile for part in card.slices
            ]
            assert (one.utilization_gpu_percent is None) == bool(card.slices)
            assert one.power_draw_watts
            # DCGM has the memory of slices alone.
            is_wanting = source == "DCGM" and bool(card.slices)
            assert (one.memory_used_mb is None) == is_wanting
            on = (
                pod for pod in simulated.pods_on(node) for at, _ in pod.devices if at == card.index
            )
            assert one.namespaces == sorted({pod.namespace for pod in on})
        shown = first[node.name].gpus
        assert [one.uuid for one in shown] == [card.uuid for card in node.cards]
        assert [len(one.mig_instances or ()) for one in shown] == [
            len(card.slices) for card in node.cards
        ]
    assert told() == {}


def test_a_card_off_the_bus_and_a_hot_one_are_stored_and_told_and_no_other(
    told: Callable[..., Any], simulated: world.Cluster, source: str
) -> None:
    told()
    hot, broken = simulated.nodes[0], simulated.nodes[1]
    events = told(*FAULTS)
    assert sorted(events) == [hot.name, broken.name]
    assert told(*FAULTS) == {}

    heated = row(hot, 3)
    assert {"THROTTLED", "TEMPERATURE"} <= codes(heated)
    assert "hw_thermal_slowdown" in heated.facts["throttle_reasons"]
    assert [one.health for one in events[hot.name].gpus] == [
        "CRITICAL" if number == 3 else "OK" for number in range(8)
    ]
    assert "heat" in str(events[hot.name].gpus[3].findings) or "temperature" in str(
        events[hot.name].gpus[3].findings
    )

    lost = row(broken, 5)
    if source == "DCGM":
        assert lost.facts["xid_errors"] == [79]
        assert "XID_79" in codes(lost)
    else:
        assert codes(lost) == {"NO_ANSWER"}
        node = GpuNode.objects.get(node_name=broken.name)
        assert node.lost == [broken.cards[5].pci_bus_id]
        assert "does not answer" in node.errors[0]
        assert lost.power_draw_watts is None
    assert [one.health for one in events[broken.name].gpus if one.index == 5] == ["CRITICAL"]
    assert GpuCard.objects.exclude(severity=0).count() == 2
    assert GpuCard.objects.filter(missing_since=None).count() == 32
