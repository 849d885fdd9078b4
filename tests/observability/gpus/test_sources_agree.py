"""DCGM's series and nvidia-smi's text of the same simulated node: all that both say is the same."""

from dataclasses import fields

import pytest
from prometheus_client.parser import text_string_to_metric_families

from apps.observability.gpus.merging import merge
from apps.observability.gpus.reading import Gpu, MigInstance, NodeReading, reasons_in
from apps.observability.sources import dcgm
from apps.observability.sources.nvidia_smi import document, table, texts
from apps.observability.sources.nvidia_smi.texts import NodeTexts
from apps.simulator import nvidia_smi, sites
from apps.simulator.exposition import Series, render
from apps.simulator.faults import Incidents, Interval
from apps.simulator.kube.metadata import Moment
from apps.simulator.nvidia_smi import Scene, cards
from apps.simulator.targets import targets
from apps.simulator.world import Cluster, Node

EPOCH = 1_790_000_000.0
NOW = EPOCH + 20 * 86_400
# nvidia-smi writes watts with two digits, the exporter with all.
ROUNDED = {"power_draw_watts": 0.005}
# Said by both of the same card, each in a shape of its own; holders by the exporter alone.
COMPARED_APART = {"mig_instances", "errors", "ecc_volatile", "ecc_aggregate", "holders"}
FAULTS = [(), ("gpu-thermal",), ("gpu-xid",)]
NUMBERS = [1, 2, 3, 4]


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return sites.fleet("tests", EPOCH)["gpu-oregon"]


def moment_of(cluster: Cluster, faults: tuple[str, ...], now: float = NOW) -> Moment:
    found = tuple(Interval(one, cluster.name, now - 600) for one in faults)
    return Moment(cluster, Incidents(found), now)


def by_dcgm(moment: Moment, node: Node) -> NodeReading:
    """What Prometheus has of the node, with its own labels laid over the exporter's."""
    path = f"/nvidia-dcgm-exporter/{node.name}"
    target = next(one for one in targets(moment.cluster, moment.incidents) if one.path == path)
    printed = text_string_to_metric_families(render(target.families(), moment.now))
    scraped = [
        # The parser calls counters as OpenMetrics would; Prometheus leaves them as they are.
        Series(one.name.removesuffix("_total"), one.labels, one.value)
        for each in printed
        for one in each.samples
    ]
    stored = map(target.stored, scraped)
    (reading,) = dcgm.read(
        ({"__name__": one.name, **one.labels}, float(one.value))  # type: ignore[arg-type]
        for one in stored
    )
    return reading


def by_smi(moment: Moment, node: Node) -> NodeReading:
    scene = Scene(node, moment)
    said = {words: nvidia_smi.answer(words.split(), scene)[0].encode() for words in ("-q -x", "-L")}
    return texts.read(NodeTexts(node.name, "", True, said["-q -x"], said["-L"]))


def shared(one: object, other: object) -> set[str]:
    names = {field.name for field in fields(one)} - COMPARED_APART  # type: ignore[arg-type]
    return {n for n in names if getattr(one, n) is not None and getattr(other, n) is not None}


def assert_same(one: Gpu | MigInstance, other: Gpu | MigInstance, names: set[str]) -> None:
    for name in names:
        margin = ROUNDED.get(name, 0)
        mine, theirs = getattr(one, name), getattr(other, name)
        assert mine == (pytest.approx(theirs, abs=margin) if margin else theirs), name


@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.parametrize("number", NUMBERS)
def test_what_both_say_of_a_card_is_the_same(
    cluster: Cluster, number: int, faults: tuple[str, ...]
) -> None:
    node, moment = cluster.nodes[number - 1], moment_of(cluster, faults)
    first, second = by_smi(moment, node), by_dcgm(moment, node)
    assert (first.node_name, first.driver_version) == (second.node_name, second.driver_version)
    rows = {gpu.uuid: gpu for gpu in second.gpus}
    lost = [card for card in node.cards if Scene(node, moment).is_lost(card)]
    assert len(first.gpus) == len(node.cards) - len(lost)
    for gpu in first.gpus:
        row = rows[gpu.uuid]
        names = shared(gpu, row)
        assert_same(gpu, row, names)
        # No comparison of nothing with nothing.
        assert names >= {"index", "bus_id", "temperature_celsius", "power_draw_watts"}
        assert names >= {"throttle_reasons", "mig_enabled", "sm_clock_mhz", "pcie_replays"}
        sliced = bool(gpu.mig_instances)
        assert ("memory_used_mb" in names) is not sliced
        assert ("utilization_gpu_percent" in names) is not sliced


