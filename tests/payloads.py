"""What an event carries, read as whoever is told it does."""

from typing import Any

import orjson

from apps.streaming.envelope import Event


def payload_of(event: Event) -> dict[str, Any]:
    if isinstance(event.payload, orjson.Fragment):
        read: dict[str, Any] = orjson.loads(orjson.dumps(event.payload))
        return read
    return event.payload.model_dump()
