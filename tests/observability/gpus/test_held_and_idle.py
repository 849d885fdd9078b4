"""Held cards on which nobody computes: known by what pods ask for, where DCGM tells nothing."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from apps.clusters.connection import Connection
from apps.http import Upstream
from apps.observability.actions.gpus import storing
from apps.observability.collect import gpu_commands, gpu_requests, gpu_series
from apps.observability.collect.gpu_commands import Wanted
from apps.observability.gpus import shown, stored, use
from apps.observability.gpus.reading import NVIDIA_SMI, Gpu, Holder, MigInstance, NodeReading
from apps.observability.models import GpuCard, GpuClaim
from apps.simulator import kube_api, sites
from apps.simulator.certificates import Certificates
from apps.simulator.kube.roles import BASIC, READER, Role
from apps.simulator.world import Node
from tests.clusters.commanded import Open, Stage, commanded_by, opens, stage
from tests.clusters.fleet import EPOCH, NOW
from tests.factories import make_cluster
from tests.fakes.upstream import prometheus, serve
from tests.observability.gpus.cards import at, card, heard
from tests.observability.gpus.cards import reading as smi_reading

__all__ = ["commanded_by", "opens", "stage"]


@pytest.fixture(autouse=True)
def nothing_known_of_before() -> Iterator[None]:
    gpu_requests.forget()
    yield
    gpu_requests.forget()


def seen(node: Node) -> NodeReading:
    """The node as nvidia-smi tells of it where no process runs, or none is seen."""
    cards = [
        Gpu(
            index=card.index,
            uuid=card.uuid,
            mig_instances=tuple(
                MigInstance(part.instance, 0, profile=part.profile) for part in card.slices
            ),
        )
        for card in node.cards
    ]
    return NodeReading(NVIDIA_SMI, tuple(cards), node.name, attached=len(cards))


async def completed(stage: Stage, reading: NodeReading) -> NodeReading:
    (found,) = await gpu_requests.complete(stage.upstream, [reading], 10)
    return found


def held(reading: NodeReading) -> list[list[tuple[str, str, bool]]]:
    return [
        [(one.namespace, one.pod, one.certain) for one in holders]
        for gpu in reading.gpus
        for holders in ([part.holders for part in gpu.mig_instances or ()] or [gpu.holders])
    ]


async def test_a_job_that_asks_for_all_cards_of_its_node_holds_them(stage: Stage) -> None:
    job = stage.pod("finetune-nemotron", 2)
    found = await completed(stage, seen(stage.node(2)))
    assert held(found) == [[(job.namespace, job.name, True)]] * 8
    assert {one.container for gpu in found.gpus for one in gpu.holders} == {"trainer"}


async def test_two_that_share_a_node_hold_four_each_and_which_is_a_guess(stage: Stage) -> None:
    found = await completed(stage, seen(stage.node(1)))
    pods = sorted(p.name for p in stage.cluster.pods_on(stage.node(1)) if p.devices)
    assert [one for [one] in held(found)] == [
        ("inference", pod, False) for pod in pods for _ in range(4)
    ]


async def test_slices_are_held_by_those_who_ask_for_their_profiles(stage: Stage) -> None:
    found = await completed(stage, seen(stage.node(4)))
    notebooks = [one for one in held(found) if one and one[0][0] == "research"]
    others = [one for one in held(found) if one and one[0][0] == "inference"]
    assert (len(notebooks), len(others)) == (2, 4)
    # Two whole cards, 28 sevenths less four, four halves less two.
    assert sum(not one for one in held(found)) == 2 + 24 + 2


async def test_what_is_seen_stands_and_nobody_is_asked_where_all_is_seen(stage: Stage) -> None:
    found = await completed(stage, seen(stage.node(2)))
    asked = stage.api.lists["pods"]
    assert await completed(stage, found) == found
    assert stage.api.lists["pods"] == asked


async def test_one_that_is_seen_leaves_the_rest_to_the_other(stage: Stage) -> None:
    reading = seen(stage.node(1))
    first, second = sorted(p.name for p in stage.cluster.pods_on(stage.node(1)) if p.devices)
    one = Holder("inference", first, "vllm")
    gpus = tuple(
        replace(gpu, holders=(one,) if at < 4 else ()) for at, gpu in enumerate(reading.gpus)
    )
    found = await completed(stage, replace(reading, gpus=gpus))
    assert [one for [one] in held(found)] == [
        *[("inference", first, True)] * 4,
        *[("inference", second, True)] * 4,
    ]


async def test_without_the_right_to_list_pods_it_says_so_and_holds_nobody(opens: Open) -> None:
    stage = await opens(role=Role(BASIC))
    found = await completed(stage, seen(stage.node(1)))
    assert not any(held(found))
    assert len(found.errors) == 1
    assert "may not read the pods of node" in found.errors[0]


async def test_what_was_said_is_good_for_two_minutes_and_stands_while_nothing_is_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(gpu_requests, "_now", lambda: now)
    reading = seen(stage.node(2))
    first = await completed(stage, reading)
    asked = stage.api.lists["pods"]
    now += 119
    assert await completed(stage, reading) == first
    assert stage.api.lists["pods"] == asked
    now += 2
    assert await completed(stage, reading) == first
    assert stage.api.lists["pods"] == asked + 1
    now += 300
    (found,) = await gpu_requests.complete(stage.upstream, [reading], 0)
    assert found == first
    now += 301
    (found,) = await gpu_requests.complete(stage.upstream, [reading], 0)
    assert (held(found), bool(found.errors)) == ([[]] * 8, True)


async def test_a_pod_that_computes_nothing_is_seen_where_nvidia_smi_is_all_there_is(
    commanded_by: Certificates,
) -> None:
    """Of eight cards six have processes; a pod that asks for two holds the other two."""
    cluster = sites.fleet("tests", EPOCH)["gpu-oregon"]
    busy = next(pod for pod in cluster.pods if pod.name.startswith("vllm-qwen3-32b"))
    idle = replace(busy, name="forgotten-0", namespace="research", uid="1" * 32, devices=())
    cluster = replace(cluster, pods=(*cluster.pods, idle))
    role = {"a-token": READER}
    config = kube_api.Config(cluster, "not-ours", commanded_by, clock=lambda: NOW, others=role)
    async with kube_api.serve(config) as api:
        upstream = Upstream(api.url, commanded_by.ca_bundle(), "a-token")
        target = Connection(uuid.uuid4(), cluster.name, "SPOKE", upstream, {})
        heard = await gpu_commands.ask(target, Wanted(15, 25, only=[busy.node]))
    (reading,) = (one.reading for one in heard.nodes)
    assert reading.errors == ()
    free = [gpu for gpu in reading.gpus if not gpu.processes]
    assert [one.index for one in free] == [6, 7]
    assert {one for gpu in free for one in gpu.holders} == {
        Holder("research", "forgotten-0", "vllm")
    }
    assert all(one.certain for gpu in reading.gpus for one in gpu.holders)
    # And what is made of it: given away, idle, and wasted.
    assert [use.allocated(gpu) for gpu in reading.gpus] == [1.0] * 8
    assert [one.is_idle for gpu in free for one in use.shares(gpu)] == [True, True]


def scraped(node: Node, **labels: str) -> list[dict[str, Any]]:
    """What Prometheus has of a node's cards; the first of them with these labels."""
    return [
        {
            "metric": {
                "__name__": "DCGM_FI_DEV_GPU_UTIL",
                "UUID": card.uuid,
                "gpu": str(card.index),
                "Hostname": node.name,
            }
            | (labels if card.index == 0 else {}),
            "value": [NOW, "0"],
        }
        for card in node.cards
    ]


