"""What GPU-hours and energy cost at the prices that are set, in the one currency of all of them.

What has no price has a cost that nobody knows: None, never 0. A sum of which one part has no price
has none either, since it would be too low.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.observability.models.gpu_price import GpuPricing

_WORD = re.compile(r"[0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of an hour of a whole card, by words of its name and of all others, and of a kWh."""

    currency: str | None = None
    per_gpu_hour: float | None = None
    per_kwh: float | None = None
    of_models: Mapping[str, float] = field(default_factory=dict)

    @property
    def has_hours(self) -> bool:
        """Whether there is a price of a GPU-hour at all."""
        return self.per_gpu_hour is not None or bool(self.of_models)

    def of_an_hour(self, name: str | None) -> float | None:
        """Return the price of an hour of a whole card of that name; None where none is set.

        The price of a model counts whose words stand side by side in the card's name, so that A10
        is no A100; of several that with the most words, then the longest.
        """
        fitting = [one for one in self.of_models if _is_in(one, name or "")]
        if not fitting:
            return self.per_gpu_hour
        return self.of_models[max(fitting, key=lambda one: (len(_words(one)), len(one)))]


def made_of(pricing: GpuPricing | None) -> Prices:
    """Return the prices of the row, read `with_models`; without a row there are none."""
    if pricing is None:
        return Prices()
    of_models = {one.model: float(one.per_gpu_hour) for one in pricing.of_models.all()}
    hour, kwh = pricing.per_gpu_hour, pricing.per_kwh
    return Prices(
        pricing.currency,
        None if hour is None else float(hour),
        None if kwh is None else float(kwh),
        of_models,
    )


def cost_of_hours(hours: Mapping[str, float], prices: Prices) -> float | None:
    """Return what GPU-hours cost, given in hours by the names of the cards: a sum of money.

    cost = sum over the names of (GPU-hours x price of an hour of such a card). The hours are of
    whole cards (`use.tally`), so that a slice costs its weight, and one of n holders who take turns
    an n-th of the card. None where a card that was held has no price, and where no price is set.
    """
    if not prices.has_hours:
        return None
    costs: list[float] = []
    for name, its in hours.items():
        price = prices.of_an_hour(name)
        if its and price is None:
            return None
        costs.append(its * (price or 0.0))
    return sum(costs)


def cost_of_energy(kwh: float, prices: Prices) -> float | None:
    """Return kWh x price of a kWh, a sum of money; None where no price is set."""
    return None if prices.per_kwh is None else kwh * prices.per_kwh


def cost_per_hour(name: str | None, weight: float, holders: int, prices: Prices) -> float | None:
    """Return what one of `holders` of a share costs as long as it holds it, in money per hour.

    cost per hour = weight / holders x price of an hour of the card. None where no price is set.
    """
    price = prices.of_an_hour(name)
    return None if price is None else weight / max(1, holders) * price


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _is_in(model: str, name: str) -> bool:
    wanted, said = _words(model), _words(name)
    places = range(len(said) - len(wanted) + 1)
    return bool(wanted) and any(said[at : at + len(wanted)] == wanted for at in places)
