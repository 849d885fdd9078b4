"""Switches in the query of a request: true or false."""

from rest_framework.exceptions import ValidationError

_MEANING = {"true": True, "1": True, "false": False, "0": False}


def switch_of(field: str, text: str) -> bool:
    """Read a switch, or refuse it by the field's name."""
    if text.lower() not in _MEANING:
        raise ValidationError({field: "must be true or false"})
    return _MEANING[text.lower()]
