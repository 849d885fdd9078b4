"""DCGM's series: blanks dropped, slices with their activity, holders by either set of labels."""

import math
from collections.abc import Mapping

import pytest

from apps.observability.gpus.reading import Gpu, Holder, NodeReading
from apps.observability.sources import dcgm
from apps.observability.sources.dcgm_samples import Sample
from apps.simulator.exporters import dcgm as exporter
from apps.simulator.faults import Incidents, Interval
from apps.simulator.sites import fleet

NOW = 1_700_000_000.0
UUID = "GPU-bbbbbbbb-0000-4000-8000-000000000000"
CARD = {
    "gpu": "3",
    "UUID": UUID,
    "pci_bus_id": "00000000:4C:00.0",
    "modelName": "NVIDIA H100 80GB HBM3",
    "Hostname": "gpu-1",
    "DCGM_FI_DRIVER_VERSION": "570.195.03",
}
WHOLE = {
    "GPU_UTIL": 41.0,
    "MEM_COPY_UTIL": 22.0,
    "GPU_TEMP": 60.0,
    "MEMORY_TEMP": 67.0,
    "SLOWDOWN_TEMP": 87.0,
    "POWER_USAGE": 402.5,
    "POWER_MGMT_LIMIT": 700.0,
    "TOTAL_ENERGY_CONSUMPTION": 5_000_000_000.0,
    "SM_CLOCK": 1980.0,
    "FB_FREE": 70000.0,
    "FB_USED": 11080.0,
    "FB_RESERVED": 479.0,
    "XID_ERRORS": 0.0,
    "CLOCKS_EVENT_REASONS": 36.0,
    "ECC_DBE_VOL_TOTAL": 2.0,
    "ROW_REMAP_FAILURE": 0.0,
    "UNCORRECTABLE_REMAPPED_ROWS": 1.0,
}


def samples(values: Mapping[str, float], **labels: str) -> list[Sample]:
    return [({"__name__": f"DCGM_FI_DEV_{n}", **CARD, **labels}, v) for n, v in values.items()]


def activity(share: float, **labels: str) -> Sample:
    return ({"__name__": "DCGM_FI_PROF_GR_ENGINE_ACTIVE", **CARD, **labels}, share)


def only(readings: list[NodeReading]) -> Gpu:
    (reading,) = readings
    (gpu,) = reading.gpus
    return gpu


def test_a_whole_card_is_read_in_the_units_of_the_exporter() -> None:
    (reading,) = dcgm.read([*samples(WHOLE), activity(0.99)])
    assert (reading.node_name, reading.driver_version) == ("gpu-1", "570.195.03")
    gpu = only([reading])
    assert (gpu.index, gpu.uuid, gpu.name) == (3, UUID, "NVIDIA H100 80GB HBM3")
    assert gpu.utilization_gpu_percent == 41.0
    assert (gpu.memory_total_mb, gpu.memory_used_mb, gpu.memory_free_mb) == (81559, 11080, 70000)
    assert gpu.energy_joules == pytest.approx(5_000_000.0)
    assert gpu.throttle_reasons == ("sw_power_cap", "sw_thermal_slowdown")
    assert (gpu.temperature_celsius, gpu.slowdown_celsius) == (60, 87)
    assert (gpu.power_draw_watts, gpu.power_limit_watts) == (402.5, 700.0)
    assert gpu.ecc_volatile.uncorrected == 2
    assert gpu.ecc_volatile.corrected is None
    assert (gpu.remapped_rows_failure, gpu.remapped_rows_uncorrectable) == (False, 1)
    assert gpu.xid_errors == ()
    assert gpu.mig_enabled is False
    assert gpu.processes is None


def test_use_is_the_activity_where_there_is_no_other() -> None:
    gpu = only(dcgm.read([activity(0.37)]))
    assert gpu.utilization_gpu_percent == pytest.approx(37.0)
    assert gpu.xid_errors is None


def test_a_slice_has_its_own_memory_and_activity_and_the_board_is_counted_once() -> None:
    board = {"POWER_USAGE": 300.0, "GPU_TEMP": 55.0, "XID_ERRORS": 94.0}
    first = {"GPU_I_ID": "1", "GPU_I_PROFILE": "3g.40gb", "pod": "a", "namespace": "ml"}
    second = {"GPU_I_ID": "9", "GPU_I_PROFILE": "1g.10gb"}
    gpu = only(
        dcgm.read(
            [
                *samples({**board, "FB_USED": 9000.0}, **first),
                *samples({**board, "FB_USED": 10.0}, **second),
                activity(0.5, **first),
                activity(0.25, **second),
            ]
        )
    )
    assert gpu.power_draw_watts == 300.0
    assert gpu.xid_errors == (94,)
    assert gpu.mig_enabled is True
    assert gpu.utilization_gpu_percent is None
    assert gpu.memory_used_mb is None
    one, nine = gpu.mig_instances or ()
    assert (one.profile, one.memory_used_mb, one.utilization_gpu_percent) == ("3g.40gb", 9000, 50)
    assert one.holders == (Holder("ml", "a"),)
    assert (nine.gpu_instance_id, nine.utilization_gpu_percent, nine.holders) == (9, 25, ())
    assert gpu.holders == ()


