"""Whether a reading is news to who watches, and the event that tells it: one a node."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from apps.observability import events
from apps.observability.actions.gpus.comings import Seen
from apps.observability.gpus import shown, unseen
from apps.observability.gpus.stored import Packed
from apps.observability.gpus.use import IDLE_PERCENT
from apps.observability.gpus.xids import Severity
from apps.streaming.envelope import Event

# What moves less than this since it was told last is no news: per cent of use, a share of all
# memory and of the power limit, degrees. Rows and history have it all the same.
USE_POINTS, MEMORY_SHARE, POWER_SHARE, DEGREES = 5.0, 0.01, 0.05, 2.0
# Where the card does not say how much it has.
MEMORY_MB, POWER_WATTS = 256.0, 20.0
# Of a message's 64 KiB; the envelope takes its part.
MOST_BYTES = 60_000
# Of each card, where all do not fit.
FEW_PROCESSES = (32, 8, 2, 0)


def figures(card: Packed) -> list[float | None]:
    gpu = card.gpu
    return [card.busy_percent, gpu.memory_used_mb, gpu.power_draw_watts, gpu.temperature_celsius]


def is_news(card: Packed, told: Sequence[float | None]) -> bool:
    """Whether a figure is far from the one that was told last, or came or went."""
    now, gpu = figures(card), card.gpu
    if len(told) != len(now):
        return True
    steps = (
        USE_POINTS,
        MEMORY_SHARE * gpu.memory_total_mb if gpu.memory_total_mb else MEMORY_MB,
        POWER_SHARE * gpu.power_limit_watts if gpu.power_limit_watts else POWER_WATTS,
        DEGREES,
    )
    return _idles(now[0]) != _idles(told[0]) or any(
        (old is None) != (new is None) or (old is not None and abs((new or 0) - old) >= step)
        for old, new, step in zip(told, now, steps, strict=True)
    )


def _idles(busy: float | None) -> bool:
    return busy is not None and busy < IDLE_PERCENT


def event(seen: Seen, cluster_name: str) -> Event:
    """Return the GPU_UPDATE of a node as it was read now."""
    reading = seen.read.reading
    payload: dict[str, Any] = {
        "cluster_id": seen.row.cluster_id,
        "cluster_name": cluster_name,
        "node_name": seen.read.name,
        "gpus": [_card(one, seen) for one in seen.cards.values()],
        "source": reading.source,
        "last_updated": seen.read.at,
        "stale": False,
        "errors": reading.errors,
        "findings": [
            shown.finding(one)
            for one in unseen.judge(seen.read.lost(seen.row.lost), _addresses(seen))
        ],
    }
    return events.gpu_update(
        (seen.row.cluster_id, cluster_name), seen.read.name, orjson.Fragment(_fitting(payload))
    )


def _addresses(seen: Seen) -> Iterator[str | None]:
    """Return those of the cards that were read now, and of others that are not gone."""
    yield from (one.gpu.bus_id for one in seen.cards.values())
    yield from (
        old.bus_id
        for key, old in seen.row.cards.items()
        if key not in seen.cards and old.gone_at is None
    )


def _card(card: Packed, seen: Seen) -> dict[str, Any]:
    reading = seen.read.reading
    return shown.card(card.gpu) | {
        "driver_version": reading.driver_version,
        "cuda_version": reading.cuda_version,
        "busy_percent": card.busy_percent,
        "allocated": card.allocated,
        "shared": card.shared,
        "health": Severity(card.worst).name,
        "findings": [shown.finding(one) for one in card.findings],
    }


def _fitting(payload: dict[str, Any]) -> bytes:
    """Write it with as many processes as fit, those with the most memory first."""
    body = orjson.dumps(payload, option=orjson.OPT_UTC_Z)
    for few in FEW_PROCESSES:
        if len(body) <= MOST_BYTES:
            break
        for card in payload["gpus"]:
            listed = card["processes"]
            if listed is None or len(listed) <= few:
                continue
            listed.sort(key=lambda one: -(one["used_memory_mb"] or 0))
            card["processes_left_out"] += len(listed) - few
            del listed[few:]
        body = orjson.dumps(payload, option=orjson.OPT_UTC_Z)
    return body
