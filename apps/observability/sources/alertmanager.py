"""What Alertmanager tells of alerts: its webhook's body, and the answer of its own API.

Fields we do not know are let pass. What PostgreSQL cannot hold is put right here: a NUL becomes
U+FFFD, and what is longer than anybody reads is cut.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from apps.observability.errors import NotAlerts
from apps.observability.models.alert import Severity

# In characters: of one value, and of all values of an alert's labels or annotations together.
LONGEST_VALUE, LONGEST_TOGETHER = 4096, 32_768
# An alert's name and namespace are columns that an index is over, whose entries PostgreSQL bounds.
# No namespace of Kubernetes is so long.
LONGEST_NAME, LONGEST_NAMESPACE = 512, 100
MOST_LEFT_OUT = 2**31 - 1
_FINGERPRINT = re.compile(r"[\w-]{1,64}", re.ASCII)
_OFFSET, _PRIME, _BITS = 14695981039346656037, 1099511628211, 2**64 - 1
_SEVERITIES = {"critical": Severity.CRITICAL, "warning": Severity.WARNING}


@dataclass(frozen=True, slots=True)
class Told:
    """One alert as Alertmanager tells it; `ends_at` is None while it fires.

    Times are whole milliseconds: its webhook has nanoseconds, its API does not, and one alert
    must be one row whoever tells of it.
    """

    fingerprint: str
    starts_at: datetime
    ends_at: datetime | None
    firing: bool
    labels: dict[str, str]
    annotations: dict[str, str]
    generator_url: str = ""
    receivers: tuple[str, ...] = ()
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A webhook's body: `truncated` alerts were left out of it, `unusable` ones make no sense."""

    told: list[Told]
    receiver: str
    truncated: int
    unusable: int


class _Posted(msgspec.Struct, rename="camel"):
    starts_at: str
    labels: dict[str, str]
    annotations: dict[str, str] | None = None
    ends_at: str | None = None
    status: str = ""
    generator_url: str | None = msgspec.field(default=None, name="generatorURL")
    fingerprint: str | None = None


class _Body(msgspec.Struct, rename="camel"):
    alerts: list[msgspec.Raw]
    status: str = ""
    receiver: str = ""
    truncated_alerts: int = 0


class _Whole(msgspec.Struct, rename="camel"):
    """The same read in one go, which all but the oddest bodies can be."""

    alerts: list[_Posted]
    status: str = ""
    receiver: str = ""
    truncated_alerts: int = 0


class _Receiver(msgspec.Struct):
    name: str


class _Status(msgspec.Struct, rename="camel"):
    silenced_by: list[str] | None = None
    inhibited_by: list[str] | None = None


class _Gettable(msgspec.Struct, rename="camel"):
    fingerprint: str
    starts_at: str
    labels: dict[str, str]
    annotations: dict[str, str] | None = None
    receivers: list[_Receiver] | None = None
    updated_at: str | None = None
    generator_url: str | None = msgspec.field(default=None, name="generatorURL")
    status: _Status = msgspec.field(default_factory=_Status)


_whole = msgspec.json.Decoder(_Whole)
_body = msgspec.json.Decoder(_Body)
_posted = msgspec.json.Decoder(_Posted)
_gettable = msgspec.json.Decoder(list[_Gettable])


def read_webhook(body: bytes) -> Group:
    """Read what its webhook posts, of any version that has this shape.

    An alert that cannot be used is counted and costs the others nothing. A body in which there
    are alerts, and none that can be used, is refused with NotAlerts, as one that is none at all.
    """
    try:
        group: _Whole | _Body = _whole.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        group = _loosely(body)
    told, refusal = [], ""
    for one in group.alerts:
        try:
            posted = one if isinstance(one, _Posted) else _posted.decode(one)
            told.append(_told(posted, group.status, group.receiver))
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
            refusal = refusal or str(error)
    if refusal and not told:
        raise NotAlerts(f"alerts: none of these can be used; the first: {_clean(refusal)[:200]}")
    left_out = min(max(group.truncated_alerts, 0), MOST_LEFT_OUT)
    return Group(
        told, _clean(group.receiver)[:LONGEST_NAME], left_out, len(group.alerts) - len(told)
    )


