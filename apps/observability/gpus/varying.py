"""A card with some other values: as `dataclasses.replace`, at a third of its price.

A card has seventy fields, and eight thousand of them come by in a round.
"""

from dataclasses import fields
from operator import attrgetter
from typing import Any

from apps.observability.gpus.reading import Gpu

_PLACES = {one.name: place for place, one in enumerate(fields(Gpu))}
_values = attrgetter(*_PLACES)


def vary(gpu: Gpu, **changes: Any) -> Gpu:
    """Return the card with these values in place of its own. `Any`: as those of the fields."""
    values = [*_values(gpu)]
    for name, value in changes.items():
        values[_PLACES[name]] = value
    return Gpu(*values)
