"""The messages of the socket, as the contract has them; what a client sends is validated here."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator

from apps.streaming import catalogue, log

MESSAGE_LIMIT = 64 * 1024
HEARTBEAT_SECONDS = 30
GRACE_SECONDS = 10
AUTH_SECONDS = 10


class Auth(BaseModel):
    type: Literal["auth"]
    token: str


class SubscriptionWish(BaseModel):
    event_types: list[str] = Field(default_factory=list, max_length=100)
    cluster_filter: list[UUID] = Field(default_factory=list, max_length=1000)
    namespace_filter: list[str] = Field(default_factory=list, max_length=1000)
    last_event_id: str | None = None

    @field_validator("event_types")
    @classmethod
    def types_are_known(cls, types: list[str]) -> list[str]:
        unknown = sorted(set(types) - set(catalogue.known_types()))
        if unknown:
            raise ValueError(f"unknown event types: {', '.join(unknown)}")
        return types

    @field_validator("last_event_id")
    @classmethod
    def id_is_one_of_ours(cls, event_id: str | None) -> str | None:
        if event_id is not None:
            log.order_of(event_id)
        return event_id


class Subscribe(BaseModel):
    type: Literal["subscribe"]
    subscription: SubscriptionWish


class Unsubscribe(BaseModel):
    type: Literal["unsubscribe"]
    event_types: list[str] = Field(default_factory=list)


class Ping(BaseModel):
    type: Literal["ping"]
    timestamp: Any = None


Message = Auth | Subscribe | Unsubscribe | Ping
_message: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


class Refused(Exception):
    """A message that is not obeyed, with the contract's code for it."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def read(text: str) -> Message:
    """Parse one message of a client, or raise Refused with what is wrong with it."""
    if len(text) > MESSAGE_LIMIT:
        raise Refused("INVALID_MESSAGE", "A message may have at most 64 KiB.")
    try:
        return _message.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        code = "INVALID_SUBSCRIPTION" if place.startswith("subscribe.") else "INVALID_MESSAGE"
        raise Refused(code, f"{place or 'message'}: {first['msg']}") from None


def write(message_type: str, **fields: Any) -> str:
    return orjson.dumps({"type": message_type, **fields}, option=orjson.OPT_UTC_Z).decode()


def pong(timestamp: Any) -> str:
    return write("pong", timestamp=timestamp, server_time=datetime.now(UTC))
