"""Columns with sealed texts, of whatever model, are sealed anew with the first key."""

from collections import Counter
from dataclasses import dataclass, field

from django.db import models, transaction

from apps.accounts import audit
from apps.sealed_fields import columns, seal_into, unseal_from
from apps.sealing import SealBroken, key_names, key_of


@dataclass(slots=True)
class Renewed:
    """`failed` has the row and why; `needed` counts by key the texts that it opens."""

    resealed: int = 0
    already: int = 0
    failed: list[tuple[models.Model, str]] = field(default_factory=list)
    needed: Counter[str] = field(default_factory=Counter)


def renew(*, pretend: bool) -> Renewed:
    """Renew each text that needs it; what somebody changes meanwhile is not written over."""
    renewed = Renewed()
    for model, column in columns():
        for row in model._default_manager.exclude(**{column: ""}).iterator():  # noqa: SLF001 - Django's own way
            _renew(row, column, renewed, pretend=pretend)
        left = model._default_manager.exclude(**{column: ""})  # noqa: SLF001 - Django's own way
        renewed.needed.update(map(key_of, left.values_list(column, flat=True)))
    return renewed


def _renew(row: models.Model, column: str, renewed: Renewed, *, pretend: bool) -> None:
    old = getattr(row, column)
    if key_of(old) == key_names()[0]:
        renewed.already += 1
        return
    try:
        plain = unseal_from(row, column)
    except SealBroken as broken:
        renewed.failed.append((row, str(broken)))
        return
    renewed.resealed += 1
    if not pretend:
        seal_into(row, column, plain)
        _put(row, column, old)


@transaction.atomic
def _put(row: models.Model, column: str, old: str) -> None:
    # Whoever wrote it meanwhile did so with the first key.
    same = type(row)._default_manager.filter(**{"pk": row.pk, column: old})  # noqa: SLF001 - Django's own way
    if same.update(**{column: getattr(row, column)}):
        audit.note("resealed", str(type(row)._meta.verbose_name), row.pk, str(row))  # noqa: SLF001 - Django's own way
