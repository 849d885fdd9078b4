"""Every field that DCGM's series and nvidia-smi's document share: both read as the same value.

A table of our own says where each stands in the two; no value stands there twice.
"""

from dataclasses import fields
from typing import Any

from apps.observability.gpus.reading import EccCounts, Gpu, MigInstance, NodeReading
from apps.observability.sources import dcgm
from apps.observability.sources.nvidia_smi import document
from apps.observability.sources.nvidia_smi import fields as smi

UUID = "GPU-bbbbbbbb-0000-4000-8000-000000000000"
LABELS = {
    "UUID": UUID,
    "gpu": "0",
    "pci_bus_id": "00000000:19:00.0",
    "modelName": "NVIDIA H100 80GB HBM3",
    "Hostname": "n1",
    "DCGM_FI_DRIVER_VERSION": "590.48.01",
}
# The field; where it stands in nvidia-smi's document and how; its series, and that series' value.
SHARED: dict[str, tuple[str, str, str, float]] = {
    "memory_total_mb": ("fb_memory_usage/total", "81559 MiB", "FB_TOTAL", 81559),
    "memory_used_mb": ("fb_memory_usage/used", "19818 MiB", "FB_USED", 19818),
    "memory_free_mb": ("fb_memory_usage/free", "61262 MiB", "FB_FREE", 61262),
    "memory_reserved_mb": ("fb_memory_usage/reserved", "479 MiB", "FB_RESERVED", 479),
    "utilization_gpu_percent": ("utilization/gpu_util", "97 %", "GPU_UTIL", 97),
    "utilization_memory_percent": ("utilization/memory_util", "11 %", "MEM_COPY_UTIL", 11),
    "utilization_encoder_percent": ("utilization/encoder_util", "3 %", "ENC_UTIL", 3),
    "utilization_decoder_percent": ("utilization/decoder_util", "2 %", "DEC_UTIL", 2),
    "fan_speed_percent": ("fan_speed", "38 %", "FAN_SPEED", 38),
    "temperature_celsius": ("temperature/gpu_temp", "59 C", "GPU_TEMP", 59),
    "memory_temperature_celsius": ("temperature/memory_temp", "55 C", "MEMORY_TEMP", 55),
    "slowdown_celsius": ("temperature/gpu_temp_slow_threshold", "89 C", "SLOWDOWN_TEMP", 89),
    "shutdown_celsius": ("temperature/gpu_temp_max_threshold", "92 C", "SHUTDOWN_TEMP", 92),
    "max_operating_celsius": (
        "temperature/gpu_temp_max_gpu_threshold",
        "85 C",
        "GPU_MAX_OP_TEMP",
        85,
    ),
    "memory_max_operating_celsius": (
        "temperature/gpu_temp_max_mem_threshold",
        "95 C",
        "MEM_MAX_OP_TEMP",
        95,
    ),
    "power_draw_watts": (
        "gpu_power_readings/average_power_draw",
        "629.45 W",
        "POWER_USAGE",
        629.45,
    ),
    "power_limit_watts": (
        "gpu_power_readings/current_power_limit",
        "650.00 W",
        "ENFORCED_POWER_LIMIT",
        650,
    ),
    "power_limit_default_watts": (
        "gpu_power_readings/default_power_limit",
        "700.00 W",
        "POWER_MGMT_LIMIT_DEF",
        700,
    ),
    "power_limit_max_watts": (
        "gpu_power_readings/max_power_limit",
        "705.00 W",
        "POWER_MGMT_LIMIT_MAX",
        705,
    ),
    "pstate": ("performance_state", "P8", "PSTATE", 8),
    "sm_clock_mhz": ("clocks/sm_clock", "1912 MHz", "SM_CLOCK", 1912),
    "memory_clock_mhz": ("clocks/mem_clock", "2613 MHz", "MEM_CLOCK", 2613),
    "sm_clock_max_mhz": ("max_clocks/sm_clock", "1980 MHz", "MAX_SM_CLOCK", 1980),
    "memory_clock_max_mhz": ("max_clocks/mem_clock", "2619 MHz", "MAX_MEM_CLOCK", 2619),
    "ecc_volatile.corrected": (
        "ecc_errors/volatile/single_bit/total",
        "45",
        "ECC_SBE_VOL_TOTAL",
        45,
    ),
    "ecc_volatile.uncorrected": (
        "ecc_errors/volatile/double_bit/total",
        "70",
        "ECC_DBE_VOL_TOTAL",
        70,
    ),
    "ecc_aggregate.corrected": (
        "ecc_errors/aggregate/single_bit/total",
        "65",
        "ECC_SBE_AGG_TOTAL",
        65,
    ),
    "ecc_aggregate.uncorrected": (
        "ecc_errors/aggregate/double_bit/total",
        "100",
        "ECC_DBE_AGG_TOTAL",
        100,
    ),
    "remapped_rows_correctable": (
        "remapped_rows/remapped_row_corr",
        "4",
        "CORRECTABLE_REMAPPED_ROWS",
        4,
    ),
    "remapped_rows_uncorrectable": (
        "remapped_rows/remapped_row_unc",
        "5",
        "UNCORRECTABLE_REMAPPED_ROWS",
        5,
    ),
    "remapped_rows_pending": ("remapped_rows/remapped_row_pending", "Yes", "ROW_REMAP_PENDING", 1),
    "remapped_rows_failure": ("remapped_rows/remapped_row_failure", "No", "ROW_REMAP_FAILURE", 0),
    "retired_pages_single_bit": (
        "retired_pages/multiple_single_bit_retirement/retired_count",
        "6",
        "RETIRED_SBE",
        6,
    ),
    "retired_pages_double_bit": (
        "retired_pages/double_bit_retirement/retired_count",
        "7",
        "RETIRED_DBE",
        7,
    ),
    "pcie_replays": ("pci/replay_counter", "9", "PCIE_REPLAY_COUNTER", 9),
    "mig_enabled": ("mig_mode/current_mig", "Disabled", "MIG_MODE", 0),
}
# Of these DCGM has no series: they are labels, or the bits of one mask.
BY_LABELS = {"name", "uuid", "bus_id", "index"}
# A slice's own; nvidia-smi gives no use of slices, and its list alone gives their profiles.
OF_A_SLICE = {
    name: SHARED[name]
    for name in ("memory_total_mb", "memory_used_mb", "memory_free_mb", "memory_reserved_mb")
}