def _loosely(body: bytes) -> _Body:
    """Read it once more, alert by alert; halves of characters become question marks."""
    try:
        whole = json.loads(body.decode(errors="replace"))
        return _body.decode(json.dumps(whole, ensure_ascii=False).encode(errors="replace"))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NotAlerts(
            f"The body is not what Alertmanager's webhook posts: {_clean(str(error))[:200]}"
        ) from None


def _told(posted: _Posted, status: str, receiver: str) -> Told:
    """Raise ValueError for what is no alert."""
    status = posted.status or status
    if status not in {"firing", "resolved"}:
        raise ValueError("status: must be firing or resolved")
    starts_at = read_moment(posted.starts_at)
    if starts_at is None or not posted.labels:
        raise ValueError("startsAt and labels: an alert needs both")
    given = posted.fingerprint or ""
    firing = status == "firing"
    return Told(
        fingerprint=given if _FINGERPRINT.fullmatch(given) else fingerprint_of(posted.labels),
        starts_at=starts_at,
        ends_at=None if firing else read_moment(posted.ends_at),
        firing=firing,
        labels=fitting(posted.labels),
        annotations=fitting(posted.annotations or {}),
        generator_url=_clean(posted.generator_url or "")[:LONGEST_VALUE],
        receivers=(_clean(receiver)[:LONGEST_NAME],) if receiver else (),
    )


def read_alerts(body: bytes) -> list[Told]:
    """Read the answer of `GET /api/v2/alerts`, all of which fire; raise NotAlerts for another."""
    try:
        return [_listed(one) for one in _gettable.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise NotAlerts(f"This is no list of alerts: {_clean(str(error))[:200]}") from None


def _listed(one: _Gettable) -> Told:
    starts_at = read_moment(one.starts_at)
    if starts_at is None or not one.labels or not _FINGERPRINT.fullmatch(one.fingerprint):
        raise ValueError("an alert lacks its start, its labels or its fingerprint")
    return Told(
        fingerprint=one.fingerprint,
        starts_at=starts_at,
        ends_at=None,
        firing=True,
        labels=fitting(one.labels),
        annotations=fitting(one.annotations or {}),
        generator_url=_clean(one.generator_url or "")[:LONGEST_VALUE],
        receivers=tuple(sorted(_clean(each.name)[:LONGEST_NAME] for each in one.receivers or [])),
        silenced_by=_ids(one.status.silenced_by),
        inhibited_by=_ids(one.status.inhibited_by),
        updated_at=read_moment(one.updated_at),
    )


def _ids(given: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(sorted(_clean(one)[:LONGEST_NAME] for one in given or []))


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """Return Alertmanager's own fingerprint of these labels; old versions do not send it."""
    digest = _OFFSET
    for name in sorted(labels):
        text = name.encode(errors="surrogatepass") + b"\xff"
        for byte in text + labels[name].encode(errors="surrogatepass") + b"\xff":
            digest = ((digest ^ byte) * _PRIME) & _BITS
    return f"{digest:016x}"


def severity_of(labels: Mapping[str, str]) -> Severity:
    """Return the level; the label itself, of which there is no end of words, stays as it is."""
    return _SEVERITIES.get(labels.get("severity", "").strip().lower(), Severity.INFO)


def name_of(labels: Mapping[str, str]) -> str:
    return labels.get("alertname", "")[:LONGEST_NAME]


def namespace_of(labels: Mapping[str, str]) -> str:
    return labels.get("namespace", "")[:LONGEST_NAMESPACE]


def read_moment(text: str | None) -> datetime | None:
    """Return a time of Go's, cut to milliseconds as its API does; its zero time is None."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time does not say in which zone it is")
    if moment.year == 1:
        return None
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time is beyond what a calendar has") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _clean(text: str) -> str:
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def fitting(values: Mapping[str, str]) -> dict[str, str]:
    """Return labels or annotations as they can be kept, which nearly all are."""
    total = 0
    for name, value in values.items():
        total += len(name) + len(value)
        if len(value) > LONGEST_VALUE or "\x00" in value or "\x00" in name:
            total = LONGEST_TOGETHER
            break
    if total < LONGEST_TOGETHER:
        return dict(values)
    left, kept = LONGEST_TOGETHER, {}
    for name, value in values.items():
        room = max(0, min(LONGEST_VALUE, left))
        kept[_clean(name)[:LONGEST_VALUE]] = _cut(_clean(value), room)
        left -= len(name) + len(value)
    return kept


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(room - 1, 0)]}\u2026"
