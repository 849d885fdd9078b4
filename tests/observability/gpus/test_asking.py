"""A node's nvidia-smi asked by commands in its pods, against a simulated API over TLS."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from apps.clusters.kube.exec_refusals import Obstacle
from apps.clusters.kube.gpu_agents import Agent, find_agents
from apps.clusters.kube.listing import Unread
from apps.observability.gpus.reading import Holder, NodeReading
from apps.observability.sources.nvidia_smi import asking, pods_of_processes, table, texts
from apps.observability.sources.nvidia_smi.texts import NodeTexts
from apps.simulator.kube.roles import BASIC, Role, Rule, reading
from apps.simulator.nvidia_smi import processes
from apps.simulator.nvidia_smi.cards import slice_uuid
from tests.clusters.commanded import Open, Stage, commanded_by, of, opens, stage

__all__ = ["commanded_by", "opens", "stage"]


@pytest.fixture(autouse=True)
def no_pods_known_of_before() -> Iterator[None]:
    pods_of_processes.forget()
    yield
    pods_of_processes.forget()


def agents_of(stage: Stage, number: int) -> tuple[Agent, ...]:
    name = stage.node(number).name
    others = [of(stage.pod(app, number)) for app in ("nvidia-device-plugin-daemonset",)]
    return (
        Agent(name, stage.driver(number), True),
        *(Agent(name, other, False) for other in others),
    )


async def asked(stage: Stage, number: int, seconds: float = 10) -> tuple[NodeTexts, NodeReading]:
    found = await asking.ask(stage.upstream, agents_of(stage, number), seconds)
    return found, texts.read(found)


def pods_by_card(stage: Stage, number: int) -> dict[tuple[int, int | None], Holder]:
    """Who computes where, as the simulated world has it."""
    node = stage.node(number)
    return {
        (one.card, one.instance): Holder(
            one.pod.namespace, one.pod.name, one.pod.containers[0].name
        )
        for one in processes.on(stage.cluster, node)
    }


async def test_the_driver_pods_are_found_and_the_others_stand_behind_them(stage: Stage) -> None:
    found = await find_agents(stage.reader())
    assert not isinstance(found, Unread)
    assert list(found) == [node.name for node in stage.cluster.nodes]
    for number in range(1, 5):
        first, second, third = found[stage.node(number).name]
        assert (first.container, first.sees_processes) == (stage.driver(number), True)
        plugin = stage.pod("nvidia-device-plugin-daemonset", number)
        assert (second.container, second.sees_processes) == (of(plugin), False)
        exporter = stage.pod("nvidia-dcgm-exporter", number)
        assert (third.container, third.sees_processes) == (of(exporter), False)


async def test_whole_cards_are_read_by_one_command_with_the_pods_of_their_processes(
    stage: Stage,
) -> None:
    found, reading = await asked(stage, 1)
    assert (found.listing, found.table, found.errors) == (b"", b"", ())
    assert stage.api.protocols.total() == 2
    assert [gpu.uuid for gpu in reading.gpus] == [card.uuid for card in stage.node(1).cards]
    assert (reading.node_name, reading.errors, reading.driver_version) == (
        stage.node(1).name,
        (),
        "570.195.03",
    )
    pods = pods_by_card(stage, 1)
    for gpu in reading.gpus:
        assert gpu.index is not None
        assert gpu.processes
        assert [one.holder for one in gpu.processes] == [pods[gpu.index, None]]


async def test_slices_get_their_names_from_the_list_and_their_pods_too(stage: Stage) -> None:
    found, reading = await asked(stage, 4)
    assert found.listing
    assert not found.table
    assert reading.errors == ()
    pods = pods_by_card(stage, 4)
    for gpu, card in zip(reading.gpus, stage.node(4).cards, strict=True):
        assert gpu.mig_instances is not None
        assert gpu.processes is not None
        assert [(one.gpu_instance_id, one.profile, one.uuid) for one in gpu.mig_instances] == [
            (part.instance, part.profile, slice_uuid(card, part)) for part in card.slices
        ]
        held = {one.gpu_instance_id: one.holder for one in gpu.processes}
        assert held == {part: pods[at, part] for at, part in pods if at == card.index}


async def test_a_card_off_the_bus_is_named_and_the_others_are_read(stage: Stage) -> None:
    stage.suffer("gpu-xid")
    found, reading = await asked(stage, 2)
    gone = stage.node(2).cards[5]
    assert reading.lost == (gone.pci_bus_id,)
    expected = [(card.index, card.uuid) for card in stage.node(2).cards if card != gone]
    # The document has no places for cards where one is wanting; the list has.
    assert [(gpu.index, gpu.uuid) for gpu in reading.gpus] == expected
    assert reading.errors == (
        f"The GPU {gone.pci_bus_id} does not answer (Unknown Error): drain the node and reboot it",
        "8 GPUs are attached, 7 are described",
    )
    assert found.obstacle is None


async def test_a_hot_card_says_what_holds_its_clocks_down(stage: Stage) -> None:
    stage.suffer("gpu-thermal")
    _, reading = await asked(stage, 1)
    hot, other = reading.gpus[3], reading.gpus[2]
    assert hot.throttle_reasons == ("hw_slowdown", "sw_thermal_slowdown", "hw_thermal_slowdown")
    assert other.throttle_reasons == ()
    assert hot.sm_clock_mhz is not None
    assert other.sm_clock_mhz is not None
    assert hot.sm_clock_mhz < other.sm_clock_mhz
    assert hot.tlimit_celsius == -7


async def test_a_pod_that_sees_no_processes_says_nothing_of_them(stage: Stage) -> None:
    (_, plugin) = agents_of(stage, 1)
    found = await asking.ask(stage.upstream, [plugin])
    reading = texts.read(found)
    assert len(reading.gpus) == 8
    assert {gpu.processes for gpu in reading.gpus} == {None}
    assert found.holders == {}


async def test_where_the_driver_pod_went_another_is_asked(stage: Stage) -> None:
    driver, plugin = agents_of(stage, 1)
    gone = replace(driver.container, pod=replace(driver.container.pod, name="gone"))
    found = await asking.ask(stage.upstream, [replace(driver, container=gone), plugin])
    assert (found.obstacle, found.container) == (None, str(plugin.container))
    assert found.errors == ("There is no pod gpu-operator/gone (404).",)
    assert len(texts.read(found).gpus) == 8


async def test_a_node_without_nvidia_smi_says_so_for_each_pod(stage: Stage) -> None:
    stage.suffer("nvidia-smi-missing")
    found, reading = await asked(stage, 1)
    assert found.obstacle == Obstacle.NO_COMMAND
    assert reading.gpus == ()
    assert [why.partition(":")[0] for why in reading.errors] == [
        f"The command is not in container {agent.container}, or cannot be started"
        for agent in agents_of(stage, 1)
    ]


async def test_without_the_right_one_pod_is_asked_and_the_right_is_named(opens: Open) -> None:
    stage = await opens(role=Role((*BASIC, *reading())))
    found, answered = await asked(stage, 1)
    assert found.obstacle == Obstacle.FORBIDDEN
    assert len(answered.errors) == 1
    assert 'The role needs "get" and "create" on pods/exec' in answered.errors[0]


async def test_without_a_right_to_pods_the_processes_stay_without_theirs(opens: Open) -> None:
    exec_alone = Rule(("get", "create"), ("",), ("pods/exec",))
    stage = await opens(role=Role((*BASIC, exec_alone)))
    found, answered = await asked(stage, 1)
    assert (found.obstacle, found.holders) == (None, {})
    assert answered.gpus[0].processes
    assert answered.gpus[0].processes[0].holder is None
    assert answered.errors == (
        (
            "Our token may not read the pods of node gpu-worker-01 (403). "
            "Grant it the right to list them."
        ),
    )


@pytest.mark.parametrize(
    ("fault", "obstacle"), [("exec-hangs", Obstacle.TIMED_OUT), ("exec-cut", Obstacle.CUT_OFF)]
)
async def test_a_node_that_hangs_or_leaves_is_told_and_tells_nothing(
    stage: Stage, fault: str, obstacle: Obstacle
) -> None:
    stage.suffer(fault)
    found, reading = await asked(stage, 1, seconds=0.5)
    assert found.obstacle == obstacle
    assert (found.document, reading.gpus, len(reading.errors)) == (b"", (), 1)


async def test_many_nodes_are_asked_a_few_at_once_within_one_deadline(stage: Stage) -> None:
    nodes = [agents_of(stage, 1 + number % 4) for number in range(24)]
    found = await asking.ask_each(stage.upstream, nodes, at_once=3)
    assert [one.node for one in found] == [agents[0].node for agents in nodes]
    assert {len(texts.read(one).gpus) for one in found} == {8}
    stage.suffer("exec-hangs")
    began = asyncio.get_running_loop().time()
    hung = await asking.ask_each(stage.upstream, nodes, each=0.2, within=0.5, at_once=6)
    assert asyncio.get_running_loop().time() - began < 5
    assert {one.obstacle for one in hung} == {Obstacle.TIMED_OUT}
    assert hung[-1].errors == ("There was no time left to run nvidia-smi.",)


async def test_a_node_whose_turn_comes_too_late_is_not_begun(stage: Stage) -> None:
    nodes = [agents_of(stage, number) for number in (1, 2, 3)]
    stage.suffer("exec-hangs")
    found = await asking.ask_each(stage.upstream, nodes, each=0.3, within=0.38, at_once=2)
    assert [one.was_asked for one in found] == [True, True, False]
    assert found[2].errors == ("There was no time left to run nvidia-smi.",)


async def test_the_pods_of_a_node_are_listed_when_a_new_one_computes(stage: Stage) -> None:
    lists = stage.api.lists
    _, first = await asked(stage, 1)
    assert lists["pods"] == 1
    _, again = await asked(stage, 1)
    assert (lists["pods"], again.gpus) == (1, first.gpus)
    # Of one that is no longer known, and of another node.
    kept = next(iter(pods_of_processes._kept))
    held = pods_of_processes._kept[kept]
    pods = dict(list(held.pods.items())[1:])
    pods_of_processes._kept[kept] = replace(held, pods=pods)
    _, third = await asked(stage, 1)
    assert (lists["pods"], third.gpus) == (2, first.gpus)
    await asked(stage, 2)
    assert lists["pods"] == 3


async def test_columns_that_an_older_nvidia_smi_refuses_are_left_out(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its document breaks off before the first card, so that the table is asked."""
    stage.suffer("nvidia-smi-old")
    found, reading = await asked(stage, 1)
    assert found.table.startswith(b"name, pci.bus_id, index, ")
    assert b"gpu_recovery_action" not in found.table
    assert b"clocks_throttle_reasons.active" in found.table
    assert [gpu.uuid for gpu in reading.gpus] == [card.uuid for card in stage.node(1).cards]
    assert {len(gpu.processes or ()) for gpu in reading.gpus} == {1}
    assert all(one.holder for gpu in reading.gpus for one in gpu.processes or ())
    assert "gpu_recovery_action" in table.ASKED
