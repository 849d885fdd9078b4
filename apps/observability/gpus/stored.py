"""A card as it lies in its row, and out of it again: a reading in columns and two parts of JSON.

Figures are rounded to a tenth before they are compared, so that noise is no change. The energy
counter is not kept: it moves with each reading, and history has the energy from the power.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from operator import attrgetter
from typing import Any

import msgspec

from apps.observability.gpus import health, shown, use
from apps.observability.gpus.reading import Gpu, Holder, MigInstance
from apps.observability.models import GpuCard
from apps.observability.models.gpu_history import UNITS

# What a row has columns for: what moves with each reading, and what does not.
FIGURES = (
    "memory_used_mb",
    "memory_free_mb",
    "utilization_gpu_percent",
    "utilization_memory_percent",
    "temperature_celsius",
    "power_draw_watts",
    "fan_speed_percent",
)
FACTS = (
    "uuid",
    "index",
    "name",
    "bus_id",
    "memory_total_mb",
    "power_limit_watts",
    "mig_enabled",
)
# What moves and has no column.
PARTS = (
    "mig_instances",
    "processes",
    "utilization_encoder_percent",
    "utilization_decoder_percent",
    "memory_temperature_celsius",
    "tlimit_celsius",
    "pstate",
    "sm_clock_mhz",
    "memory_clock_mhz",
    "pcie_generation",
    "pcie_width",
)
_LEFT_OUT = "energy_joules"
_DEFAULTS = {one.name: one.default for one in fields(Gpu) if one.default is not MISSING}
_REST = tuple(name for name in _DEFAULTS if name not in {*FIGURES, *FACTS, *PARTS, _LEFT_OUT})
_figures, _facts = attrgetter(*FIGURES), attrgetter(*FACTS)
_parts, _rest = attrgetter(*PARTS), attrgetter(*_REST)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Packed:
    """A card as its row has it: `figures` and `told_facts` in the order of the names above.

    `worst` is the severity of the worst finding; the JSON parts are texts.
    """

    gpu: Gpu
    key: str
    figures: tuple[Any, ...]
    told_facts: tuple[Any, ...]
    busy_percent: float | None
    allocated: float
    shared: bool
    namespaces: tuple[str, ...]
    shares: tuple[use.Share, ...]
    findings: tuple[health.Finding, ...]
    facts: bytes
    parts: bytes
    facts_digest: bytes
    figures_digest: bytes

    @property
    def worst(self) -> int:
        return int(max((one.severity for one in self.findings), default=0))

    def derived(self) -> dict[str, Any]:
        """Return the columns that are worked out, and the JSON."""
        return {
            "busy_percent": self.busy_percent,
            "allocated": self.allocated,
            "shared": self.shared,
            "namespaces": self.namespaces,
            "severity": self.worst,
            "findings": [shown.finding(one) for one in self.findings],
            "facts": msgspec.Raw(self.facts),
            "parts": msgspec.Raw(self.parts),
            "facts_digest": self.facts_digest.hex(),
            "figures_digest": self.figures_digest.hex(),
        }


def pack(gpu: Gpu) -> Packed:
    gpu = _without_noise(gpu)
    shares = use.shares(gpu)
    findings = health.judge(gpu)
    figures, told = _figures(gpu), _facts(gpu)
    figures = tuple(round(one, 1) if type(one) is float else one for one in figures)
    parts = _encode(_given(PARTS, _parts(gpu)))
    facts = _encode(_given(_REST, _rest(gpu)))
    namespaces = _namespaces(gpu, shares)
    busy = _busy(shares)
    # Who runs is told at once; what each of them uses moves with the card's own figures.
    running = [one.pid for one in gpu.processes or ()]
    return Packed(
        gpu,
        gpu.uuid or gpu.bus_id or str(gpu.index),
        figures,
        told,
        busy,
        sum(one.weight for one in shares if one.holders),
        any(one.is_shared for one in shares),
        namespaces,
        shares,
        findings,
        facts,
        parts,
        _digest(facts, _encode((told, namespaces, findings, running))),
        _digest(parts, _encode((figures, busy))),
    )


def unit(card_id: int, part: MigInstance | None = None) -> int | None:
    """Return the number by which history knows a card or a slice; None of one without numbers."""
    if part is None:
        return card_id * UNITS
    gi, ci = part.gpu_instance_id, part.compute_instance_id or 0
    if gi is None or not (0 <= gi < 15 and 0 <= ci < 16):
        return None
    return card_id * UNITS + 1 + gi * 16 + ci


def part_of(unit: int) -> tuple[int, int] | tuple[None, None]:
    """Return the GPU and compute instance that a unit is; of a whole card it is none."""
    part = unit % UNITS - 1
    return (part // 16, part % 16) if part >= 0 else (None, None)


def gpu(card: GpuCard) -> Gpu:
    """Return the reading that a row was made of."""
    known: dict[str, Any] = {**card.facts, **card.parts}
    for name in (*FIGURES, *FACTS):
        value = getattr(card, name)
        known[name] = None if value == "" else value
    return msgspec.convert(known, Gpu)


def narrowed(gpu: Gpu, namespaces: Collection[str] | None) -> Gpu:
    """Return the card without pods and processes of other namespaces; None: all are to be seen.

    A process whose pod nobody knows is nobody's there.
    """
    if namespaces is None:
        return gpu
    processes = gpu.processes
    if processes is not None:
        processes = tuple(
            one for one in processes if one.holder and one.holder.namespace in namespaces
        )
    slices = gpu.mig_instances
    if slices is not None:
        slices = tuple(replace(one, holders=_ours(one.holders, namespaces)) for one in slices)
    ours = _ours(gpu.holders, namespaces)
    return replace(gpu, processes=processes, mig_instances=slices, holders=ours)


def _ours(holders: tuple[Holder, ...], namespaces: Collection[str]) -> tuple[Holder, ...]:
    return tuple(one for one in holders if one.namespace in namespaces)


def _given(names: tuple[str, ...], values: tuple[Any, ...]) -> Mapping[str, Any]:
    return {
        name: value
        for name, value in zip(names, values, strict=True)
        if value is not None and value != _DEFAULTS[name]
    }


def _without_noise(gpu: Gpu) -> Gpu:
    if not gpu.mig_instances:
        return gpu
    rounded = tuple(
        one
        if one.utilization_gpu_percent is None
        else replace(one, utilization_gpu_percent=round(one.utilization_gpu_percent, 1))
        for one in gpu.mig_instances
    )
    return replace(gpu, mig_instances=rounded)


def _busy(shares: tuple[use.Share, ...]) -> float | None:
    known = [one.weight * one.busy_percent for one in shares if one.busy_percent is not None]
    return round(sum(known), 1) if len(known) == len(shares) else None


def _namespaces(gpu: Gpu, shares: tuple[use.Share, ...]) -> tuple[str, ...]:
    found = {holder.namespace for one in shares for holder in one.holders}
    found |= {one.holder.namespace for one in gpu.processes or () if one.holder}
    return tuple(sorted(found))


def _digest(*parts: bytes) -> bytes:
    made = hashlib.blake2b(digest_size=8)
    for part in parts:
        made.update(part)
    return made.digest()
