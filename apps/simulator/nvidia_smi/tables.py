"""What nvidia-smi prints in lines: its list of cards, and its tables of cards and processes."""

from apps.simulator.nvidia_smi import processes
from apps.simulator.nvidia_smi.cards import Scene, memory_of, of_whole, printed, slice_uuid
from apps.simulator.world import Card

UNITS = {"MiB": "MiB", "%": "%", "W": "W", "MHz": "MHz"}
# What the table knows; the XML alone has how often the bus had to say something again.
COLUMNS = {
    *("name", "uuid", "pci.bus_id", "index", "driver_version", "count", "driver_model.current"),
    *(f"memory.{part}" for part in ("total", "reserved", "used", "free")),
    *(f"utilization.{part}" for part in ("gpu", "memory", "encoder", "decoder")),
    *("temperature.gpu", "temperature.gpu.tlimit", "temperature.memory", "fan.speed", "pstate"),
    *("power.draw", "enforced.power.limit", "power.default_limit", "power.max_limit"),
    *("clocks.current.sm", "clocks.current.memory", "clocks.max.sm", "clocks.max.memory"),
    *("mig.mode.current", "mig.mode.pending", "ecc.mode.current", "gpu_recovery_action"),
    *("pcie.link.gen.gpucurrent", "pcie.link.gen.max"),
    *("pcie.link.width.current", "pcie.link.width.max", "fabric.state", "fabric.status"),
    *(f"retired_pages.{p}" for p in ("single_bit_ecc.count", "double_bit.count", "pending")),
    *(f"remapped_rows.{p}" for p in ("correctable", "uncorrectable", "pending", "failure")),
    *(
        f"ecc.errors.{kind}.{span}.{where}"
        for kind in ("corrected", "uncorrected")
        for span in ("volatile", "aggregate")
        for where in ("sram", "dram", "total")
    ),
    "ecc.errors.uncorrected.aggregate.sram.thresholdExceeded",
    "clocks_event_reasons.active",
}
# What came with later drivers, and what was called otherwise.
LATER = {
    *("gpu_recovery_action", "temperature.gpu.tlimit", "fabric.state", "fabric.status"),
    *("memory.reserved", "utilization.encoder", "utilization.decoder", "pcie.link.gen.gpucurrent"),
    *(f"remapped_rows.{part}" for part in ("correctable", "uncorrectable", "pending", "failure")),
    "ecc.errors.uncorrected.aggregate.sram.thresholdExceeded",
    "clocks_event_reasons.active",
}
OLD_REASONS = "clocks_throttle_reasons.active"
OLD_COLUMNS = COLUMNS - LATER | {OLD_REASONS}


def listing(scene: Scene) -> str:
    lines: list[str] = []
    for card in scene.node.cards:
        if scene.is_lost(card):
            lines.append(silence(card))
            continue
        lines.append(f"GPU {card.index}: {printed(scene, card)['name']} (UUID: {card.uuid})")
        lines += [
            f"  MIG {part.profile:<12}Device {number:>2}: (UUID: {slice_uuid(card, part)})"
            for number, part in enumerate(card.slices)
        ]
    return "".join(f"{line}\n" for line in lines)


def silence(card: Card) -> str:
    """Return what stands in place of a card that has fallen off the bus."""
    address = card.pci_bus_id.removeprefix("0000")
    return f"Unable to determine the device handle for GPU{card.index}: {address}: Unknown Error"


def of_cards(columns: list[str], scene: Scene) -> str:
    cells = [printed(scene, card) for card in scene.node.cards]
    for row in cells:
        row[OLD_REASONS] = row["clocks_event_reasons.active"]
    header = [f"{name}{_unit([row[name] for row in cells])}" for name in columns]
    rows = [header, *([_cell(row[name]) for name in columns] for row in cells)]
    return "".join(f"{', '.join(row)}\n" for row in rows)


def _cell(value: str) -> str:
    if value in {"N/A", "GPU is lost"}:
        return f"[{value}]"
    # The table has temperatures without their unit.
    return value.removesuffix(" C")


def _unit(values: list[str]) -> str:
    units = {value.rpartition(" ")[2] for value in values if value[:1].isdigit() and " " in value}
    found = [UNITS[unit] for unit in units if unit in UNITS]
    return f" [{found[0]}]" if found else ""


def of_processes(columns: list[str], scene: Scene) -> str:
    """Return the processes of whole cards and slices; a container of its own PIDs sees none."""
    header = ["used_gpu_memory [MiB]" if name == "used_memory" else name for name in columns]
    rows = [header]
    cards = {card.index: card for card in scene.node.cards}
    found = processes.on(scene.moment.cluster, scene.node) if scene.sees_processes else ()
    for one in found:
        card = cards[one.card]
        if scene.is_lost(card):
            continue
        cells = {
            "pid": str(one.pid),
            "process_name": one.name,
            "gpu_uuid": card.uuid,
            "used_memory": f"{held(scene, card, one)} MiB",
        }
        rows.append([cells[name] for name in columns])
    return "".join(f"{', '.join(row)}\n" for row in rows)


def held(scene: Scene, card: Card, process: processes.Process) -> int:
    """Return the memory that a process holds, in MiB."""
    part = next((one for one in card.slices if one.instance == process.instance), None)
    used = (memory_of(scene, card, part) if part else of_whole(scene, card))["used"]
    return processes.memory(used)
