"""What was read of a node's GPUs, whatever the source. None is what the source does not say."""

from dataclasses import dataclass, field

NVIDIA_SMI, DCGM = "NVIDIA_SMI", "DCGM"
COMPUTE, GRAPHICS, MIXED = "COMPUTE", "GRAPHICS", "MIXED"

# NVML's clock event reasons by the bit each has in the mask, by nvidia-smi's names for them.
REASON_BITS = {
    "gpu_idle": 0x1,
    "applications_clocks_setting": 0x2,
    "sw_power_cap": 0x4,
    "hw_slowdown": 0x8,
    "sync_boost": 0x10,
    "sw_thermal_slowdown": 0x20,
    "hw_thermal_slowdown": 0x40,
    "hw_power_brake_slowdown": 0x80,
    "display_clocks_setting": 0x100,
}
# What the driver advises, by NVML's number for it.
RECOVERY = ("NONE", "GPU_RESET", "NODE_REBOOT", "DRAIN_P2P", "DRAIN_AND_RESET")


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """The pod that was given a card or an instance; the container where the source knows it.

    It is not `certain` where the pod holds as many cards as this, and maybe not this one.
    """

    namespace: str
    pod: str
    container: str = ""
    certain: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class EccCounts:
    """Memory errors: the totals, and of them those in the chip's SRAM and in its DRAM."""

    corrected: int | None = None
    uncorrected: int | None = None
    sram_corrected: int | None = None
    sram_uncorrected: int | None = None
    dram_corrected: int | None = None
    dram_uncorrected: int | None = None


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process on a card; `pid` is the host's."""

    pid: int
    process_name: str | None = None
    used_memory_mb: int | None = None
    type: str | None = None
    gpu_uuid: str | None = None
    gpu_instance_id: int | None = None
    compute_instance_id: int | None = None
    holder: Holder | None = None


@dataclass(frozen=True, slots=True)
class MigInstance:
    """A slice of a card. Power, temperature and clocks are the card's: no slice has its own."""

    gpu_instance_id: int | None = None
    compute_instance_id: int | None = None
    index: int | None = None
    uuid: str | None = None
    profile: str | None = None
    multiprocessors: int | None = None
    memory_total_mb: int | None = None
    memory_used_mb: int | None = None
    memory_free_mb: int | None = None
    memory_reserved_mb: int | None = None
    utilization_gpu_percent: float | None = None
    sram_uncorrected: int | None = None
    holders: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card. Memory is in MiB, as the card counts it; ECC counts are of the whole card.

    Volatile counts are those since the driver was loaded, aggregate ones those of the card's life.
    A margin (`tlimit_*`) says how many degrees are left, where absolute limits are not given.
    """

    index: int | None = None
    uuid: str | None = None
    name: str | None = None
    bus_id: str | None = None
    driver_model: str | None = None
    virtualization: str | None = None
    # In the card's own words, where it does not answer as one that works: "GPU is lost".
    failure: str | None = None

    memory_total_mb: int | None = None
    memory_used_mb: int | None = None
    memory_free_mb: int | None = None
    memory_reserved_mb: int | None = None
    utilization_gpu_percent: float | None = None
    utilization_memory_percent: float | None = None
    utilization_encoder_percent: float | None = None
    utilization_decoder_percent: float | None = None
    fan_speed_percent: int | None = None

    temperature_celsius: int | None = None
    memory_temperature_celsius: int | None = None
    slowdown_celsius: int | None = None
    shutdown_celsius: int | None = None
    max_operating_celsius: int | None = None
    memory_max_operating_celsius: int | None = None
    tlimit_celsius: int | None = None
    tlimit_slowdown_celsius: int | None = None
    tlimit_shutdown_celsius: int | None = None
    tlimit_max_operating_celsius: int | None = None

    power_draw_watts: float | None = None
    power_limit_watts: float | None = None
    power_limit_default_watts: float | None = None
    power_limit_max_watts: float | None = None
    energy_joules: float | None = None

    pstate: str | None = None
    sm_clock_mhz: int | None = None
    memory_clock_mhz: int | None = None
    sm_clock_max_mhz: int | None = None
    memory_clock_max_mhz: int | None = None
    throttle_reasons: tuple[str, ...] | None = None

    ecc_enabled: bool | None = None
    ecc_volatile: EccCounts = EccCounts()
    ecc_aggregate: EccCounts = EccCounts()
    sram_threshold_exceeded: bool | None = None
    unrepairable_memory: bool | None = None
    channel_repair_pending: bool | None = None
    tpc_repair_pending: bool | None = None
    remapped_rows_correctable: int | None = None
    remapped_rows_uncorrectable: int | None = None
    remapped_rows_pending: bool | None = None
    remapped_rows_failure: bool | None = None
    retired_pages_single_bit: int | None = None
    retired_pages_double_bit: int | None = None
    retired_pages_pending: bool | None = None

    recovery_action: str | None = None
    reset_required: bool | None = None
    drain_and_reset_recommended: bool | None = None
    xid_errors: tuple[int, ...] | None = None
    pcie_replays: int | None = None
    pcie_generation: int | None = None
    pcie_generation_max: int | None = None
    pcie_width: int | None = None
    pcie_width_max: int | None = None
    fabric_state: str | None = None
    fabric_status: str | None = None

    mig_enabled: bool | None = None
    mig_enabled_after_reset: bool | None = None
    mig_instances: tuple[MigInstance, ...] | None = None
    processes: tuple[GpuProcess, ...] | None = None
    # Who was given the whole card: more than one where it is shared in turns.
    holders: tuple[Holder, ...] = ()
    # What of this card could not be read, in words.
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeReading:
    """All that one source said of one node. `lost` are the addresses of cards that are silent."""

    source: str
    gpus: tuple[Gpu, ...] = ()
    node_name: str | None = None
    driver_version: str | None = None
    cuda_version: str | None = None
    attached: int | None = None
    lost: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def reasons_in(mask: int) -> tuple[str, ...]:
    """Return the names of the clock event reasons whose bits are set."""
    return tuple(name for name, bit in REASON_BITS.items() if mask & bit)


def address(text: str) -> str:
    """Write a PCI address as NVML does: 00000000:3B:00.0, whatever it was short of."""
    domain, _, rest = text.strip().rpartition(":")[0].partition(":")
    if not rest:
        return text.strip().upper()
    slot = text.strip().rpartition(":")[2]
    return f"{domain:0>8}:{rest}:{slot if '.' in slot else slot + '.0'}".upper()
