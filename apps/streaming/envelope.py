"""An event as it travels: an envelope that is the same for all, and a payload of its type."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, not yet in the log; the log gives it its `event_id`.

    The payload is of its type's schema; of those that come by thousands it is JSON already.
    """

    event_type: str
    payload: BaseModel | orjson.Fragment
    source: str
    cluster_id: uuid.UUID | None = None
    cluster_name: str = ""
    # True when people may see a cluster after it that they could not see before.
    widens: bool = False
    # None where it is of no namespace's business; empty where it is of what is in none.
    namespace: str | None = None
    # What it is the newest of, within its type and cluster: an older one need not be told then.
    coalesces_as: str = ""
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Logged:
    """An event read back from the log. Its frame is made once and shared by all sockets."""

    event_id: str
    event_type: str
    cluster_id: str
    widens: bool
    frame: str
    coalesces_as: str = ""
    namespace: str | None = None


def body_of(event: Event) -> bytes:
    """Return the envelope without its id: `{"event_type": ..., "payload": {...}}`."""
    told = event.payload
    payload = told.model_dump(mode="json") if isinstance(told, BaseModel) else told
    return orjson.dumps(
        {
            "event_type": event.event_type,
            "source": event.source,
            "cluster_id": event.cluster_id,
            "cluster_name": event.cluster_name,
            "timestamp": event.timestamp,
            "payload": payload,
        },
        option=orjson.OPT_UTC_Z,
    )


def frame_of(event_id: str, body: bytes) -> str:
    """Return the WebSocket message of an event, its id spliced in without decoding the body."""
    return f'{{"type":"event","event":{{"event_id":"{event_id}",{body[1:].decode()}}}'
