"""Keeping a query, changing it, and letting it go."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts import audit
from apps.accounts.models import User
from apps.observability.errors import (
    NO_SUCH_QUERY,
    SavedQueryChanged,
    SavedQueryExists,
    SavedQueryNotFound,
)
from apps.observability.models import SavedQuery


@transaction.atomic
def save(owner: User, fields: Mapping[str, Any]) -> SavedQuery:
    """Keep a new query; a second one of the same name is refused with SavedQueryExists."""
    query = SavedQuery(owner=owner, **fields)
    with _one_of_a_name(query):
        query.save(force_insert=True)
    audit.note("saved", "saved query", query.pk, query.name, shared=query.shared)
    return query


@transaction.atomic
def change(
    query_id: UUID, fields: Mapping[str, Any], only_if: Collection[int] | None = None
) -> SavedQuery:
    """Set `fields`; a change of nothing writes nothing. `only_if`: the generations that may be."""
    held = _hold(query_id, only_if)
    before = {
        name: getattr(held, name) for name, new in fields.items() if getattr(held, name) != new
    }
    if not before:
        return held
    for name in before:
        setattr(held, name, fields[name])
    held.generation += 1
    with _one_of_a_name(held):
        held.save(update_fields=[*before, "generation", "updated_at"])
    changes = {name: [old, fields[name]] for name, old in before.items()}
    audit.note("changed", "saved query", held.pk, held.name, **changes)
    return held


@transaction.atomic
def forget(query_id: UUID, only_if: Collection[int] | None = None) -> None:
    held = _hold(query_id, only_if)
    audit.note("removed", "saved query", held.pk, held.name, query=held.query)
    held.delete()


def _hold(query_id: UUID, only_if: Collection[int] | None) -> SavedQuery:
    held = SavedQuery.objects.select_for_update().filter(pk=query_id).first()
    if held is None:
        raise SavedQueryNotFound(NO_SUCH_QUERY)
    if only_if is not None and held.generation not in only_if:
        raise SavedQueryChanged(
            "Somebody changed this query since you read it. Read it again, and send your change "
            "with its new ETag.",
            {"etag": held.entity_tag},
        )
    return held


@contextmanager
def _one_of_a_name(query: SavedQuery) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        same = SavedQuery.objects.filter(owner=query.owner_id, name=query.name)
        if not same.exclude(pk=query.pk).exists():
            raise
        raise SavedQueryExists(
            f"A query named {query.name!r} is saved already. Choose another name, or change that "
            "one."
        ) from error
