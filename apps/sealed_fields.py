"""Columns that hold sealed texts, so that each of them is found when the sealing key changes."""

from collections.abc import Iterator
from typing import Any, TypeVar

from django.apps import apps
from django.db import models

from apps.sealing import seal, unseal

Row = TypeVar("Row", bound=models.Model)


class SealedField(models.TextField[str, str]):
    """A text that `seal_into` writes and `unseal_from` reads; empty where there is no secret."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"blank": True, "default": "", **options, "editable": False})


def place_of(row: models.Model, column: str) -> str:
    """Return what a sealed text is bound to: moved elsewhere it does not open."""
    return f"{type(row)._meta.label_lower}:{row.pk}:{column}"  # noqa: SLF001 - Django's own way


def seal_into(row: models.Model, column: str, plain: str) -> None:
    setattr(row, column, seal(plain, place=place_of(row, column)))


def unseal_from(row: models.Model, column: str) -> str:
    """Open a column of `row`, or raise SealBroken."""
    return unseal(getattr(row, column), place=place_of(row, column))


def columns() -> Iterator[tuple[type[models.Model], str]]:
    """Yield every column of every model that holds sealed texts."""
    for model in apps.get_models():
        for one in model._meta.get_fields():  # noqa: SLF001 - Django's own way
            if isinstance(one, SealedField):
                yield model, one.name
