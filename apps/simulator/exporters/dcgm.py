"""What the DCGM exporter of one node prints about its cards and MIG instances."""

from collections.abc import Callable, Mapping

from apps.simulator import load
from apps.simulator.exposition import Family
from apps.simulator.faults import Incidents
from apps.simulator.rhythm import Value, Wave
from apps.simulator.world import Card, Cluster, MigSlice, Node, Pod

MODEL = "NVIDIA H100 80GB HBM3"
DRIVER = "570.195.03"
MEMORY_MIB = 81_559.0
RESERVED_MIB = 479.0
TOP_CLOCK = 1980.0
SLOWDOWN_CELSIUS = 87.0
# Bits of the clock event reasons, as NVML defines them.
IDLE, HW_SLOWDOWN, SW_THERMAL, HW_THERMAL = 0x1, 0x8, 0x20, 0x40
# The card that `gpu-thermal` heats.
HOT = ("gpu-worker-01", 3)
# The card that `gpu-xid` takes off the bus, and what its driver calls that.
LOST, OFF_THE_BUS = ("gpu-worker-02", 5), 79.0

HELP = {
    "DCGM_FI_DEV_SM_CLOCK": "SM clock frequency (in MHz).",
    "DCGM_FI_DEV_MEM_CLOCK": "Memory clock frequency (in MHz).",
    "DCGM_FI_DEV_MEMORY_TEMP": "Memory temperature (in C).",
    "DCGM_FI_DEV_GPU_TEMP": "GPU temperature (in C).",
    "DCGM_FI_DEV_SLOWDOWN_TEMP": "Slowdown temperature for the device (in C).",
    "DCGM_FI_DEV_POWER_USAGE": "Power draw (in W).",
    "DCGM_FI_DEV_POWER_MGMT_LIMIT": "Current power limit (in W).",
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": "Total energy consumption since boot (in mJ).",
    "DCGM_FI_DEV_PCIE_REPLAY_COUNTER": "Total number of PCIe retries.",
    "DCGM_FI_DEV_GPU_UTIL": "GPU utilization (in %).",
    "DCGM_FI_DEV_MEM_COPY_UTIL": "Memory utilization (in %).",
    "DCGM_FI_DEV_ENC_UTIL": "Encoder utilization (in %).",
    "DCGM_FI_DEV_DEC_UTIL": "Decoder utilization (in %).",
    "DCGM_FI_DEV_XID_ERRORS": "Value of the last XID error encountered.",
    "DCGM_FI_DEV_CLOCKS_EVENT_REASONS": "Current clock event reasons (bitmask).",
    "DCGM_FI_DEV_FB_TOTAL": "Total framebuffer memory (in MiB).",
    "DCGM_FI_DEV_FB_FREE": "Framebuffer memory free (in MiB).",
    "DCGM_FI_DEV_FB_USED": "Framebuffer memory used (in MiB).",
    "DCGM_FI_DEV_FB_RESERVED": "Framebuffer memory reserved (in MiB).",
    "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS": "Number of remapped rows for uncorrectable errors.",
    "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS": "Number of remapped rows for correctable errors.",
    "DCGM_FI_DEV_ROW_REMAP_FAILURE": "Whether remapping of rows has failed.",
    "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL": "NVLink bandwidth counters for all lanes.",
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": "Ratio of time the graphics engine is active.",
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": "Ratio of cycles the tensor (HMMA) pipe is active.",
    "DCGM_FI_PROF_DRAM_ACTIVE": "Ratio of cycles the device memory interface is active.",
    "DCGM_FI_PROF_PCIE_TX_BYTES": "Bytes of active PCIe tx (write) data with header.",
    "DCGM_FI_PROF_PCIE_RX_BYTES": "Bytes of active PCIe rx (read) data with header.",
}
COUNTERS = {"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "DCGM_FI_DEV_PCIE_REPLAY_COUNTER"} | {
    name for name in HELP if "REMAPPED_ROWS" in name
}


def families(cluster: Cluster, node: Node, incidents: Incidents) -> list[Family]:
    found = {
        name: Family(name, "counter" if name in COUNTERS else "gauge", text)
        for name, text in HELP.items()
    }
    for card in node.cards:
        labels = card_labels(node, card)
        readings = board(cluster, node, card, incidents)
        if card.slices:
            for part in card.slices:
                pod = load.holder(cluster, node, card, part.instance)
                mine = {**readings, **slice_readings(cluster, node, card, part)}
                write(found, mine, {**labels, **mig_labels(part), **pod_labels(pod)})
        else:
            pod = load.holder(cluster, node, card)
            mine = {**readings, **whole_card(cluster, node, card, pod)}
            write(found, mine, {**labels, **pod_labels(pod)})
    return list(found.values())


def write(
    found: Mapping[str, Family], readings: Mapping[str, Value], labels: dict[str, str]
) -> None:
    for name, value in readings.items():
        found[name].add(value, **labels)


def card_labels(node: Node, card: Card) -> dict[str, str]:
    return {
        "gpu": str(card.index),
        "UUID": card.uuid,
        "pci_bus_id": card.pci_bus_id,
        "device": f"nvidia{card.index}",
        "modelName": MODEL,
        "Hostname": node.name,
        "DCGM_FI_DRIVER_VERSION": DRIVER,
    }


def mig_labels(part: MigSlice) -> dict[str, str]:
    return {"GPU_I_PROFILE": part.profile, "GPU_I_ID": str(part.instance)}


def pod_labels(pod: Pod | None) -> dict[str, str]:
    if pod is None:
        return {}
    return {"namespace": pod.namespace, "pod": pod.name, "container": pod.containers[0].name}


