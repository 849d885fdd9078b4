"""The history's newest row: what a node's cards and slices read, by their units."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from apps.observability.gpus import stored
from apps.observability.gpus.stored import Packed
from apps.observability.models.gpu_history import BUCKET_SECONDS

Figures = tuple[int, float | None, int | None, float | None, int | None]


def sample(
    node_id: int, at: datetime, cards: Mapping[str, Packed], ids: Mapping[str, int]
) -> tuple[Any, ...] | None:
    """Return (node, moment, units, use, memory, watts, degrees), None without any unit."""
    found = [one for key, card in cards.items() if key in ids for one in _figures(card, ids[key])]
    if not found:
        return None
    return (node_id, bucket(at), *map(list, zip(*found, strict=True)))


def bucket(at: datetime) -> datetime:
    """Return the begin of the 15 seconds that a moment lies in."""
    return datetime.fromtimestamp(at.timestamp() // BUCKET_SECONDS * BUCKET_SECONDS, UTC)


def _figures(card: Packed, card_id: int) -> Iterator[Figures]:
    gpu = card.gpu
    whole = stored.unit(card_id)
    if whole is not None:
        busy, memory = card.busy_percent, gpu.memory_used_mb
        yield whole, busy, memory, gpu.power_draw_watts, gpu.temperature_celsius
    for part in gpu.mig_instances or ():
        unit = stored.unit(card_id, part)
        if unit is not None:
            yield unit, part.utilization_gpu_percent, part.memory_used_mb, None, None