def test_what_both_say_of_a_slice_is_the_same(cluster: Cluster) -> None:
    node, moment = cluster.nodes[3], moment_of(cluster, ())
    first, second = by_smi(moment, node), by_dcgm(moment, node)
    rows = {
        (gpu.uuid, part.gpu_instance_id): part
        for gpu in second.gpus
        for part in gpu.mig_instances or ()
    }
    compared = 0
    for gpu in first.gpus:
        for part in gpu.mig_instances or ():
            row = rows.pop((gpu.uuid, part.gpu_instance_id))
            names = shared(part, row)
            assert names >= {"profile", "memory_total_mb", "memory_used_mb", "memory_free_mb"}
            assert_same(part, row, names)
            compared += 1
    assert (compared, rows) == (sum(len(card.slices) for card in node.cards), {})


@pytest.mark.parametrize("number", NUMBERS)
def test_the_processes_of_the_one_are_in_the_pods_of_the_other(
    cluster: Cluster, number: int
) -> None:
    """By the numbers of their processes here; asked, they lead there by their cgroups."""
    node, moment = cluster.nodes[number - 1], moment_of(cluster, ())
    rows = {gpu.uuid: gpu for gpu in by_dcgm(moment, node).gpus}
    for gpu in by_smi(moment, node).gpus:
        row = rows[gpu.uuid]
        busy = {one.gpu_instance_id for one in gpu.processes or ()}
        held = {part.gpu_instance_id for part in row.mig_instances or () if part.holders}
        assert busy == (held if row.mig_instances else {None} if row.holders else set())


@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_read_is_what_the_world_says(
    cluster: Cluster, number: int, faults: tuple[str, ...]
) -> None:
    """Field by field against the figures that the text was printed from."""
    node, moment = cluster.nodes[number - 1], moment_of(cluster, faults)
    scene = Scene(node, moment)
    cards_by_uuid = {card.uuid: card for card in node.cards}
    for gpu in by_smi(moment, node).gpus:
        card = cards_by_uuid[gpu.uuid or ""]
        said, memory = cards.figures(scene, card), cards.of_whole(scene, card)
        assert [gpu.memory_total_mb, gpu.memory_reserved_mb] == [
            memory["total"],
            memory["reserved"],
        ]
        assert [gpu.memory_used_mb, gpu.memory_free_mb] == [memory["used"], memory["free"]]
        assert gpu.temperature_celsius == said["DCGM_FI_DEV_GPU_TEMP"]
        assert gpu.memory_temperature_celsius == said["DCGM_FI_DEV_MEMORY_TEMP"]
        assert gpu.power_draw_watts == pytest.approx(said["DCGM_FI_DEV_POWER_USAGE"], abs=0.005)
        assert gpu.power_limit_watts == said["DCGM_FI_DEV_POWER_MGMT_LIMIT"]
        assert gpu.sm_clock_mhz == said["DCGM_FI_DEV_SM_CLOCK"]
        mask = int(said["DCGM_FI_DEV_CLOCKS_EVENT_REASONS"])
        assert gpu.throttle_reasons == reasons_in(mask)
        assert gpu.utilization_gpu_percent == said.get("DCGM_FI_DEV_GPU_UTIL")
        assert gpu.utilization_memory_percent == said.get("DCGM_FI_DEV_MEM_COPY_UTIL")
        assert gpu.mig_enabled is bool(card.slices)
        assert (gpu.errors, gpu.failure) == ((), None)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_table_and_the_document_say_the_same(cluster: Cluster, number: int) -> None:
    node, moment = cluster.nodes[number - 1], moment_of(cluster, ("gpu-thermal",))
    scene = Scene(node, moment)
    query = f"--query-gpu={','.join(table.ASKED)}"
    rows = table.read(nvidia_smi.answer([query, "--format=csv"], scene)[0])
    assert rows.errors == ()
    whole = document.read(nvidia_smi.answer(["-q", "-x"], scene)[0])
    for gpu, row in zip(whole.gpus, rows.gpus, strict=True):
        names = shared(gpu, row)
        assert len(names) > 30
        assert_same(gpu, row, names)
        assert (gpu.ecc_volatile, gpu.ecc_aggregate) == (row.ecc_volatile, row.ecc_aggregate)


def test_of_a_card_off_the_bus_the_merged_reading_has_its_error_and_its_silence(
    cluster: Cluster,
) -> None:
    node, moment = cluster.nodes[1], moment_of(cluster, ("gpu-xid",))
    merged = merge(by_smi(moment, node), by_dcgm(moment, node))
    assert len(merged.gpus) == 8
    (gone,) = [gpu for gpu in merged.gpus if gpu.failure]
    assert (gone.index, gone.xid_errors) == (5, (79,))
    assert gone.failure == "nvidia-smi cannot reach the card"


def test_a_lost_card_in_the_table_says_so_in_place_of_its_values(cluster: Cluster) -> None:
    scene = Scene(cluster.nodes[1], moment_of(cluster, ("gpu-xid",)))
    query = f"--query-gpu={','.join(table.ASKED)}"
    said, code = nvidia_smi.answer([query, "--format=csv"], scene)
    assert code == nvidia_smi.GONE
    assert [gpu.index for gpu in table.read(said).gpus if gpu.failure == "GPU is lost"] == [5]
