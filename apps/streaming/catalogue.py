"""The event types and the schema of each one's payload. Apps declare theirs on import."""

from pydantic import BaseModel

_payloads: dict[str, type[BaseModel]] = {}


def declare(event_type: str, payload: type[BaseModel]) -> str:
    """Make a type known to `publish`, to subscribers and to the client's generated types."""
    if _payloads.setdefault(event_type, payload) is not payload:
        raise ValueError(f"{event_type} is declared twice with different payloads.")
    return event_type


def known_types() -> dict[str, type[BaseModel]]:
    return dict(sorted(_payloads.items()))
