"""Prometheus' HTTP API: the envelope of an answer read, the samples left as bytes.

The format is that of Prometheus' docs/querying/api.md. Samples are spliced into our own answer
without being parsed: reading a large matrix into Python objects takes some twenty times longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from apps.http import Reply, Upstream
from apps.observability.federation import merge
from apps.observability.federation.outcome import SourceFailed

T = TypeVar("T")

# So begin remarks about the query itself.
REMARK = "PromQL warning: "
# What is wrong with the question itself, as against the server: it is wrong everywhere.
QUESTION_ERRORS = {"bad_data", "execution"}


@dataclass(frozen=True, slots=True)
class QueryResult:
    """`result_type` as Prometheus names it (matrix, vector, scalar, string); `result` is JSON."""

    result_type: str
    result: bytes
    warnings: tuple[str, ...]
    infos: tuple[str, ...] = ()
    cached: bool = False
    age_seconds: float = 0.0

    @property
    def partial(self) -> bool:
        return is_partial(self.warnings)


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """What stood in an answer, and what Prometheus remarked about it, fit for a page."""

    data: T
    warnings: tuple[str, ...]
    infos: tuple[str, ...]

    @property
    def partial(self) -> bool:
        return is_partial(self.warnings)


def is_partial(warnings: Sequence[str]) -> bool:
    """Return whether data are missing: a store of Thanos that is away, a remote read that failed.

    What Prometheus remarks about the query itself it begins with its own name for that.
    """
    return any(not one.startswith(REMARK) for one in warnings)


class _Data(msgspec.Struct):
    resultType: str = ""  # noqa: N815 - the wire's own name
    result: msgspec.Raw = msgspec.Raw(b"[]")


class Envelope(msgspec.Struct, Generic[T]):
    data: T | msgspec.UnsetType = msgspec.UNSET
    status: str = ""
    errorType: str = ""  # noqa: N815 - the wire's own name
    error: str = ""
    warnings: list[str] = msgspec.field(default_factory=list)
    infos: list[str] = msgspec.field(default_factory=list)


Decoder = msgspec.json.Decoder[Envelope[T]]

RESULT: Decoder[_Data] = msgspec.json.Decoder(Envelope[_Data])
SERIES: Decoder[merge.Data] = msgspec.json.Decoder(Envelope[merge.Data])
LABEL_SETS: Decoder[list[dict[str, str]]] = msgspec.json.Decoder(Envelope[list[dict[str, str]]])
WORDS: Decoder[list[str]] = msgspec.json.Decoder(Envelope[list[str]])
METADATA: Decoder[dict[str, list[dict[str, str]]]] = msgspec.json.Decoder(
    Envelope[dict[str, list[dict[str, str]]]]
)


_series = msgspec.json.Decoder(list[merge.Series])
_number_or_text = msgspec.json.Decoder(tuple[float, str])


class Rules(msgspec.Struct):
    groups: list[dict[str, Any]]


class Alerts(msgspec.Struct):
    alerts: list[dict[str, Any]]


RULES: Decoder[Rules] = msgspec.json.Decoder(Envelope[Rules])
ALERTS: Decoder[Alerts] = msgspec.json.Decoder(Envelope[Alerts])


def read(upstream: Upstream, reply: Reply) -> QueryResult:
    """Read an answer to a query, whatever its status."""
    said = read_as(RESULT, upstream, reply)
    return QueryResult(said.data.resultType, bytes(said.data.result), said.warnings, said.infos)


def read_to_pass_on(upstream: Upstream, reply: Reply) -> QueryResult:
    """Read an answer to a query that goes on as bytes: it must be such as Prometheus writes."""
    found = read(upstream, reply)
    kind, result = found.result_type, found.result
    try:
        if kind in {"vector", "matrix"}:
            merge.require_form(_series.decode(result), kind)
        elif kind in {"scalar", "string"}:
            _number_or_text.decode(result)
        else:
            raise SourceFailed("CLUSTER_UNREACHABLE", "Prometheus answers with no type we know")
    except (msgspec.DecodeError, RecursionError):
        raise SourceFailed("CLUSTER_UNREACHABLE", f"Prometheus answers no {kind}") from None
    return found


def read_as(shape: Decoder[T], upstream: Upstream, reply: Reply) -> Said[T]:
    """Read any answer of Prometheus, whatever its status; raise SourceFailed for other shapes."""
    if reply.status in {401, 403}:
        raise SourceFailed("CREDENTIALS_INVALID", f"Prometheus refuses our token ({reply.status})")
    if reply.status == 429:
        raise SourceFailed("RATE_LIMITED", _crowded(reply))
    try:
        # msgspec does not look into the strings of a Raw; what is not UTF-8 must not pass on.
        envelope = shape.decode(reply.body if reply.body.isascii() else reply.body.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SourceFailed(
            "CLUSTER_UNREACHABLE", f"Prometheus answers {reply.status} and no valid JSON"
        ) from None
    if envelope.status != "success" or envelope.data is msgspec.UNSET:
        raise _refusal(upstream, reply.status, envelope)
    return Said(
        envelope.data,
        tuple(map(upstream.quote, envelope.warnings)),
        tuple(map(upstream.quote, envelope.infos)),
    )


def _crowded(reply: Reply) -> str:
    if reply.retry_after is None:
        return "it is asked too much (429)"
    return f"it is asked too much (429), and is to be asked again in {reply.retry_after:.0f} s"


def _refusal(upstream: Upstream, status: int, envelope: Envelope[T]) -> SourceFailed:
    said = upstream.quote(envelope.error, 1000) or f"Prometheus answers {status}"
    if envelope.errorType in QUESTION_ERRORS:
        return SourceFailed("INVALID_PROMQL", said)
    if envelope.errorType == "timeout":
        return SourceFailed("QUERY_TIMEOUT", said)
    return SourceFailed("CLUSTER_UNREACHABLE", said)