@pytest.mark.parametrize(
    "blank",
    [9223372036854775794.0, 9.3e18, 2147483632.0, 2147483647.0, 2.0**47, math.nan, math.inf, -1.0],
)
def test_blanks_are_no_values(blank: float) -> None:
    gpu = only(
        dcgm.read(samples({**WHOLE, "GPU_TEMP": blank, "FB_USED": blank, "XID_ERRORS": blank}))
    )
    assert gpu.temperature_celsius is None
    assert gpu.memory_used_mb is None
    assert gpu.memory_total_mb is None
    assert not gpu.xid_errors


def test_energy_passes_the_end_of_32_bits() -> None:
    gpu = only(dcgm.read(samples({"TOTAL_ENERGY_CONSUMPTION": 2147483640.0})))
    assert gpu.energy_joules == pytest.approx(2147483.64)


def test_holders_are_read_from_the_labels_that_the_scrape_renamed() -> None:
    scrape = {"pod": "nvidia-dcgm-exporter-x", "namespace": "nvidia-gpu-operator"}
    held = {"exported_pod": "llm-0", "exported_namespace": "serving", "exported_container": "vllm"}
    other = {"UUID": "GPU-2", "gpu": "4"}
    (reading,) = dcgm.read([*samples(WHOLE, **scrape, **held), *samples(WHOLE, **scrape, **other)])
    busy, idle = reading.gpus
    assert busy.holders == (Holder("serving", "llm-0", "vllm"),)
    assert idle.holders == ()


def test_the_exporter_is_no_holder_where_all_cards_are_idle() -> None:
    scrape = {"pod": "nvidia-dcgm-exporter-x", "namespace": "nvidia-gpu-operator"}
    assert only(dcgm.read(samples(WHOLE, **scrape))).holders == ()


def test_a_card_shared_in_turns_has_all_its_holders_and_its_values_once() -> None:
    rows = [
        *samples(WHOLE, pod="a", namespace="x", vgpu="0"),
        *samples(WHOLE, pod="b", namespace="x"),
    ]
    gpu = only(dcgm.read(rows))
    assert gpu.holders == (Holder("x", "a"), Holder("x", "b"))
    assert gpu.power_draw_watts == 402.5


def test_xids_that_were_counted_are_told_too() -> None:
    counted = ({"__name__": "DCGM_EXP_XID_ERRORS_COUNT", **CARD, "xid": "31"}, 4.0)
    none = ({"__name__": "DCGM_EXP_XID_ERRORS_COUNT", **CARD, "xid": "43"}, 0.0)
    assert only(dcgm.read([*samples({"XID_ERRORS": 79.0}), counted, none])).xid_errors == (31, 79)


def test_nodes_are_told_apart_by_either_spelling_of_their_label() -> None:
    other = {"Hostname": "", "hostname": "gpu-0", "UUID": "GPU-9"}
    readings = dcgm.read([*samples(WHOLE), *samples(WHOLE, **other)])
    assert [one.node_name for one in readings] == ["gpu-0", "gpu-1"]


def test_the_simulated_nodes_are_read_whole() -> None:
    site = fleet("tests", NOW - 86_400)["gpu-oregon"]
    incidents = Incidents((Interval("gpu-thermal", "gpu-oregon", NOW - 3600),))
    for node in (node for node in site.nodes if node.cards):
        rows = [
            (
                {"__name__": one.name, **one.labels},
                float(one.value(NOW) if callable(one.value) else one.value),
            )
            for family in exporter.families(site, node, incidents)
            for one in family.series
        ]
        (reading,) = dcgm.read(rows)
        assert reading.node_name == node.name
        assert [gpu.uuid for gpu in reading.gpus] == [card.uuid for card in node.cards]
        for gpu, card in zip(reading.gpus, node.cards, strict=True):
            assert [one.profile for one in gpu.mig_instances or ()] == [
                one.profile for one in card.slices
            ]
            hot = (node.name, card.index) == exporter.HOT
            assert ("hw_thermal_slowdown" in (gpu.throttle_reasons or ())) is hot


def test_labels_that_no_exporter_writes_are_no_cards_and_nobodys() -> None:
    hostile: list[dict[str, str]] = [
        {"UUID": "GPU-" + "x" * 200},
        {"UUID": "GPU-\0"},
        {"Hostname": "n" * 300},
        {"Hostname": "n\u202e1"},
    ]
    assert [dcgm.read(samples(WHOLE, **labels)) for labels in hostile] == [[], [], [], []]
    gpu = only(
        dcgm.read(
            samples(
                WHOLE,
                gpu="99999999",
                modelName="\0" + "H" * 300,
                pci_bus_id="0" * 99,
                exported_pod="p" * 300,
                exported_namespace="x",
            )
        )
    )
    assert (gpu.index, gpu.name, gpu.bus_id, gpu.holders) == (None, None, None, ())


def test_no_node_has_thousands_of_cards() -> None:
    rows = [one for number in range(200) for one in samples(WHOLE, UUID=f"GPU-{number}")]
    (reading,) = dcgm.read(rows)
    assert len(reading.gpus) == 128
