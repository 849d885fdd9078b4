"""Prometheus' HTTP API: a question sent, its envelope read, the samples left as bytes.

The format is that of Prometheus' docs/querying/api.md. Samples are spliced into our own answer
without being parsed: reading a large matrix into Python objects takes some twenty times longer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from apps.http import Call, Reply, Upstream, ask
from apps.observability.federation.outcome import SourceFailed

# What is wrong with the question itself, as against the server: it is wrong everywhere.
QUESTION_ERRORS = {"bad_data", "execution"}


@dataclass(frozen=True, slots=True)
class QueryResult:
    """`result_type` as Prometheus names it (matrix, vector, scalar, string); `result` is JSON."""

    result_type: str
    result: bytes
    warnings: tuple[str, ...]


class _Data(msgspec.Struct):
    resultType: str = ""  # noqa: N815 - the wire's own name
    result: msgspec.Raw = msgspec.Raw(b"[]")


class _Envelope(msgspec.Struct):
    status: str = ""
    data: _Data = msgspec.field(default_factory=_Data)
    errorType: str = ""  # noqa: N815 - the wire's own name
    error: str = ""
    warnings: list[str] = msgspec.field(default_factory=list)
    infos: list[str] = msgspec.field(default_factory=list)


_decoder = msgspec.json.Decoder(_Envelope)


async def query(
    upstream: Upstream, path: str, form: Mapping[str, str], *, deadline: float, cap: int
) -> QueryResult:
    """Ask `query` or `query_range`; raise SourceFailed or http.Unreachable without an answer."""
    call = Call(f"/api/v1/{path}", form=dict(form), deadline=deadline, cap=cap)
    return read(upstream, await ask(upstream, call))


def read(upstream: Upstream, reply: Reply) -> QueryResult:
    """Read an answer of Prometheus, whatever its status."""
    if reply.status in {401, 403}:
        raise SourceFailed("CREDENTIALS_INVALID", f"Prometheus refuses our token ({reply.status})")
    try:
        # msgspec does not look into the strings of a Raw; what is not UTF-8 must not pass on.
        envelope = _decoder.decode(reply.body.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SourceFailed(
            "CLUSTER_UNREACHABLE", f"Prometheus answers {reply.status} and no valid JSON"
        ) from None
    if envelope.status != "success":
        raise _refusal(upstream, reply.status, envelope)
    return QueryResult(
        envelope.data.resultType,
        bytes(envelope.data.result),
        tuple(upstream.quote(said) for said in (*envelope.warnings, *envelope.infos)),
    )


def _refusal(upstream: Upstream, status: int, envelope: _Envelope) -> SourceFailed:
    said = upstream.quote(envelope.error, 1000) or f"Prometheus answers {status}"
    if envelope.errorType in QUESTION_ERRORS:
        return SourceFailed("INVALID_PROMQL", said)
    if envelope.errorType == "timeout":
        return SourceFailed("QUERY_TIMEOUT", said)
    return SourceFailed("CLUSTER_UNREACHABLE", said)
