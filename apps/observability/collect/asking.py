"""All indicators of a cluster by one query, so that a Prometheus is asked but once a minute.

Each indicator's own query becomes one term, with the indicator's name as a label. Where the whole
is refused, halves are asked, so that one broken query costs no other its value.
"""

import logging
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import lru_cache

import msgspec

from apps.clusters.connection import Connection
from apps.http import Call
from apps.observability.collect.checking import is_scalar
from apps.observability.errors import InvalidPromQL
from apps.observability.federation.outcome import SourceFailed
from apps.observability.federation.upstreams import ask_part
from apps.observability.sources import prometheus
from apps.observability.sources.prometheus import QueryResult

logger = logging.getLogger(__name__)

MARK = "aiops_indicator"
CALL_SECONDS, CAP = 12.0, 2**20
# Prometheus gives up before we do, and says so, which a closed connection would not.
UPSTREAM_SECONDS = 8
# What is wrong with a query and not with the server: some part of it may still do.
OF_THE_QUERY = {"INVALID_PROMQL", "QUERY_TIMEOUT"}


class _Sample(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str] | None = None


_decoder = msgspec.json.Decoder(list[_Sample])


async def ask(
    target: Connection, queries: Mapping[str, str], moment: float
) -> AsyncIterator[tuple[str, float]]:
    """Yield (indicator's name, value) of those that have one; raise where nothing answers at all.

    It goes out as queries of people do: from a seat, and not where the breaker is open. A failure
    of the network, or of the server as a whole, is raised; one of a query is logged.
    """
    waiting = [[name for name in queries if _term(name, queries[name])]]
    while waiting:
        names = waiting.pop()
        try:
            result = await _ask_together(target, {name: queries[name] for name in names}, moment)
        except SourceFailed as failed:
            if failed.code not in OF_THE_QUERY:
                raise
            if len(names) == 1:
                logger.warning("Indicator %s has no value: %s", names[0], failed.reason)
            else:
                waiting += [names[len(names) // 2 :], names[: len(names) // 2]]
            continue
        for pair in read(result):
            yield pair


async def _ask_together(
    target: Connection, queries: Mapping[str, str], moment: float
) -> QueryResult:
    form = {
        "query": " or ".join(term for name in queries if (term := _term(name, queries[name]))),
        "time": f"{moment:.3f}",
        "timeout": f"{UPSTREAM_SECONDS}s",
    }
    call = Call("/api/v1/query", form=form, deadline=CALL_SECONDS, cap=CAP)
    return prometheus.read(target.parts["prometheus"], await ask_part(target, "prometheus", call))


@lru_cache(maxsize=1024)
def _term(name: str, query: str) -> str:
    """Return the query as one term of the whole, or nothing where it cannot be one."""
    try:
        # The line ends keep a comment in the query from swallowing what follows.
        inner = f"vector(\n{query}\n)" if is_scalar(query) else f"(\n{query}\n)"
    except InvalidPromQL as refused:
        logger.warning("Indicator %s is not asked: %s", name, refused.message)
        return ""
    return f'label_replace({inner}, "{MARK}", "{name}", "", "")'


def read(result: QueryResult) -> list[tuple[str, float]]:
    """Return what has exactly one finite value."""
    try:
        samples = _decoder.decode(result.result)
    except msgspec.DecodeError:
        raise SourceFailed(
            "CLUSTER_UNREACHABLE", "Prometheus answers with no vector of samples"
        ) from None
    found: dict[str, list[str]] = {}
    for sample in samples:
        if sample.value is not None:
            found.setdefault(sample.metric.get(MARK, ""), []).append(sample.value[1])
    return [pair for name, texts in found.items() if (pair := _pair(name, texts))]


def _pair(name: str, texts: Sequence[str]) -> tuple[str, float] | None:
    if len(texts) > 1:
        logger.warning("Indicator %s comes to %s values, and should to one", name, len(texts))
        return None
    try:
        value = float(texts[0])
    except ValueError:
        return None
    # Nothing divided by nothing is no value; it could not be drawn or compared either.
    return (name, value) if math.isfinite(value) else None