async def by_series(stage: Stage, result: list[dict[str, Any]]) -> NodeReading:
    with serve(prometheus(result)) as server:
        parts = {"prometheus": Upstream(server.url)}
        target = Connection(uuid.uuid4(), "gpu-oregon", "SPOKE", stage.upstream, parts)
        heard = await gpu_series.ask(target)
    (found,) = (one.reading for one in heard.nodes)
    return found


async def test_an_exporter_that_names_no_pod_is_helped_out_by_requests(stage: Stage) -> None:
    job = stage.pod("finetune-nemotron", 2)
    found = await by_series(stage, scraped(stage.node(2)))
    assert held(found) == [[(job.namespace, job.name, True)]] * 8


async def test_where_the_exporter_names_one_pod_its_word_is_all_that_counts(stage: Stage) -> None:
    labels = {"exported_pod": "other-0", "exported_namespace": "ml"}
    found = await by_series(stage, scraped(stage.node(2), **labels))
    assert held(found) == [[("ml", "other-0", True)], *[[]] * 7]
    assert stage.api.lists["pods"] == 0


async def test_an_exporter_is_no_worse_for_a_token_that_may_not_list_pods(opens: Open) -> None:
    stage = await opens(role=Role(BASIC))
    found = await by_series(stage, scraped(stage.node(2)))
    assert (held(found), found.errors) == ([[]] * 8, ())


async def test_a_server_that_refuses_is_left_alone_for_a_minute(
    opens: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(gpu_requests, "_now", lambda: now)
    refused = await opens(role=Role(BASIC))
    first = await completed(refused, seen(refused.node(1)))
    now += 59
    # Asked again it would find nobody: the server's door is closed by then.
    await refused.api.door.shut()
    assert await completed(refused, seen(refused.node(1))) == first
    now += 2
    later = await completed(refused, seen(refused.node(1)))
    assert later.errors != first.errors


@pytest.mark.django_db
def test_a_guess_is_kept_and_shown_as_one_and_its_pod_is_known_to_hold_idle_cards() -> None:
    guessed = Holder("ml-train", "forgotten-0", "main", certain=False)
    idle = card(0, utilization_gpu_percent=0.0, holders=(guessed,))
    cluster = make_cluster("gpu-oregon")
    for seconds in (0, 30):
        storing.store([heard(cluster, seconds, {"n1": smi_reading(idle, source=NVIDIA_SMI)})])
    row = GpuCard.objects.get()
    assert [one["certain"] for one in shown.card(stored.gpu(row))["holders"]] == [False]
    claim = GpuClaim.objects.open().get()
    assert (claim.pod, claim.owner, claim.idle_since) == ("forgotten-0", "forgotten", at(0))
    # Known for certain it is another fact of the card, and the same claim.
    sure = replace(idle, holders=(replace(guessed, certain=True),))
    storing.store([heard(cluster, 60, {"n1": smi_reading(sure, source=NVIDIA_SMI)})])
    row = GpuCard.objects.get()
    assert [one["certain"] for one in shown.card(stored.gpu(row))["holders"]] == [True]
    assert GpuClaim.objects.get().pk == claim.pk
