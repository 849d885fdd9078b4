"""Silences as Alertmanager's API v2 gives and takes them: bytes to dataclasses and back."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from apps.http import Call, Reply, Upstream
from apps.observability.federation.outcome import SourceFailed
from apps.observability.sources.matchers import Matcher

T = TypeVar("T")

API = "/api/v2"
DEADLINE = 10.0
# The code of what Alertmanager no longer has, or never had.
NOT_FOUND, INVALID = "NOT_FOUND", "VALIDATION_FAILED"
NO_SUCH_SILENCE = "Alertmanager has no such silence; it forgets those that are long over"
# Each as long as a person would write; the rest is cut.
_LONGEST = 1000
_FRACTION = re.compile(r"(\.\d{6})\d+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A silence as it is to be."""

    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str


@dataclass(frozen=True, slots=True)
class Silence(Wanted):
    """One that Alertmanager has; `state` is active, pending or expired."""

    id: str
    state: str
    updated_at: datetime


class _Matcher(msgspec.Struct, rename="camel"):
    name: str
    value: str
    is_regex: bool = False
    # Alertmanagers before 0.22 know of no other.
    is_equal: bool = True


class _Status(msgspec.Struct):
    state: str = ""


class _Silence(msgspec.Struct, rename="camel"):
    id: str
    status: _Status
    matchers: list[_Matcher]
    starts_at: str
    ends_at: str
    updated_at: str = ""
    created_by: str = ""
    comment: str = ""


class _Made(msgspec.Struct):
    silenceID: str  # noqa: N815 - the wire's own name


_silence = msgspec.json.Decoder(_Silence)
_silences = msgspec.json.Decoder(list[_Silence])
_made = msgspec.json.Decoder(_Made)


def listing() -> Call:
    return Call(f"{API}/silences", deadline=DEADLINE)


def one(silence_id: str) -> Call:
    return Call(f"{API}/silence/{silence_id}", deadline=DEADLINE)


def expiring(silence_id: str) -> Call:
    # To end what is over changes nothing: it may be said twice.
    return Call(f"{API}/silence/{silence_id}", deadline=DEADLINE, method="DELETE")


def making(wanted: Wanted, silence_id: str = "") -> Call:
    """Make a silence; with the id of another one, put it in that one's place."""
    said = {
        "matchers": [
            {
                "name": matcher.name,
                "value": matcher.value,
                "isRegex": matcher.is_regex,
                "isEqual": matcher.is_equal,
            }
            for matcher in wanted.matchers
        ],
        "startsAt": _written(wanted.starts_at),
        "endsAt": _written(wanted.ends_at),
        "createdBy": wanted.created_by,
        "comment": wanted.comment,
    }
    named = {"id": silence_id} if silence_id else {}
    body = msgspec.json.encode(named | said)
    return Call(f"{API}/silences", json=body, deadline=DEADLINE, once=True)


def read_list(upstream: Upstream, reply: Reply) -> list[Silence]:
    return [_read(upstream, found) for found in _decoded(_silences, upstream, reply)]


def read_one(upstream: Upstream, reply: Reply) -> Silence:
    return _read(upstream, _decoded(_silence, upstream, reply))


def read_made(upstream: Upstream, reply: Reply) -> str:
    """Return the id of what was made."""
    return _decoded(_made, upstream, reply).silenceID


def require(upstream: Upstream, reply: Reply) -> None:
    """Raise SourceFailed for every answer that is a refusal."""
    if reply.status < 300:
        return
    said = _said(upstream, reply)
    match reply.status:
        case 401:
            raise SourceFailed("CREDENTIALS_INVALID", "Alertmanager refuses our token (401)")
        case 403:
            raise SourceFailed(
                "CREDENTIALS_INVALID",
                "Alertmanager does not let our token do this (403). On OpenShift, to write takes "
                "the role monitoring-alertmanager-edit in openshift-monitoring, which has "
                "`create` on alertmanagers/api",
            )
        case 404:
            raise SourceFailed(NOT_FOUND, NO_SUCH_SILENCE)
        case 400 | 422:
            raise SourceFailed(INVALID, said or "Alertmanager finds something wrong with it (400)")
        case 429:
            raise SourceFailed("RATE_LIMITED", "it is asked too much (429)")
    answer = f"Alertmanager answers {reply.status}"
    raise SourceFailed("CLUSTER_UNREACHABLE", f"{answer}: {said}" if said else answer)


def _said(upstream: Upstream, reply: Reply) -> str:
    """Return what it complains of: a text, or an object with a message."""
    try:
        body = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    text = body.get("message", "") if isinstance(body, dict) else body
    return upstream.quote(text, _LONGEST) if isinstance(text, str) else ""


def _decoded(shape: "msgspec.json.Decoder[T]", upstream: Upstream, reply: Reply) -> T:
    require(upstream, reply)
    try:
        return shape.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _foreign() from None


def _foreign() -> SourceFailed:
    return SourceFailed("CLUSTER_UNREACHABLE", "it does not answer as Alertmanager's API v2 does")


def _read(upstream: Upstream, found: _Silence) -> Silence:
    return Silence(
        id=found.id,
        state=found.status.state,
        matchers=tuple(
            Matcher(
                upstream.quote(one.name, _LONGEST),
                upstream.quote(one.value, _LONGEST * 8),
                one.is_regex,
                one.is_equal,
            )
            for one in found.matchers
        ),
        starts_at=_moment(found.starts_at),
        ends_at=_moment(found.ends_at),
        updated_at=_moment(found.updated_at or found.starts_at),
        created_by=upstream.quote(found.created_by, _LONGEST),
        comment=upstream.quote(found.comment, _LONGEST * 4),
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _foreign() from None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
