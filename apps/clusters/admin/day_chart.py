"""The geometry of one day of checks: a line of latencies over a band of states."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from apps.clusters.models.cluster import State

SLOT = timedelta(minutes=15)
SLOTS = 96
# In the units of the drawing; the page stretches it to its own width.
SLOT_WIDTH, HEIGHT = 10, 100
# From bad to good: of several states in one slot the first is shown.
BY_GRAVITY = (State.OFFLINE, State.DEGRADED, State.UNKNOWN, State.PROVISIONING, State.ONLINE)


@dataclass(frozen=True, slots=True)
class Slot:
    """What the checks of one quarter of an hour found; without checks there is no slot."""

    starts_at: datetime
    checks: int
    state: State
    latency_ms: float | None
    slowest_ms: int | None


@dataclass(frozen=True, slots=True)
class Band:
    x: int
    width: int
    state: str
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    lines: list[str]
    bands: list[Band]
    top_ms: int
    width: int = SLOT_WIDTH * SLOTS
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Hour:
    """One line of the table that says the same in words."""

    starts_at: datetime
    state: str
    checks: int
    latency_ms: int | None
    slowest_ms: int | None


def first_slot(now: datetime) -> datetime:
    """Return when the drawn day begins; the slot that `now` is in is its last."""
    minutes = now.minute - now.minute % 15
    return now.replace(minute=minutes, second=0, microsecond=0) - SLOT * (SLOTS - 1)


def draw(slots: Sequence[Slot], start: datetime) -> Chart:
    placed = [((slot.starts_at - start) // SLOT, slot) for slot in slots]
    top = _round_up(max((slot.latency_ms or 0 for slot in slots), default=0))
    return Chart(list(_lines(placed, top)), list(_bands(placed, start)), top)


def tell_hours(slots: Sequence[Slot]) -> list[Hour]:
    """Sum the slots up by hours, newest first."""

    def hour_of(slot: Slot) -> datetime:
        return slot.starts_at.replace(minute=0)

    hours = [_sum_up(hour, list(group)) for hour, group in groupby(slots, hour_of)]
    return hours[::-1]


def tell_day(slots: Sequence[Slot]) -> str:
    """Say in one sentence what the drawing shows."""
    if not slots:
        return "There was no check in the last 24 hours."
    by_state = [
        (state, sum(slot.state == state for slot in slots) / len(slots))
        for state in BY_GRAVITY[::-1]
    ]
    states = ", ".join(f"{state.label.lower()} {share:.0%}" for state, share in by_state if share)
    told = f"By the worst state of each quarter of an hour: {states}."
    whole = _sum_up(slots[0].starts_at, slots)
    if whole.latency_ms is None:
        return f"{told} The API server never answered."
    return (
        f"{told} Answers took {whole.latency_ms} ms on average and {whole.slowest_ms} ms at most."
    )


def _sum_up(moment: datetime, slots: Sequence[Slot]) -> Hour:
    worst = min((slot.state for slot in slots), key=BY_GRAVITY.index)
    answered = [slot for slot in slots if slot.latency_ms is not None]
    weight = sum(slot.checks for slot in answered)
    total = sum((slot.latency_ms or 0) * slot.checks for slot in answered)
    return Hour(
        moment,
        worst.label,
        sum(slot.checks for slot in slots),
        round(total / weight) if weight else None,
        max((slot.slowest_ms or 0 for slot in answered), default=None),
    )


def _lines(placed: Sequence[tuple[int, Slot]], top: int) -> Iterator[str]:
    """Yield a polyline's points for every stretch of neighbouring slots that have a latency."""
    known = [(at, slot.latency_ms) for at, slot in placed if slot.latency_ms is not None]
    for _, stretch in groupby(enumerate(known), lambda item: item[1][0] - item[0]):
        points = []
        for _, (at, latency) in stretch:
            y = HEIGHT - latency / top * HEIGHT
            # The whole width of its slot, so that one alone is seen too.
            points += [f"{at * SLOT_WIDTH},{y:.1f}", f"{(at + 1) * SLOT_WIDTH},{y:.1f}"]
        yield " ".join(points)


def _bands(placed: Sequence[tuple[int, Slot]], start: datetime) -> Iterator[Band]:
    for (_, state), stretch in groupby(
        enumerate(placed), lambda item: (item[1][0] - item[0], item[1][1].state)
    ):
        places = [at for _, (at, _) in stretch]
        first, after = places[0], places[-1] + 1
        since, until = start + SLOT * first, start + SLOT * after
        yield Band(
            first * SLOT_WIDTH,
            (after - first) * SLOT_WIDTH,
            state.lower(),
            f"{state.label}, {since:%H:%M} to {until:%H:%M} UTC",
        )


def _round_up(latency: float) -> int:
    """Return the next of 10, 20, 50, 100, 200 ..., so that the scale is read at a glance."""
    scale = 10
    while True:
        for step in (1, 2, 5):
            if latency <= scale * step:
                return scale * step
        scale *= 10
