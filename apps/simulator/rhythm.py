"""Values as pure functions of time: a mean with ripples, whose integral is known in closed form.

Gauges are `at`, counters are `since`: history and live scrapes therefore join without a step.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

Value = float | Callable[[float], float]

DAY = 86_400.0
# Periods that share no small multiple, so that the ripples never line up into a visible pattern.
PERIODS = (6_737.0, 1_571.0, 347.0)


@dataclass(frozen=True, slots=True)
class Wave:
    """`mean` and sinusoids of (amplitude, radians per second, phase)."""

    mean: float
    ripples: tuple[tuple[float, float, float], ...] = ()

    def at(self, t: float) -> float:
        value = self.mean
        for amplitude, speed, phase in self.ripples:
            value += amplitude * math.sin(speed * t + phase)
        return value

    def since(self, start: float) -> Callable[[float], float]:
        """Return the area under the wave from `start`: a counter, if the wave stays positive."""
        offset = sum(a / speed * math.cos(speed * start + p) for a, speed, p in self.ripples)

        def total(t: float) -> float:
            area = self.mean * (t - start) + offset
            for amplitude, speed, phase in self.ripples:
                area -= amplitude / speed * math.cos(speed * t + phase)
            return max(0.0, area)

        return total

    def __mul__(self, factor: float) -> "Wave":
        return Wave(self.mean * factor, tuple((a * factor, w, p) for a, w, p in self.ripples))

    def __add__(self, constant: float) -> "Wave":
        return Wave(self.mean + constant, self.ripples)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Makes the waves of one cluster: same seed and key, same wave, on any machine."""

    seed: str
    utc_offset_hours: float
    busiest_hour: float = 14.0

    def chance(self, key: str) -> random.Random:
        # A string seed is hashed with SHA-512, so it does not depend on PYTHONHASHSEED.
        return random.Random(f"{self.seed}/{key}")

    def wave(self, key: str, mean: float, *, daily: float = 0.25, jitter: float = 0.12) -> Wave:
        """Make a wave that swings by `daily` and `jitter`, shares of `mean`, and stays positive."""
        if daily + jitter >= 1.0:
            raise ValueError(f"{key}: the ripples would pull the wave below zero")
        chance = self.chance(key)
        speed = 2 * math.pi / DAY
        busiest = (self.busiest_hour + chance.uniform(-0.7, 0.7) - self.utc_offset_hours) * 3600
        ripples = [(mean * daily, speed, math.pi / 2 - speed * busiest)]
        for share, period in zip((0.45, 0.35, 0.2), PERIODS, strict=True):
            swing = 2 * math.pi / (period * chance.uniform(0.8, 1.2))
            ripples.append((mean * jitter * share, swing, chance.uniform(0, 2 * math.pi)))
        return Wave(mean * chance.uniform(0.94, 1.06), tuple(ripples) if mean else ())
