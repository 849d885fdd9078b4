"""Energy from the power that cards drew.

Power is measured for a whole board alone. Every row of a slice repeats it, so that it is taken
once per card and never added up over slices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

JOULES_PER_KWH = 3_600_000.0

# A moment in seconds since the epoch, and the watts then; None where they were not known.
Power = tuple[float, float | None]
# A moment, and the joules since the driver was loaded.
Counter = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy in kWh, and the seconds it was measured over; what lies in gaps is in neither."""

    kwh: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: "Energy") -> "Energy":
        return Energy(self.kwh + other.kwh, self.seconds + other.seconds)


def from_power(samples: Sequence[Power], longest_gap: float) -> Energy:
    """Return the energy under the samples of one card, by the trapezoid rule.

    kWh = sum((w1 + w2) / 2 x (t2 - t1)) / 3 600 000, with t in seconds and w in watts. Over a gap
    longer than `longest_gap` seconds, and beside a sample without a value, nothing is drawn.
    """
    total = Energy()
    for (begun, first), (ended, second) in pairwise(samples):
        seconds = ended - begun
        if first is None or second is None or not 0 < seconds <= longest_gap:
            continue
        total += Energy((first + second) / 2 * seconds / JOULES_PER_KWH, seconds)
    return total


def from_counter(samples: Sequence[Counter], longest_gap: float) -> Energy:
    """Return the energy that one card's own counter grew by.

    kWh = sum of the growths in J / 3 600 000. A counter that fell began anew when the driver was
    loaded, and has since grown by what it shows. Gaps are left out as by `from_power`: in a gap
    the card may have been another's.
    """
    total = Energy()
    for (begun, first), (ended, second) in pairwise(samples):
        seconds = ended - begun
        if 0 < seconds <= longest_gap:
            grown = second - first if second >= first else second
            total += Energy(grown / JOULES_PER_KWH, seconds)
    return total


def of_fleet(cards: Mapping[str, Sequence[Power]], longest_gap: float) -> Energy:
    """Return the energy of many cards, each counted once under its UUID."""
    return sum((from_power(samples, longest_gap) for samples in cards.values()), Energy())


def attributed(energy: Energy, weight: float, weights: float) -> Energy:
    """Return a share's part of its card's energy: kWh x weight / the sum of all given weights.

    It is a division, not a measurement: no card says which slice drew what.
    """
    part = weight / weights if weights > 0 else 0.0
    return Energy(energy.kwh * part, energy.seconds)