def element(place: str, text: str) -> str:
    for name in reversed(place.split("/")):
        text = f"<{name}>{text}</{name}>"
    return text


def by_smi(parts: str = "") -> Gpu:
    # Elements of one name beside each other are read as one that is open twice, as they are here.
    body = "".join(element(place, text) for place, text, _, _ in SHARED.values())
    reasons = element("clocks_event_reasons/clocks_event_reason_sw_power_cap", "Active")
    text = (
        '<?xml version="1.0" ?><!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v13.dtd">'
        "<nvidia_smi_log><driver_version>590.48.01</driver_version>"
        "<attached_gpus>1</attached_gpus>"
        f'<gpu id="00000000:19:00.0"><product_name>{LABELS["modelName"]}</product_name>'
        f"<uuid>{UUID}</uuid>{parts}{body}{reasons}</gpu></nvidia_smi_log>"
    )
    reading: NodeReading = document.read(text)
    assert reading.errors == ()
    (gpu,) = reading.gpus
    assert gpu.errors == ()
    return gpu


def by_dcgm(series: dict[str, tuple[str, str, str, float]], **labels: str) -> Gpu:
    samples: list[dcgm.Sample] = [
        ({"__name__": f"DCGM_FI_DEV_{name}", **LABELS, **labels}, float(value))
        for _, _, name, value in series.values()
    ]
    mask = {"__name__": "DCGM_FI_DEV_CLOCKS_EVENT_REASONS", **LABELS, **labels}
    (reading,) = dcgm.read([*samples, (mask, 4.0)])
    (gpu,) = reading.gpus
    return gpu


def value(one: object, name: str) -> Any:
    for part in name.split("."):
        one = getattr(one, part)
    return one


def test_each_shared_field_of_a_card_is_the_same_by_both() -> None:
    first, second = by_smi(), by_dcgm(SHARED)
    for name in [*SHARED, *BY_LABELS, "throttle_reasons"]:
        assert value(first, name) is not None, name
        assert value(first, name) == value(second, name), name
    assert first.throttle_reasons == ("sw_power_cap",)


def test_each_shared_field_of_a_slice_is_the_same_by_both() -> None:
    memory = "".join(element(place, text) for place, text, _, _ in OF_A_SLICE.values())
    inner = f"<index>0</index><gpu_instance_id>2</gpu_instance_id>{memory}"
    (first,) = (
        by_smi(f"<mig_devices><mig_device>{inner}</mig_device></mig_devices>").mig_instances or ()
    )
    sliced = by_dcgm(OF_A_SLICE, GPU_I_ID="2", GPU_I_PROFILE="3g.40gb")
    (second,) = sliced.mig_instances or ()
    for name in ("gpu_instance_id", *OF_A_SLICE):
        assert value(first, name) is not None, name
        assert value(first, name) == value(second, name), name


def test_no_field_that_both_can_say_is_left_out_here() -> None:
    theirs = {field for field, _ in {**dcgm.BOARD, **dcgm.OWN}.values()}
    assert theirs & {field.name for field in smi.GPU} == set(SHARED)
    own = {field for field, _ in dcgm.OWN.values()}
    assert own & {field.name for field in smi.MIG} == set(OF_A_SLICE)
    # What a reading has besides is of one source alone, and the page on GPUs says which.
    told = {name.partition(".")[0] for name in SHARED} | BY_LABELS | {"throttle_reasons"}
    by_one = {one.name for one in fields(Gpu)} - told
    assert {"energy_joules", "xid_errors", "holders"} <= by_one
    assert {"processes", "recovery_action", "tlimit_celsius", "failure"} <= by_one
    assert isinstance(by_smi().ecc_volatile, EccCounts)
    assert "utilization_gpu_percent" in {one.name for one in fields(MigInstance)}
