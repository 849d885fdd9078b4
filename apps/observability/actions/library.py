"""Installs the indicators that come with the project, and keeps what people have made of them."""

from dataclasses import asdict

from django.db import transaction

from apps.accounts import audit
from apps.observability.collect.library import LIBRARY
from apps.observability.models import Indicator


@transaction.atomic
def install() -> int:
    """Bring the built-in indicators up to date; return how many were new or renewed.

    One that somebody has edited stays as it is, and so does whether each is enabled. One of our
    names that somebody took before us is his.
    """
    there = {indicator.name: indicator for indicator in Indicator.objects.all()}
    library = {definition.name: asdict(definition) for definition in LIBRARY}
    new = [Indicator(built_in=True, **library[name]) for name in library if name not in there]
    # Another process may be at the same.
    Indicator.objects.bulk_create(new, ignore_conflicts=True)
    old = [
        there[name]
        for name in library
        if name in there and _is_ours(there[name]) and _differs(there[name], library[name])
    ]
    for indicator in old:
        for name, value in library[indicator.name].items():
            setattr(indicator, name, value)
        indicator.save()
    return len(new) + len(old)


def _is_ours(indicator: Indicator) -> bool:
    return indicator.built_in and not indicator.edited


def _differs(indicator: Indicator, fields: dict[str, object]) -> bool:
    return any(getattr(indicator, name) != value for name, value in fields.items())


@transaction.atomic
def keep(indicator: Indicator, changed: list[str]) -> None:
    """Store what somebody made of an indicator, or a new one; `changed` names the fields."""
    is_new = indicator.pk is None
    if set(changed) - {"enabled"}:
        indicator.edited = True
    indicator.save()
    audit.note(
        "made" if is_new else "changed",
        "indicator",
        indicator.pk,
        indicator.name,
        **{name: getattr(indicator, name) for name in changed},
    )


@transaction.atomic
def restore(indicator: Indicator) -> bool:
    """Take back what was edited of a built-in indicator; return whether it is one of today's."""
    ours = next((one for one in LIBRARY if one.name == indicator.name), None)
    if ours is None or not indicator.built_in:
        return False
    for name, value in asdict(ours).items():
        setattr(indicator, name, value)
    indicator.edited = False
    indicator.save()
    audit.note("restored", "indicator", indicator.pk, indicator.name)
    return True


@transaction.atomic
def remove(indicator: Indicator) -> None:
    """Forget an indicator with its values."""
    audit.note("removed", "indicator", indicator.pk, indicator.name)
    indicator.delete()
