"""The XML of `nvidia-smi -q -x`: elements in the order that drivers of its time print them."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape

from apps.simulator.exporters import dcgm
from apps.simulator.nvidia_smi import processes, tables
from apps.simulator.nvidia_smi.cards import PROCESSORS_OF, Scene, memory_of, printed
from apps.simulator.nvidia_smi.outline import CARD, PROCESS, SLICE
from apps.simulator.world import Card

CUDA = "12.8"
_PLACE = re.compile(r"@([a-zA-Z_.]+)@")
# The steps of its clock, which are most of a card's text.
STEPS = range(1980, 330, -15)


def text(scene: Scene) -> str:
    """Return the document; before it, a line for each card that does not answer."""
    lost = [card for card in scene.node.cards if scene.is_lost(card)]
    before = "".join(f"{tables.silence(card)}\n" for card in lost)
    at = datetime.fromtimestamp(scene.moment.now, UTC).strftime("%a %b %e %H:%M:%S %Y")
    lines = [
        '<?xml version="1.0" ?>',
        '<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">',
        "<nvidia_smi_log>",
        f"\t<timestamp>{at}</timestamp>",
        f"\t<driver_version>{dcgm.DRIVER}</driver_version>",
        f"\t<cuda_version>{CUDA}</cuda_version>",
        f"\t<attached_gpus>{len(scene.node.cards)}</attached_gpus>",
    ]
    for card in scene.node.cards:
        if card not in lost:
            lines += _card(scene, card)
    return before + "\n".join([*lines, "", "</nvidia_smi_log>", ""])


def _card(scene: Scene, card: Card) -> Iterator[str]:
    values = printed(scene, card) | {
        "bus": card.pci_bus_id[9:11],
        "minor": str(card.index),
        "minutes": "N/A",
    }
    yield f'\t<gpu id="{card.pci_bus_id}">'
    parts = {
        "mig_devices": list(_slices(scene, card)),
        "processes": list(_processes(scene, card)),
        "supported_clocks": list(_clocks()),
    }
    yield from elements(CARD, values, 2, parts)
    yield "\t</gpu>"


def elements(
    outline: str, values: Mapping[str, str], depth: int, parts: Mapping[str, list[str]]
) -> Iterator[str]:
    """Write an outline as elements: deeper lines are inside the one above them.

    `parts` are whole lines that stand in the elements of these names.
    """
    open_ones: list[str] = []
    for line in outline.strip("\n").splitlines():
        name, _, said = line.strip().partition(" ")
        level = (len(line) - len(line.lstrip(" "))) // 2
        yield from _closed(open_ones, level, depth)
        indent = "\t" * (depth + level)
        if name in parts:
            inner = parts[name] or [f"{indent}\tNone"] * (name == "mig_devices")
            yield from (f"{indent}<{name}>", *inner, f"{indent}</{name}>")
        elif said:
            filled = _PLACE.sub(lambda place: values[place[1]], said)
            yield f"{indent}<{name}>{escape(filled)}</{name}>"
        else:
            yield f"{indent}<{name}>"
            open_ones.append(name)
    yield from _closed(open_ones, 0, depth)


def _closed(open_ones: list[str], level: int, depth: int) -> Iterator[str]:
    while len(open_ones) > level:
        name = open_ones.pop()
        yield f"{chr(9) * (depth + len(open_ones))}</{name}>"


def _slices(scene: Scene, card: Card) -> Iterator[str]:
    for number, part in enumerate(card.slices):
        values = {
            "index": str(number),
            "instance": str(part.instance),
            "processors": str(PROCESSORS_OF[part.profile]),
            **{f"memory.{n}": f"{m} MiB" for n, m in memory_of(scene, card, part).items()},
        }
        yield "\t\t\t<mig_device>"
        yield from elements(SLICE, values, 4, {})
        yield "\t\t\t</mig_device>"


def _processes(scene: Scene, card: Card) -> Iterator[str]:
    if not scene.sees_processes:
        return
    for one in processes.on(scene.moment.cluster, scene.node):
        if one.card != card.index:
            continue
        values = {
            "instance": "N/A" if one.instance is None else str(one.instance),
            "compute": "N/A" if one.instance is None else "0",
            "pid": str(one.pid),
            "name": one.name,
            "memory": f"{tables.held(scene, card, one)} MiB",
        }
        yield "\t\t\t<process_info>"
        yield from elements(PROCESS, values, 4, {})
        yield "\t\t\t</process_info>"


def _clocks() -> Iterator[str]:
    yield "\t\t\t<supported_mem_clock>"
    yield "\t\t\t\t<value>2619 MHz</value>"
    for step in STEPS:
        yield f"\t\t\t\t<supported_graphics_clock>{step} MHz</supported_graphics_clock>"
    yield "\t\t\t</supported_mem_clock>"
