"""Times in the query of a request."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError


def moment_of(field: str, text: str) -> datetime:
    """Read a time with its zone, or refuse it by the field's name."""
    try:
        moment = parse_datetime(text)
        if moment is not None and moment.tzinfo is not None:
            # PostgreSQL knows no zones beyond 16 hours, and Python does.
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValidationError({field: "must be a time with its zone: 2026-01-31T12:00:00Z"})


def span_of(query: Mapping[str, str], column: str) -> dict[str, datetime]:
    """Return the conditions on `column` that `since` and `until` make; until is not included."""
    ends = {"since": f"{column}__gte", "until": f"{column}__lt"}
    return {ends[name]: moment_of(name, query[name]) for name in ends if name in query}
