"""Allocation against use: what of a card was given to whom, and how much of it was worked with.

A card is counted once, however it is divided: its slices weigh together at most one, and one that
is shared in turns is split evenly among those who share it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from apps.observability.gpus.reading import Gpu, Holder, MigInstance
from apps.observability.gpus.varying import vary

# Under this use, in per cent, a card or a slice counts as idle: monitoring alone may touch it.
IDLE_PERCENT = 1.0
# From this share of its memory a card or a slice counts as held, whoever it was given to.
HELD_MEMORY = 0.05
SECONDS_PER_HOUR = 3600.0

# A compute instance smaller than its GPU instance, 1c.3g.40gb, has the slices of its own number.
_SLICES = re.compile(r"(?:(?P<own>[1-7])c\.)?(?P<all>[1-7])g\.")
# Compute slices of a whole card: NVIDIA MIG User Guide, "Supported MIG Profiles".
SLICES, SLICES_OF = 7, {"A30": 4}


@dataclass(frozen=True, slots=True)
class Share:
    """A card, or a slice of one, as it can be given away. `weight` is its part of the card."""

    key: str
    weight: float
    busy_percent: float | None
    memory_share: float | None
    holders: tuple[Holder, ...]

    @property
    def is_shared(self) -> bool:
        """Whether several pods take turns: nobody can say which of them used it."""
        return len(self.holders) > 1

    @property
    def is_idle(self) -> bool | None:
        """Whether it does nothing: use < IDLE_PERCENT. None where its use is not known."""
        return None if self.busy_percent is None else self.busy_percent < IDLE_PERCENT

    @property
    def holds_memory(self) -> bool | None:
        """Whether memory is kept: used / total >= HELD_MEMORY. None where it is not known."""
        return None if self.memory_share is None else self.memory_share >= HELD_MEMORY


@dataclass(frozen=True, slots=True)
class Seen:
    """A share at one moment, in seconds since the epoch."""

    at: float
    share: Share


@dataclass(frozen=True, slots=True)
class Hours:
    """GPU-hours, of whole cards: `held` = `used` + `wasted` + what was held and not measured."""

    held: float = 0.0
    used: float = 0.0
    wasted: float = 0.0
    unmeasured: float = 0.0

    def __add__(self, other: "Hours") -> "Hours":
        return Hours(
            self.held + other.held,
            self.used + other.used,
            self.wasted + other.wasted,
            self.unmeasured + other.unmeasured,
        )


def shares(gpu: Gpu) -> tuple[Share, ...]:
    """Return what of a card can be given away: the card, or its slices where it has such.

    The weight of a slice is its compute slices / those of the card (7; 4 of an A30); without a
    profile it is its memory / the card's. Should they add up to more than 1, they are scaled to it.
    """
    key = gpu.uuid or gpu.bus_id or str(gpu.index)
    if not gpu.mig_instances:
        memory = _ratio(gpu.memory_used_mb, gpu.memory_total_mb)
        # A card in slices that are not known has no use that could be measured.
        busy = None if gpu.mig_enabled else gpu.utilization_gpu_percent
        return (Share(key, 1.0, busy, memory, gpu.holders),)
    weights = [_weight(part, gpu) for part in gpu.mig_instances]
    scale = max(1.0, sum(weights))
    return tuple(
        Share(
            f"{key}/{part.gpu_instance_id}/{part.compute_instance_id}",
            weight / scale,
            part.utilization_gpu_percent,
            _ratio(part.memory_used_mb, part.memory_total_mb),
            part.holders,
        )
        for part, weight in zip(gpu.mig_instances, weights, strict=True)
    )


def busy_percent(gpu: Gpu) -> float | None:
    """Return the use of a whole card in per cent: its own, or sum(weight x use) of its slices.

    None where it is not known, also of one slice: the others' sum would be too low.
    """
    parts = shares(gpu)
    known = [one.weight * one.busy_percent for one in parts if one.busy_percent is not None]
    return sum(known) if len(known) == len(parts) else None


def allocated(gpu: Gpu) -> float:
    """Return what of a card was given away, from 0 to 1: the sum of the weights with holders."""
    return sum(one.weight for one in shares(gpu) if one.holders)


def tally(seen: Sequence[Seen], longest_gap: float) -> dict[Holder, Hours]:
    """Return the GPU-hours of each holder, from one share's states in the order of their time.

    Each state holds until the next, for t seconds; with n holders each has
    held = weight x t / n / 3600, used = held x use / 100, wasted = held - used, all in hours of a
    whole GPU. Where the use is not known, the hours are `unmeasured` and neither used nor wasted.
    A gap longer than `longest_gap` seconds is counted to nobody: what was then, nobody saw.
    """
    found: dict[Holder, Hours] = {}
    for before, after in pairwise(seen):
        seconds = after.at - before.at
        if not 0 < seconds <= longest_gap or not before.share.holders:
            continue
        share = before.share
        held = share.weight * seconds / len(share.holders) / SECONDS_PER_HOUR
        hours = Hours(held=held, unmeasured=held)
        if share.busy_percent is not None:
            used = held * min(share.busy_percent, 100.0) / 100.0
            hours = Hours(held=held, used=used, wasted=held - used)
        for holder in share.holders:
            found[holder] = found.get(holder, Hours()) + hours
    return found


def by_namespace(hours: Iterable[Mapping[Holder, Hours]]) -> dict[str, Hours]:
    """Add up the hours of many shares by namespace, in GPU-hours."""
    found: dict[str, Hours] = {}
    for one in hours:
        for holder, its in one.items():
            found[holder.namespace] = found.get(holder.namespace, Hours()) + its
    return found


def idle_since(seen: Sequence[Seen], longest_gap: float) -> float | None:
    """Return since when a share was idle and given to the same holders without a break, in seconds.

    None where the last state is not idle, is not given away, or its use is not known. A gap longer
    than `longest_gap`, another holder or an unknown use ends the stretch: it is then shorter than
    it may have been, never longer.
    """
    since: float | None = None
    for place in range(len(seen) - 1, -1, -1):
        now = seen[place]
        if not now.share.is_idle or now.share.holders != seen[-1].share.holders:
            break
        if not now.share.holders or (since is not None and since - now.at > longest_gap):
            break
        since = now.at
    return since


def given_to_processes(gpu: Gpu) -> Gpu:
    """Return the card with the pods of its processes as its holders, where nobody told of any.

    nvidia-smi knows who runs and not who was given it: a pod that runs nothing is not seen.
    """
    if gpu.holders or any(one.holders for one in gpu.mig_instances or ()):
        return gpu
    found: dict[tuple[int | None, int | None], set[Holder]] = {}
    for one in gpu.processes or ():
        if one.holder is not None:
            place = (one.gpu_instance_id, one.compute_instance_id)
            found.setdefault(place if gpu.mig_instances else (None, None), set()).add(one.holder)
    if not found:
        return gpu
    slices = gpu.mig_instances
    if not slices:
        return vary(gpu, holders=tuple(sorted(found[None, None])))
    held = (found.get((one.gpu_instance_id, one.compute_instance_id), set()) for one in slices)
    parts = zip(slices, held, strict=True)
    return replace(
        gpu, mig_instances=tuple(replace(one, holders=tuple(sorted(its))) for one, its in parts)
    )


def _weight(part: MigInstance, gpu: Gpu) -> float:
    slices = _SLICES.match(part.profile or "")
    if slices:
        model = next((one for name, one in SLICES_OF.items() if name in (gpu.name or "")), SLICES)
        return int(slices["own"] or slices["all"]) / model
    return _ratio(part.memory_total_mb, gpu.memory_total_mb) or 0.0


def _ratio(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None
