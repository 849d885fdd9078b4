"""Sets what an hour of a GPU and a kWh cost. It counts for the past as well: costs are worked out
when they are asked for.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.accounts import audit
from apps.observability.models import GpuModelPrice, GpuPricing
from apps.observability.models.gpu_price import THE_ONE

FIELDS = ("currency", "per_gpu_hour", "per_kwh")


@transaction.atomic
def set_prices(
    fields: Mapping[str, Any], of_models: Mapping[str, Decimal] | None = None
) -> GpuPricing:
    """Set `fields`, and the prices of models, all of them; None leaves those as they are.

    A change of nothing writes nothing.
    """
    made = _make(fields)
    pricing = GpuPricing.objects.select_for_update().get(pk=THE_ONE)
    before = {} if made else {name: getattr(pricing, name) for name in FIELDS}
    changes = {
        name: [written(before.get(name)), written(new)]
        for name, new in fields.items()
        if before.get(name) != new
    }
    models = {} if of_models is None else _set_models(pricing, of_models)
    if changes or models:
        for name, new in fields.items():
            setattr(pricing, name, new)
        pricing.save()
        done = "added" if made else "changed"
        audit.note(done, "GPU prices", pricing.pk, str(pricing), **changes, **models)
    return pricing


def _make(fields: Mapping[str, Any]) -> bool:
    """Make the one row unless there is one; of two who do at once, one makes it."""
    return GpuPricing.objects.get_or_create(pk=THE_ONE, defaults=dict(fields))[1]


def _set_models(pricing: GpuPricing, wanted: Mapping[str, Decimal]) -> dict[str, Any]:
    held = {one.model: one for one in pricing.of_models.all()}
    gone = [one for name, one in held.items() if name not in wanted]
    GpuModelPrice.objects.filter(pk__in=[one.pk for one in gone]).delete()
    changes = {one.model: [written(one.per_gpu_hour), None] for one in gone}
    for name, price in wanted.items():
        row = held.get(name) or GpuModelPrice(pricing=pricing, model=name)
        if row.per_gpu_hour == price:
            continue
        changes[name] = [written(row.per_gpu_hour), written(price)]
        row.per_gpu_hour = price
        row.save()
    return {"of_models": changes} if changes else {}


def written(value: Any) -> str | None:
    """Write a price as a person does, without the noughts that its column adds."""
    if not isinstance(value, Decimal):
        return value or None
    return f"{value.normalize():f}"
