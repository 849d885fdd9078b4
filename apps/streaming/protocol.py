"""The messages of the socket, as the contract has them; what a client sends is validated here."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator

from apps.streaming import catalogue

MESSAGE_LIMIT = 64 * 1024
HEARTBEAT_SECONDS = 30
GRACE_SECONDS = 10
AUTH_SECONDS = 10
RECONNECT_MS = 5000


class Auth(BaseModel):
    type: Literal["auth"]
    token: str


class SubscriptionWish(BaseModel):
    event_types: list[str] = Field(default_factory=list, max_length=100)
    cluster_filter: list[UUID] = Field(default_factory=list, max_length=1000)
    namespace_filter: list[str] = Field(default_factory=list, max_length=1000)
    # At most 19 digits on each side: every such number fits into Redis' 64 bits.
    last_event_id: str | None = Field(default=None, pattern=r"^[0-9]{1,19}(-[0-9]{1,19})?$")

    @field_validator("event_types")
    @classmethod
    def types_are_known(cls, types: list[str]) -> list[str]:
        unknown = sorted(set(types) - set(catalogue.known_types()))
        if unknown:
            raise ValueError(f"unknown event types: {', '.join(unknown)}")
        return types


class Subscribe(BaseModel):
    type: Literal["subscribe"]
    subscription: SubscriptionWish


class Unsubscribe(BaseModel):
    type: Literal["unsubscribe"]
    event_types: list[str] = Field(default_factory=list, max_length=100)


# Whatever a client tells the time by, as long as it can be sent back.
Timestamp = (
    Annotated[str, Field(max_length=64)]
    | Annotated[int, Field(ge=-(2**63), lt=2**63)]
    | Annotated[float, Field(allow_inf_nan=False)]
    | None
)


class Ping(BaseModel):
    type: Literal["ping"]
    timestamp: Timestamp = None


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
    if len(text) > MESSAGE_LIMIT or len(text.encode()) > MESSAGE_LIMIT:
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


def pong(timestamp: Timestamp) -> str:
    return write("pong", timestamp=timestamp, server_time=datetime.now(UTC))


def goodbye(reason: str) -> str:
    # Spread by half, so that a server that comes back is not asked by all in one moment.
    wait = RECONNECT_MS + secrets.randbelow(RECONNECT_MS // 2)
    return write("disconnect", reason=reason, reconnect_after_ms=wait)
