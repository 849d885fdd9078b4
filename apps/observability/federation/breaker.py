"""Leaves an upstream alone that fails again and again, and tries it now and then by one question.

Pure: the clock and the chance are given from outside.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


@dataclass(frozen=True, slots=True)
class Rules:
    """So many failures in a row open it; the waits double between `first_wait` and `longest`."""

    failures: int = 5
    first_wait: float = 5.0
    longest: float = 60.0


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody may ask. `probe` is the one who finds out for all the others."""

    probe: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody may ask now; the seconds since it opened, and until it is tried next."""

    since: float
    tried_in: float
    failures: int

    @property
    def reason(self) -> str:
        then = f"tried next in {self.tried_in:.0f} s" if self.tried_in else "being tried just now"
        return (
            f"left alone for {self.since:.0f} s after {self.failures} failures in a row, and {then}"
        )


class Breaker:
    """Every `admit` that is not refused is followed by one of `succeed`, `fail` and `drop`."""

    def __init__(
        self, rules: Rules, clock: Callable[[], float], chance: Callable[[], float]
    ) -> None:
        self.state = State.CLOSED
        self._rules = rules
        self._clock = clock
        self._chance = chance
        self._failures = 0
        self._opened = 0.0
        self._waits = 0
        self._next = 0.0

    def admit(self) -> Admitted | Refused:
        if self.state == State.CLOSED:
            return Admitted(probe=False)
        now = self._clock()
        if self.state == State.OPEN and now >= self._next:
            self.state = State.PROBING
            return Admitted(probe=True)
        left = 0.0 if self.state == State.PROBING else self._next - now
        return Refused(now - self._opened, left, self._failures)

    def succeed(self) -> None:
        """Whoever was answered, even by a question of before it opened: it is there again."""
        self.state = State.CLOSED
        self._failures = self._waits = 0

    def fail(self, admitted: Admitted) -> bool:
        """Count a failure; return whether it is the one that opened it."""
        if self.state == State.CLOSED:
            self._failures += 1
            if self._failures >= self._rules.failures:
                self._opened = self._clock()
                self._open()
                return True
        elif admitted.probe:
            self._failures += 1
            self._open()
        return False

    def drop(self, admitted: Admitted) -> None:
        """The question was given up before it could tell anything: the next one may try."""
        if admitted.probe and self.state == State.PROBING:
            self.state = State.OPEN

    @property
    def is_idle(self) -> bool:
        return self.state == State.CLOSED and not self._failures

    def _open(self) -> None:
        self.state = State.OPEN
        wait = min(self._rules.first_wait * 2**self._waits, self._rules.longest)
        # Many processes opened theirs at the same moment, and should not all come back at one.
        self._next = self._clock() + wait * (0.75 + self._chance() / 2)
        self._waits = min(self._waits + 1, 16)
