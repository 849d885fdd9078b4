"""Each card's values as nvidia-smi writes them, by the names that its table has for them."""

import uuid
from dataclasses import dataclass

from apps.simulator import load
from apps.simulator.exporters import dcgm
from apps.simulator.kube.metadata import Moment
from apps.simulator.world import Card, MigSlice, Node

# A margin of nothing is the highest temperature to operate at, two degrees under the slowdown.
MARGIN = dcgm.SLOWDOWN_CELSIUS - 2
REASONS = {
    "gpu_idle": 0x1,
    "applications_clocks_setting": 0x2,
    "sw_power_cap": 0x4,
    "hw_slowdown": 0x8,
    "hw_thermal_slowdown": 0x40,
    "hw_power_brake_slowdown": 0x80,
    "sync_boost": 0x10,
    "sw_thermal_slowdown": 0x20,
    "display_clocks_setting": 0x100,
}
NOT_GIVEN = "N/A"
# Of a slice's memory one seventh comes with each of these.
PROCESSORS_OF = {"1g.10gb": 16, "3g.40gb": 60}


@dataclass(frozen=True, slots=True)
class Scene:
    """A node at a moment, as a container sees it: with the processes of the host, or without."""

    node: Node
    moment: Moment
    sees_processes: bool = True

    def is_lost(self, card: Card) -> bool:
        on = self.moment.incidents.active("gpu-xid", self.moment.now)
        return on is not None and (self.node.name, card.index) == dcgm.LOST


def figures(scene: Scene, card: Card) -> dict[str, float]:
    """Return what the exporter says of a card at this moment, by the names of its series."""
    moment = scene.moment
    found = dcgm.board(moment.cluster, scene.node, card, moment.incidents)
    if not card.slices:
        pod = load.holder(moment.cluster, scene.node, card)
        found = {**dcgm.whole_card(moment.cluster, scene.node, card, pod), **found}
    return {name: one(moment.now) if callable(one) else one for name, one in found.items()}


def memory_of(scene: Scene, card: Card, part: MigSlice) -> dict[str, int]:
    """Return a slice's memory in MiB, by nvidia-smi's words for it."""
    moment = scene.moment
    found = dcgm.slice_readings(moment.cluster, scene.node, card, part)
    return _memory({name: one for name, one in found.items() if not callable(one)})


def _memory(said: dict[str, float]) -> dict[str, int]:
    parts = ("total", "reserved", "used", "free")
    return {part: int(said[f"DCGM_FI_DEV_FB_{part.upper()}"]) for part in parts}


def of_whole(scene: Scene, card: Card) -> dict[str, int]:
    """Return the memory of the whole card; of one in slices, what they hold of it."""
    if not card.slices:
        return _memory(figures(scene, card))
    used = sum(memory_of(scene, card, part)["used"] for part in card.slices)
    total, reserved = int(dcgm.MEMORY_MIB), int(dcgm.RESERVED_MIB)
    return {"total": total, "reserved": reserved, "used": used, "free": total - reserved - used}


def slice_uuid(card: Card, part: MigSlice) -> str:
    return f"MIG-{uuid.uuid5(uuid.NAMESPACE_URL, f'{card.uuid}/{part.instance}')}"


def printed(scene: Scene, card: Card) -> dict[str, str]:
    """Return all values of a card; one that has fallen off the bus gives none but its names."""
    mode = "Enabled" if card.slices else "Disabled"
    names = {
        "name": dcgm.MODEL,
        "uuid": card.uuid,
        "pci.bus_id": card.pci_bus_id,
        "index": str(card.index),
        "driver_version": dcgm.DRIVER,
        "count": str(len(scene.node.cards)),
    }
    values = {
        **_measured(figures(scene, card)),
        **{f"memory.{part}": f"{n} MiB" for part, n in of_whole(scene, card).items()},
        "driver_model.current": NOT_GIVEN,
        "fan.speed": NOT_GIVEN,
        "pstate": "P0",
        "mig.mode.current": mode,
        "mig.mode.pending": mode,
        "ecc.mode.current": "Enabled",
        "gpu_recovery_action": "None",
        "pcie.link.gen.gpucurrent": "5",
        "pcie.link.gen.max": "5",
        "pcie.link.width.current": "16",
        "pcie.link.width.max": "16",
        "fabric.state": "Completed",
        "fabric.status": "Success",
        "retired_pages.single_bit_ecc.count": NOT_GIVEN,
        "retired_pages.double_bit.count": NOT_GIVEN,
        "retired_pages.pending": NOT_GIVEN,
        "ecc.errors.uncorrected.aggregate.sram.thresholdExceeded": "No",
        **dict.fromkeys(_ecc_columns(), "0"),
    }
    if scene.is_lost(card):
        values = dict.fromkeys(values, "GPU is lost")
    return names | values


def _ecc_columns() -> list[str]:
    return [
        f"ecc.errors.{kind}.{span}.{where}"
        for kind in ("corrected", "uncorrected")
        for span in ("volatile", "aggregate")
        for where in ("sram", "dram", "total")
    ]


def _measured(said: dict[str, float]) -> dict[str, str]:
    def whole(name: str, unit: str) -> str:
        value = said.get(f"DCGM_FI_DEV_{name}")
        return NOT_GIVEN if value is None else f"{int(value)}{unit}"

    def flag(name: str) -> str:
        return "Yes" if said[f"DCGM_FI_DEV_{name}"] else "No"

    mask = int(said["DCGM_FI_DEV_CLOCKS_EVENT_REASONS"])
    limit = f"{said['DCGM_FI_DEV_POWER_MGMT_LIMIT']:.2f} W"
    return {
        "temperature.gpu": whole("GPU_TEMP", " C"),
        "temperature.memory": whole("MEMORY_TEMP", " C"),
        "temperature.gpu.tlimit": f"{int(MARGIN - said['DCGM_FI_DEV_GPU_TEMP'])} C",
        "power.draw": f"{said['DCGM_FI_DEV_POWER_USAGE']:.2f} W",
        "enforced.power.limit": limit,
        "power.default_limit": limit,
        "power.max_limit": limit,
        "clocks.current.sm": whole("SM_CLOCK", " MHz"),
        "clocks.current.memory": whole("MEM_CLOCK", " MHz"),
        "clocks.max.sm": f"{int(dcgm.TOP_CLOCK)} MHz",
        "clocks.max.memory": "2619 MHz",
        "utilization.gpu": whole("GPU_UTIL", " %"),
        "utilization.memory": whole("MEM_COPY_UTIL", " %"),
        "utilization.encoder": whole("ENC_UTIL", " %"),
        "utilization.decoder": whole("DEC_UTIL", " %"),
        "pcie.replays": whole("PCIE_REPLAY_COUNTER", ""),
        "remapped_rows.correctable": whole("CORRECTABLE_REMAPPED_ROWS", ""),
        "remapped_rows.uncorrectable": whole("UNCORRECTABLE_REMAPPED_ROWS", ""),
        "remapped_rows.failure": flag("ROW_REMAP_FAILURE"),
        "remapped_rows.pending": "No",
        "clocks_event_reasons.active": f"0x{mask:016x}",
        **{
            f"clocks_event_reasons.{name}": "Active" if mask & bit else "Not Active"
            for name, bit in REASONS.items()
        },
    }
