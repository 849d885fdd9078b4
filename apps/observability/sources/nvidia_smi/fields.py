"""Where each field of a card stands: its places in the XML and its columns in the CSV.

Of several places the first that gives a value counts; one that is damaged ends the search, for the
next place holds another figure. A place written `a + b` is a sum, given when both are.
"""

from dataclasses import dataclass

from apps.observability.sources.nvidia_smi import cells
from apps.observability.sources.nvidia_smi.cells import Reader


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the dataclass, with where it stands; `part.field` is one of a part of it."""

    name: str
    read: Reader
    xml: tuple[str, ...]
    csv: tuple[str, ...] = ()


def _ecc(span: str, told: str, csv: str) -> list[Field]:
    """The counts of one kind of error: newer cards count by place, older ones by bits."""
    at = f"ecc_errors/{span}"
    dram = f"{at}/dram_{told}"
    both = f"{at}/sram_uncorrectable_parity + {at}/sram_uncorrectable_secded"
    bits = "single_bit" if told == "correctable" else "double_bit"
    sram = [f"{at}/sram_{told}"] + ([both] if told == "uncorrectable" else [])
    kind = told.replace("able", "ed")
    column = f"ecc.errors.{csv}.{span}"
    return [
        Field(f"ecc_{span}.sram_{kind}", cells.count, tuple(sram), (f"{column}.sram",)),
        Field(f"ecc_{span}.dram_{kind}", cells.count, (dram,), (f"{column}.dram",)),
        Field(
            f"ecc_{span}.{kind}",
            cells.count,
            (*(f"{one} + {dram}" for one in sram), f"{at}/{bits}/total"),
            (f"{column}.total",),
        ),
    ]


_POWER, _OLD_POWER = "gpu_power_readings", "power_readings"
_LINK = "pci/pci_gpu_link_info"

GPU = (
    Field("name", cells.words, ("product_name",), ("name", "gpu_name")),
    Field("uuid", cells.uuid, ("uuid",), ("uuid", "gpu_uuid")),
    Field("bus_id", cells.bus_id, ("@id", "pci/pci_bus_id"), ("pci.bus_id", "gpu_bus_id")),
    Field("index", cells.small, (), ("index",)),
    Field("driver_model", cells.words, ("driver_model/current_dm",), ("driver_model.current",)),
    Field("virtualization", cells.words, ("gpu_virtualization_mode/virtualization_mode",)),
    Field("memory_total_mb", cells.mebibytes, ("fb_memory_usage/total",), ("memory.total",)),
    Field("memory_used_mb", cells.mebibytes, ("fb_memory_usage/used",), ("memory.used",)),
    Field("memory_free_mb", cells.mebibytes, ("fb_memory_usage/free",), ("memory.free",)),
    Field(
        "memory_reserved_mb", cells.mebibytes, ("fb_memory_usage/reserved",), ("memory.reserved",)
    ),
    *(
        Field(
            f"utilization_{ours}_percent",
            cells.percent,
            (f"utilization/{ours}_util",),
            (f"utilization.{ours}",),
        )
        for ours in ("gpu", "memory", "encoder", "decoder")
    ),
    Field("fan_speed_percent", cells.fan, ("fan_speed",), ("fan.speed",)),
    Field("temperature_celsius", cells.celsius, ("temperature/gpu_temp",), ("temperature.gpu",)),
    Field(
        "memory_temperature_celsius",
        cells.celsius,
        ("temperature/memory_temp",),
        ("temperature.memory",),
    ),
    *(
        Field(name, cells.celsius, (f"temperature/{place}",))
        for name, place in (
            ("slowdown_celsius", "gpu_temp_slow_threshold"),
            ("shutdown_celsius", "gpu_temp_max_threshold"),
            ("max_operating_celsius", "gpu_temp_max_gpu_threshold"),
            ("memory_max_operating_celsius", "gpu_temp_max_mem_threshold"),
            ("tlimit_slowdown_celsius", "gpu_temp_slow_tlimit_threshold"),
            ("tlimit_shutdown_celsius", "gpu_temp_max_tlimit_threshold"),
            ("tlimit_max_operating_celsius", "gpu_temp_max_gpu_tlimit_threshold"),
        )
    ),
    Field(
        "tlimit_celsius",
        cells.celsius,
        ("temperature/gpu_temp_tlimit",),
        ("temperature.gpu.tlimit",),
    ),
    Field(
        "power_draw_watts",
        cells.watts,
        tuple(
            f"{block}/{name}"
            for block in (_POWER, _OLD_POWER)
            for name in ("power_draw", "average_power_draw", "instant_power_draw")
        ),
        ("power.draw", "power.draw.average", "power.draw.instant"),
    ),
    Field(
        "power_limit_watts",
        cells.watts,
        (
            f"{_POWER}/current_power_limit",
            f"{_OLD_POWER}/enforced_power_limit",
            f"{_OLD_POWER}/power_limit",
        ),
        ("enforced.power.limit", "power.limit"),
    ),
    *(
        Field(
            f"power_limit_{which}_watts",
            cells.watts,
            (f"{_POWER}/{which}_power_limit", f"{_OLD_POWER}/{which}_power_limit"),
            (f"power.{which}_limit",),
        )
        for which in ("default", "max")
    ),
    Field("pstate", cells.pstate, ("performance_state",), ("pstate",)),
    Field("sm_clock_mhz", cells.megahertz, ("clocks/sm_clock",), ("clocks.current.sm",)),
    Field("memory_clock_mhz", cells.megahertz, ("clocks/mem_clock",), ("clocks.current.memory",)),
    Field("sm_clock_max_mhz", cells.megahertz, ("max_clocks/sm_clock",), ("clocks.max.sm",)),
    Field(
        "memory_clock_max_mhz", cells.megahertz, ("max_clocks/mem_clock",), ("clocks.max.memory",)
    ),
    Field("ecc_enabled", cells.flag, ("ecc_mode/current_ecc",), ("ecc.mode.current",)),
    *_ecc("volatile", "correctable", "corrected"),
    *_ecc("volatile", "uncorrectable", "uncorrected"),
    *_ecc("aggregate", "correctable", "corrected"),
    *_ecc("aggregate", "uncorrectable", "uncorrected"),
    Field(
        "sram_threshold_exceeded",
        cells.flag,
        ("ecc_errors/aggregate/sram_threshold_exceeded",),
        ("ecc.errors.uncorrected.aggregate.sram.thresholdExceeded",),
    ),
    Field("unrepairable_memory", cells.flag, ("ecc_errors/unrepairable_memory",)),
    Field("channel_repair_pending", cells.flag, ("ecc_errors/channel_repair_pending",)),
    Field("tpc_repair_pending", cells.flag, ("ecc_errors/tpc_repair_pending",)),
    *(
        Field(
            f"remapped_rows_{ours}",
            reader,
            (f"remapped_rows/remapped_row_{place}",),
            (f"remapped_rows.{ours}",),
        )
        for ours, place, reader in (
            ("correctable", "corr", cells.count),
            ("uncorrectable", "unc", cells.count),
            ("pending", "pending", cells.flag),
            ("failure", "failure", cells.flag),
        )
    ),
    Field(
        "retired_pages_single_bit",
        cells.count,
        ("retired_pages/multiple_single_bit_retirement/retired_count",),
        ("retired_pages.single_bit_ecc.count", "retired_pages.sbe"),
    ),
    Field(
        "retired_pages_double_bit",
        cells.count,
        ("retired_pages/double_bit_retirement/retired_count",),
        ("retired_pages.double_bit.count", "retired_pages.dbe"),
    ),
    Field(
        "retired_pages_pending",
        cells.flag,
        ("retired_pages/pending_blacklist", "retired_pages/pending_retirement"),
        ("retired_pages.pending",),
    ),
    Field("recovery_action", cells.recovery, ("gpu_recovery_action",), ("gpu_recovery_action",)),
    Field("reset_required", cells.flag, ("gpu_reset_status/reset_required",)),
    Field(
        "drain_and_reset_recommended",
        cells.flag,
        ("gpu_reset_status/drain_and_reset_recommended",),
    ),
    Field("pcie_replays", cells.count, ("pci/replay_counter",)),
    Field(
        "pcie_generation",
        cells.count,
        (f"{_LINK}/pcie_gen/current_link_gen",),
        ("pcie.link.gen.gpucurrent", "pcie.link.gen.current"),
    ),
    Field(
        "pcie_generation_max",
        cells.count,
        (f"{_LINK}/pcie_gen/max_link_gen",),
        ("pcie.link.gen.max",),
    ),
    Field(
        "pcie_width",
        cells.width,
        (f"{_LINK}/link_widths/current_link_width",),
        ("pcie.link.width.current",),
    ),
    Field(
        "pcie_width_max",
        cells.width,
        (f"{_LINK}/link_widths/max_link_width",),
        ("pcie.link.width.max",),
    ),
    Field("fabric_state", cells.words, ("fabric/state",), ("fabric.state",)),
    Field("fabric_status", cells.words, ("fabric/status",), ("fabric.status",)),
    Field("mig_enabled", cells.flag, ("mig_mode/current_mig",), ("mig.mode.current",)),
    Field("mig_enabled_after_reset", cells.flag, ("mig_mode/pending_mig",), ("mig.mode.pending",)),
)

MIG = (
    Field("gpu_instance_id", cells.count, ("gpu_instance_id",)),
    Field("compute_instance_id", cells.count, ("compute_instance_id",)),
    Field("index", cells.count, ("index",)),
    Field("uuid", cells.uuid, ("uuid",)),
    Field("multiprocessors", cells.count, ("device_attributes/shared/multiprocessor_count",)),
    Field("memory_total_mb", cells.mebibytes, ("fb_memory_usage/total",)),
    Field("memory_used_mb", cells.mebibytes, ("fb_memory_usage/used",)),
    Field("memory_free_mb", cells.mebibytes, ("fb_memory_usage/free",)),
    Field("memory_reserved_mb", cells.mebibytes, ("fb_memory_usage/reserved",)),
    Field("sram_uncorrected", cells.count, ("ecc_error_count/volatile_count/sram_uncorrectable",)),
)

PROCESS = (
    Field("gpu_uuid", cells.uuid, (), ("gpu_uuid",)),
    Field("pid", cells.pid, ("pid",), ("pid",)),
    Field("process_name", cells.path, ("process_name",), ("process_name", "name")),
    Field("used_memory_mb", cells.mebibytes, ("used_memory",), ("used_gpu_memory", "used_memory")),
    Field("type", cells.process_type, ("type",)),
    Field("gpu_instance_id", cells.count, ("gpu_instance_id",)),
    Field("compute_instance_id", cells.count, ("compute_instance_id",)),
)
