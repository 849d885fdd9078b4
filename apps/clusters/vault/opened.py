"""What this process has opened lately, so that a round of checks asks nobody. Bounded, unprinted.

A box never changes, so what it held is right for as long as it is there at all. That it still is
is looked at again after a while: whoever deletes a Secret means it.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

MOST = 20_000
FRESH_SECONDS = 600.0
# That something is not there may change as soon as a person has seen it.
FRESH_SECONDS_OF_NOTHING = 15.0
# How long nobody else asks after an API that did not answer; a hundred clusters would each wait.
PAUSE_SECONDS = 5.0

Box = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a box held, or that there was none."""

    text: str | None = field(repr=False)
    fresh_until: float

    @property
    def fresh(self) -> bool:
        return time.monotonic() < self.fresh_until


class Opened:
    """Texts by box; beyond MOST the one that was used longest ago goes."""

    def __init__(self) -> None:
        self._texts: OrderedDict[Box, Kept] = OrderedDict()
        self._pause = (0.0, "")
        self._lock = Lock()

    def find(self, box: Box) -> Kept | None:
        with self._lock:
            kept = self._texts.get(box)
            if kept is not None:
                self._texts.move_to_end(box)
            return kept

    def stale(self, boxes: Iterable[Box]) -> list[Box]:
        """Return those of which nothing is known, or nothing fresh."""
        known = [(box, self.find(box)) for box in boxes]
        return [box for box, kept in known if kept is None or not kept.fresh]

    def keep(self, box: Box, text: str | None) -> None:
        seconds = FRESH_SECONDS_OF_NOTHING if text is None else FRESH_SECONDS
        with self._lock:
            self._texts[box] = Kept(text, time.monotonic() + seconds)
            self._texts.move_to_end(box)
            while len(self._texts) > MOST:
                self._texts.popitem(last=False)

    def drop(self, box: Box) -> None:
        with self._lock:
            self._texts.pop(box, None)

    def pause(self, reason: str) -> None:
        """Note that the store is away, and why."""
        self._pause = (time.monotonic() + PAUSE_SECONDS, reason)

    def pausing(self) -> str:
        """Return why the store is not asked just now, or nothing."""
        until, reason = self._pause
        return reason if time.monotonic() < until else ""

    def clear(self) -> None:
        with self._lock:
            self._texts.clear()
            self._pause = (0.0, "")


OPENED = Opened()
