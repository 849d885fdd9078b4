"""The GPUs of a cluster by nvidia-smi, from the pods' list to the readings that are stored."""

import uuid
from datetime import timedelta

from django.utils import timezone

from apps.clusters.connection import Connection
from apps.observability.collect import gpu_commands
from apps.observability.collect.gpu_commands import Wanted
from apps.simulator.kube.roles import BASIC, Role
from tests.clusters.commanded import Open, Stage, commanded_by, opens, stage

__all__ = ["commanded_by", "opens", "stage"]
NOW = timezone.now()


def connection(stage: Stage) -> Connection:
    return Connection(uuid.uuid4(), "gpu-oregon", "SPOKE", stage.upstream, {})


async def test_all_nodes_of_a_cluster_are_read_with_who_runs_as_who_holds(stage: Stage) -> None:
    heard = await gpu_commands.ask(connection(stage), Wanted(each=15, within=25))
    names = [node.name for node in stage.cluster.nodes if node.cards]
    told = {one.name: one.reading for one in heard.nodes if one.reading.gpus}
    assert (heard.source, heard.whole, heard.interval_seconds) == ("NVIDIA_SMI", True, 30)
    assert sorted(told) == sorted(names)
    first = told[stage.node(1).name]
    assert [gpu.uuid for gpu in first.gpus] == [card.uuid for card in stage.node(1).cards]
    assert all(gpu.holders for gpu in first.gpus)


async def test_only_the_nodes_that_are_looked_at_are_asked(stage: Stage) -> None:
    name = stage.node(1).name
    heard = await gpu_commands.ask(connection(stage), Wanted(15, 20, only=[name]))
    assert ([one.name for one in heard.nodes], heard.whole) == ([name], False)


async def test_without_the_right_to_look_there_is_a_reason_and_no_reading(opens: Open) -> None:
    stage = await opens(role=Role(BASIC))
    heard = await gpu_commands.ask(connection(stage), Wanted(each=15, within=20))
    assert (heard.source, heard.nodes) == (None, ())
    assert heard.problem


async def test_who_was_read_last_longest_ago_is_asked_first(stage: Stage) -> None:
    names = [node.name for node in stage.cluster.nodes]
    ages = {name: NOW - timedelta(seconds=place) for place, name in enumerate(names[:-1])}
    heard = await gpu_commands.ask(connection(stage), Wanted(15, 20, last_read=ages))
    assert [one.name for one in heard.nodes] == [names[-1], *reversed(names[:-1])]


async def test_a_round_that_does_not_come_to_all_leaves_them_to_the_next(stage: Stage) -> None:
    """None was asked, so that nothing is said of any, and each is expected later."""
    heard = await gpu_commands.ask(connection(stage), Wanted(each=100, within=20))
    assert (heard.source, heard.nodes, heard.problem) == ("NVIDIA_SMI", (), "")
    assert (heard.whole, heard.interval_seconds) == (True, 30 * len(stage.cluster.nodes))


async def test_a_look_without_the_right_to_it_says_so_of_the_node(opens: Open) -> None:
    stage = await opens(role=Role(BASIC))
    heard = await gpu_commands.ask(connection(stage), Wanted(15, 20, only=["n1"]))
    assert (heard.whole, [one.name for one in heard.nodes]) == (False, ["n1"])
    assert heard.nodes[0].is_blank
    assert "may not read the pods" in heard.nodes[0].reading.errors[0]
