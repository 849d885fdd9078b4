"""Cards that the driver counts and cannot reach: they stay in their node, and are failing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from apps.observability.actions.gpus.before import NodeBefore
from apps.observability.gpus import stored
from apps.observability.gpus.merging import LIVE
from apps.observability.gpus.stored import Packed
from apps.observability.models import GpuCard

FAILURE = "nvidia-smi cannot reach the card"
_UNKNOWN = dict.fromkeys((*LIVE, "processes", "tlimit_celsius", "throttle_reasons"))


def find(nodes: Sequence[tuple[NodeBefore, Iterable[str], Sequence[str]]]) -> dict[int, Packed]:
    """Return such cards by the number of their row, as they are to be stored now.

    Given are nodes with the keys of the cards that were read and the addresses that are silent.
    """
    wanted = [
        card.id
        for row, read, lost in nodes
        for key, card in row.cards.items()
        if card.bus_id in lost and card.gone_at is None and key not in {*read}
    ]
    if not wanted:
        return {}
    return {card.id: _failing(card) for card in GpuCard.objects.filter(pk__in=wanted)}


def _failing(card: GpuCard) -> Packed:
    """Whose it is stays known; what it does nobody can say."""
    gpu = stored.gpu(card)
    slices = gpu.mig_instances
    if slices is not None:
        unmeasured = {"utilization_gpu_percent": None, "memory_used_mb": None}
        slices = tuple(replace(one, **unmeasured) for one in slices)  # type: ignore[arg-type]
    return stored.pack(replace(gpu, **_UNKNOWN, mig_instances=slices, failure=FAILURE))  # type: ignore[arg-type]
