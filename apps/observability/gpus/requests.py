"""Who was given the cards that no process and no label tells of: the pods that ask for such.

Kubernetes promises a pod a number of devices, and does not say which. Where one pod asks for all
that is left, or there is one card, its holders are certain. Else the number that each pod holds is
right, and which of the cards are its own is a guess, and said to be one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from apps.observability.gpus.reading import Gpu, Holder, MigInstance
from apps.observability.gpus.use import HELD_MEMORY

# By NVIDIA's device plugin. Of cards that take turns there are more devices than cards.
WHOLE = {"nvidia.com/gpu", "nvidia.com/gpu.shared"}
SLICE = "nvidia.com/mig-"


@dataclass(frozen=True, slots=True)
class Request:
    """So many devices that one container was promised."""

    holder: Holder
    resource: str
    amount: int


@dataclass(slots=True)
class _Unit:
    """A card, or a slice of one, by their places in the reading."""

    card: int
    part: int | None
    profile: str
    has_memory: bool
    holders: list[Holder]


def given_to_requests(
    gpus: Sequence[Gpu], requests: Sequence[Request], unseen: int = 0
) -> tuple[Gpu, ...]:
    """Return the cards with those who ask for them as holders, where nobody is known to hold them.

    A request is met first by what its pod is known to hold. What is left of it gets devices that
    nobody holds, those whose memory is used first. Where more is asked for than there are, cards
    are held in turns, and each request is given to the card that the fewest hold. `unseen` cards
    are in the node and not in the reading: they meet requests too, and nobody takes turns for them.
    """
    units = list(_units(gpus))
    for pool, asked in _pools(units, requests):
        pending = _pending(pool, asked)
        free = [one for one in pool if not one.holders]
        if sum(pending.values()) <= len(free) + unseen:
            _hand_out(free, pending)
        else:
            _take_turns(pool, pending)
    return tuple(_with(gpu, at, units) for at, gpu in enumerate(gpus))


def has_free(gpus: Sequence[Gpu]) -> bool:
    """Whether there is a card or a slice that nobody is known to hold."""
    return any(not one.holders for one in _units(gpus))


def is_held(gpus: Sequence[Gpu]) -> bool:
    """Whether there is a card or a slice that somebody is known to hold."""
    return any(one.holders for one in _units(gpus))


def _units(gpus: Sequence[Gpu]) -> Iterator[_Unit]:
    for at, gpu in enumerate(gpus):
        if not gpu.mig_instances:
            yield _Unit(at, None, "", _has_memory(gpu), list(gpu.holders))
        for number, part in enumerate(gpu.mig_instances or ()):
            profile = (part.profile or "").replace("+", ".")
            yield _Unit(at, number, profile, _has_memory(part), list(part.holders))


def _has_memory(one: Gpu | MigInstance) -> bool:
    used, total = one.memory_used_mb, one.memory_total_mb
    return bool(used and total and used / total >= HELD_MEMORY)


def _pools(
    units: Sequence[_Unit], requests: Sequence[Request]
) -> Iterator[tuple[list[_Unit], list[Request]]]:
    """Pair the devices of each kind with the requests for such.

    Where all cards are in slices, a slice may go by the name of a card (the strategy "single").
    """
    whole = [one for one in units if one.part is None]
    yield whole or [*units], [one for one in requests if one.resource in WHOLE]
    for resource in sorted({one.resource for one in requests if one.resource.startswith(SLICE)}):
        profile = resource.removeprefix(SLICE)
        pool = [one for one in units if one.part is not None and one.profile == profile]
        yield pool, [one for one in requests if one.resource == resource]


def _pending(pool: Sequence[_Unit], requests: Sequence[Request]) -> dict[Holder, int]:
    """Return what is left of the requests once the devices that are known to be held are taken."""
    pending: dict[Holder, int] = {}
    for one in sorted(requests, key=lambda request: request.holder):
        held = sum(any(_is_same(one.holder, its) for its in unit.holders) for unit in pool)
        left = pending.get(one.holder, 0) + one.amount - held
        if left > 0:
            pending[one.holder] = left
    return pending


def _is_same(asking: Holder, holding: Holder) -> bool:
    same_pod = (asking.namespace, asking.pod) == (holding.namespace, holding.pod)
    return same_pod and holding.container in {"", asking.container}


def _hand_out(free: Sequence[_Unit], pending: Mapping[Holder, int]) -> None:
    certain = len(pending) == 1 and sum(pending.values()) >= len(free)
    wanting = [holder for holder, amount in pending.items() for _ in range(amount)]
    likely = sorted(free, key=lambda one: not one.has_memory)
    for unit, holder in zip(likely, wanting, strict=False):
        unit.holders.append(replace(holder, certain=certain))


def _take_turns(pool: Sequence[_Unit], pending: Mapping[Holder, int]) -> None:
    certain = len(pool) == 1
    for holder, amount in pending.items():
        # A pod that asks for two is given two cards, not one card twice.
        fewest = sorted(pool, key=lambda one: len(one.holders))
        for unit in fewest[:amount]:
            unit.holders.append(replace(holder, certain=certain))


def _with(gpu: Gpu, at: int, units: Sequence[_Unit]) -> Gpu:
    own = {one.part: tuple(sorted(one.holders)) for one in units if one.card == at}
    if not gpu.mig_instances:
        return gpu if own[None] == gpu.holders else replace(gpu, holders=own[None])
    parts = tuple(
        replace(part, holders=own[number]) for number, part in enumerate(gpu.mig_instances)
    )
    return replace(gpu, mig_instances=parts)
