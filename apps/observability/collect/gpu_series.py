"""All GPUs of a cluster by one query for the DCGM exporter's series.

With them come the times at which they were scraped, and how often they are: the labels `aiops_at`
and `aiops_samples` mark those two among the others.
"""

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import msgspec
from django.utils import timezone

from apps.clusters.connection import Connection
from apps.http import MIB, Call, Reply, Upstream
from apps.observability.collect import gpu_requests
from apps.observability.collect.gpu_rounds import Heard, NodeRead
from apps.observability.federation.outcome import SourceFailed
from apps.observability.federation.upstreams import ask_part
from apps.observability.gpus.reading import DCGM, NodeReading
from apps.observability.gpus.requests import is_held
from apps.observability.sources import dcgm, prometheus
from apps.observability.sources.dcgm_samples import NODE_LABELS, Cards, Spot

AT, SAMPLES = "aiops_at", "aiops_samples"
# On every card of every exporter by default, so that it stands for the scrape of all others.
_ONE = "DCGM_FI_DEV_GPU_TEMP"
COUNTED_SECONDS = 120
QUERY = (
    f'{{__name__=~"{"|".join(dcgm.ASKED)}"}}'
    f' or label_replace(timestamp({_ONE}), "{AT}", "1", "", "")'
    f" or label_replace(max(count_over_time({_ONE}[{COUNTED_SECONDS}s])),"
    f' "{SAMPLES}", "1", "", "")'
)
# A thousand cards are some 12 MiB.
CALL_SECONDS, CAP = 10.0, 128 * MIB
LISTS_SECONDS = 1.5
UPSTREAM_SECONDS = 8
SHORTEST, LONGEST = 15, 60
# Reading more than that would hold up all others that are asked on this loop.
LARGE = MIB // 2


class _Sample(msgspec.Struct):
    metric: msgspec.Raw
    value: tuple[float, str]


_decoder = msgspec.json.Decoder(list[_Sample])
_labels = msgspec.json.Decoder(dict[str, str])
# Within a text of JSON a quotation mark has a backslash before it: this is the label alone.
_NAME = b'"__name__":"'


async def ask(target: Connection) -> Heard:
    """Ask one cluster; without a series there is no source, and no node is told of.

    Raises SourceFailed and Unreachable.
    """
    now = timezone.now()
    form = {"query": QUERY, "time": f"{now.timestamp():.3f}", "timeout": f"{UPSTREAM_SECONDS}s"}
    call = Call("/api/v1/query", form=form, deadline=CALL_SECONDS, cap=CAP)
    reply = await ask_part(target, "prometheus", call)
    if len(reply.body) < LARGE:
        heard = read(target, now, target.parts["prometheus"], reply)
    else:
        heard = await asyncio.to_thread(read, target, now, target.parts["prometheus"], reply)
    return await _with_holders(target, heard)


async def _with_holders(target: Connection, heard: Heard) -> Heard:
    """Let the pods' requests tell of whose the cards are, where no series names a pod at all.

    One that does is an exporter that knows, and what it says nobody holds is free. That nobody
    could be asked is no fault of the nodes.
    """
    readings = [one.reading for one in heard.nodes]
    if target.problem or any(is_held(reading.gpus) for reading in readings):
        return heard
    found = await gpu_requests.complete(target.api_server, readings, LISTS_SECONDS)
    nodes = (
        replace(one, reading=replace(told, errors=one.reading.errors))
        for one, told in zip(heard.nodes, found, strict=True)
    )
    return replace(heard, nodes=tuple(nodes))


def read(target: Connection, now: datetime, upstream: Upstream, reply: Reply) -> Heard:
    """Read the answer; what is no sample in it is an answer of nobody's Prometheus."""
    said = prometheus.read(upstream, reply)
    try:
        scraped = _scraped(_decoder.decode(said.result))
    except (msgspec.DecodeError, ValueError):
        raise SourceFailed(
            "CLUSTER_UNREACHABLE", "Prometheus answers with no vector of samples"
        ) from None
    return _heard(target, now, scraped, said.warnings)


@dataclass(slots=True)
class _Scraped:
    """The cards, the moments at which their nodes were scraped, and the seconds between two."""

    cards: Cards = field(default_factory=lambda: Cards(dcgm.OWN))
    times: dict[str, float] = field(default_factory=dict)
    interval: int = SHORTEST

    def add(self, labels: Mapping[str, str], value: float) -> None:
        """Take a sample by all of its labels: a time, or what is not written as usual."""
        name = labels.get("__name__")
        if name is not None:
            spot = self.cards.spot(labels)
            if spot is not None:
                self.cards.add(spot, name, value)
        elif AT in labels:
            node = next((labels[name] for name in NODE_LABELS if labels.get(name)), "")
            self.times[node] = max(value, self.times.get(node, value))
        elif SAMPLES in labels:
            self.interval = _interval(value)


def _scraped(samples: Iterable[_Sample]) -> _Scraped:
    """Put the samples to their cards; labels that differ in the series' name alone are read once.

    Raises DecodeError and ValueError for what is none.
    """
    found = _Scraped()
    cards = found.cards
    spots: dict[bytes, Spot | None] = {}
    names: dict[bytes, str] = {}
    for one in samples:
        metric, value = bytes(one.metric), float(one.value[1])
        at = metric.find(_NAME)
        end = metric.find(b'"', at + len(_NAME))
        if at < 0 or end < 0:
            found.add(_labels.decode(metric), value)
            continue
        written = metric[at + len(_NAME) : end]
        others = metric[:at] + metric[end:]
        spot = spots.get(others)
        if spot is None and others not in spots:
            spot = spots[others] = cards.spot(_labels.decode(metric))
        if spot is None:
            continue
        name = names.get(written)
        if name is None:
            name = names[written] = written.decode()
        cards.add(spot, name, value)
    return found


def _heard(
    target: Connection, now: datetime, scraped: _Scraped, warnings: Iterable[str] = ()
) -> Heard:
    readings = dcgm.read_cards(scraped.cards)
    problems = [*warnings]
    if any(not one.node_name for one in readings):
        problems.append("The DCGM exporter's series do not say of which node some cards are.")
    if scraped.cards.left_out:
        problems.append("The DCGM exporter's series tell of more cards than there can be.")
    return Heard(
        target.cluster_id,
        target.name,
        now,
        source=DCGM if readings else None,
        nodes=tuple(_read_at(one, scraped.times, now) for one in readings if one.node_name),
        interval_seconds=scraped.interval,
        problem=" ".join(problems),
        by_series=True,
    )


def _read_at(reading: NodeReading, times: Mapping[str, float], now: datetime) -> NodeRead:
    """A clock that is ahead of ours makes nothing newer than now."""
    name = reading.node_name or ""
    scraped = times.get(name, math.nan)
    age = now.timestamp() - scraped
    # Prometheus looks back five minutes; what is older, or no time at all, is not to be believed.
    at = datetime.fromtimestamp(scraped, UTC) if 0 <= age <= 600 else now
    return NodeRead(name, reading, at - timedelta(microseconds=at.microsecond % 1000))


def _interval(samples: float) -> int:
    """Return the seconds between scrapes; an exporter that has just begun is read often."""
    if not math.isfinite(samples) or samples < 1:
        return SHORTEST
    return max(SHORTEST, min(LONGEST, round(COUNTED_SECONDS / samples)))