def board(cluster: Cluster, node: Node, card: Card, incidents: Incidents) -> dict[str, Value]:
    """What belongs to the whole card, and is repeated on every row of its instances."""
    power = load.of_power(cluster, node, card)
    mild: Callable[[float], float] = (power * 0.075 + 27.0).at
    busy = load.of_whole_card(cluster, node, card)
    idle = busy.mean == 0
    readings: dict[str, Value] = {
        "DCGM_FI_DEV_SM_CLOCK": 345.0 if idle else TOP_CLOCK,
        "DCGM_FI_DEV_MEM_CLOCK": 2619.0,
        "DCGM_FI_DEV_GPU_TEMP": lambda t: float(round(mild(t))),
        "DCGM_FI_DEV_MEMORY_TEMP": lambda t: float(round(mild(t) + 7)),
        "DCGM_FI_DEV_SLOWDOWN_TEMP": SLOWDOWN_CELSIUS,
        "DCGM_FI_DEV_POWER_USAGE": power.at,
        "DCGM_FI_DEV_POWER_MGMT_LIMIT": 700.0,
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": (power * 1000).since(node.booted),
        "DCGM_FI_DEV_PCIE_REPLAY_COUNTER": 0.0,
        "DCGM_FI_DEV_XID_ERRORS": 0.0,
        "DCGM_FI_DEV_CLOCKS_EVENT_REASONS": float(IDLE if idle else 0),
        "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS": 0.0,
        "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS": 0.0,
        "DCGM_FI_DEV_ROW_REMAP_FAILURE": 0.0,
    }
    if (node.name, card.index) == HOT and incidents.ever("gpu-thermal"):
        readings |= overheated(mild, power, incidents)
    if (node.name, card.index) == LOST and incidents.ever("gpu-xid"):
        readings["DCGM_FI_DEV_XID_ERRORS"] = lambda t: (
            OFF_THE_BUS if incidents.active("gpu-xid", t) else 0.0
        )
    return readings


def overheated(
    mild: Callable[[float], float], power: Wave, incidents: Incidents
) -> dict[str, Value]:
    """Lose the cooling: the card heats to 92 C, brakes itself, and draws less for it."""

    def heat(t: float) -> float:
        return incidents.level("gpu-thermal", t)

    def celsius(t: float) -> float:
        return float(round(mild(t) + (92.0 - mild(t)) * heat(t)))

    def brake(t: float) -> float:
        """0..1, from ten degrees under the slowdown temperature to its full effect above it."""
        return min(1.0, max(0.0, (celsius(t) - SLOWDOWN_CELSIUS + 10) / 14))

    def reasons(t: float) -> float:
        if celsius(t) >= SLOWDOWN_CELSIUS:
            return float(HW_SLOWDOWN | SW_THERMAL | HW_THERMAL)
        return float(SW_THERMAL if brake(t) > 0.3 else 0)

    return {
        "DCGM_FI_DEV_GPU_TEMP": celsius,
        "DCGM_FI_DEV_MEMORY_TEMP": lambda t: float(round(celsius(t) + 5)),
        "DCGM_FI_DEV_SM_CLOCK": lambda t: float(15 * round((TOP_CLOCK - 1110 * brake(t)) / 15)),
        "DCGM_FI_DEV_POWER_USAGE": lambda t: power.at(t) * (1 - 0.48 * brake(t)),
        "DCGM_FI_DEV_CLOCKS_EVENT_REASONS": reasons,
    }


def profile(busy: Wave) -> dict[str, Value]:
    return {
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE": busy.at,
        "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": (busy * 0.46).at,
        "DCGM_FI_PROF_DRAM_ACTIVE": (busy * 0.58).at,
    }


def framebuffer(total: float, reserved: float, held: bool) -> dict[str, Value]:
    """A serving engine takes its share of the memory at start and keeps it."""
    used = float(round((total - reserved) * 0.9)) if held else 0.0
    return {
        "DCGM_FI_DEV_FB_TOTAL": total,
        "DCGM_FI_DEV_FB_RESERVED": reserved,
        "DCGM_FI_DEV_FB_USED": used,
        "DCGM_FI_DEV_FB_FREE": total - reserved - used,
    }


def whole_card(cluster: Cluster, node: Node, card: Card, pod: Pod | None) -> dict[str, Value]:
    busy = load.of_card(cluster, node, card)
    percent = (busy * 100).at
    return {
        "DCGM_FI_DEV_GPU_UTIL": lambda t: float(round(percent(t))),
        "DCGM_FI_DEV_MEM_COPY_UTIL": lambda t: float(round(percent(t) * 0.55)),
        "DCGM_FI_DEV_ENC_UTIL": 0.0,
        "DCGM_FI_DEV_DEC_UTIL": 0.0,
        "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL": (busy * 212_000).at,
        "DCGM_FI_PROF_PCIE_TX_BYTES": (busy * 1.9e9).at,
        "DCGM_FI_PROF_PCIE_RX_BYTES": (busy * 2.6e9).at,
        **profile(busy),
        **framebuffer(MEMORY_MIB, RESERVED_MIB, pod is not None),
    }


def slice_readings(cluster: Cluster, node: Node, card: Card, part: MigSlice) -> dict[str, Value]:
    """A MIG instance reports no GPU_UTIL; its engine activity is all that says how busy it is."""
    busy = load.of_card(cluster, node, card, part.instance)
    held = load.holder(cluster, node, card, part.instance) is not None
    return {**profile(busy), **framebuffer(float(part.memory_mib), 59.0, held)}
