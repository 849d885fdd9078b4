"""Routes: which alerts are told to whom; made, changed and removed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts import audit
from apps.observability.errors import NO_SUCH_ROUTE, NotificationNotFound, ReceiverExists
from apps.observability.models.notification import MOST_MATCHERS, Route

LONGEST_NAME, LONGEST_PATTERN = 200, 1000


def check_alert_labels(patterns: Any) -> None:
    if not isinstance(patterns, dict) or len(patterns) > MOST_MATCHERS:
        raise ValidationError(f"Write at most {MOST_MATCHERS} labels, each with a text.")
    for name, pattern in patterns.items():
        if not name or len(name) > LONGEST_NAME or "\x00" in name:
            raise ValidationError("A label's name is a text of 1 to 200 signs.")
        if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN or "\x00" in pattern:
            raise ValidationError(f"Write a text for {name!r}, in which * is any text.")


@transaction.atomic
def add(fields: Mapping[str, Any]) -> Route:
    route = Route(**fields)
    with _one_of_a_name(route):
        route.save(force_insert=True)
    audit.note("added", "route", route.pk, route.name, receiver=route.receiver.name)
    return route


@transaction.atomic
def change(route_id: UUID, fields: Mapping[str, Any]) -> Route:
    """Set `fields`; what gathers already goes where it was going."""
    route = _hold(route_id)
    before = {name: getattr(route, name) for name in fields if getattr(route, name) != fields[name]}
    if not before:
        return route
    for name in before:
        setattr(route, name, fields[name])
    with _one_of_a_name(route):
        route.save()
    changes = {name: [str(old), str(fields[name])] for name, old in before.items()}
    audit.note("changed", "route", route.pk, route.name, **changes)
    return route


@transaction.atomic
def forget(route_id: UUID) -> None:
    """Remove a route; what it told, and what it is about to tell, stays."""
    route = _hold(route_id)
    audit.note("removed", "route", route.pk, route.name, receiver=route.receiver.name)
    route.delete()


def _hold(route_id: UUID) -> Route:
    rows = Route.objects.select_for_update(of=("self",)).select_related("receiver")
    held = rows.filter(pk=route_id).first()
    if held is None:
        raise NotificationNotFound(NO_SUCH_ROUTE)
    return held


@contextmanager
def _one_of_a_name(route: Route) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if not Route.objects.filter(name=route.name).exclude(pk=route.pk).exists():
            raise
        raise ReceiverExists(
            f"There is a route named {route.name!r} already. Choose another name."
        ) from error
