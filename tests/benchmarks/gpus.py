"""Benchmark 8: rounds of a thousand nodes of 8 GPUs, by nvidia-smi's text and by DCGM's series.

A round is reading, judging and storing what came, on one core. Beside it, in turns, stands what a
parser takes to go over the same bytes and do nothing with them: expat, and orjson without Python's
collector. What it costs to fetch the texts by commands in pods is measured apart, with a server
that answers at once on the other core.
"""

import gc
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from xml.parsers import expat

import orjson

from tests.benchmarks import children, gpus_commands, gpus_texts, platform
from tests.benchmarks.spreading import spread

SEED, CARDS, REPEATS = gpus_texts.SEED, 8, 5
SIZES, QUICK_SIZES = (125, 250, 500, 1000), (20,)
# Nodes of a cluster; a round is of all clusters.
OF_A_CLUSTER = 125
MUST_SECONDS, MOONSHOT_SECONDS = 10.0, 3.0
START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SOURCES = ("NVIDIA_SMI", "DCGM")

Say = Callable[[str], None]
Keep = Callable[[dict[str, Any]], None]


def measure(say: Say, keep: Keep, *, quick: bool = False) -> None:
    """Four minutes, or half of one if quick."""
    sizes, repeats = (QUICK_SIZES, 1) if quick else (SIZES, REPEATS)
    figures: dict[str, Any] = {
        "seed": SEED,
        "nodes": max(sizes),
        "cards": max(sizes) * CARDS,
        "of_a_cluster": OF_A_CLUSTER,
        "must_seconds": MUST_SECONDS,
        "moonshot_seconds": MOONSHOT_SECONDS,
        "rows": [],
    }
    with platform.running() as var:
        from apps import lasting_loop

        children._pin(0, children.MEASURED_CORE)
        # A worker's rounds run on it, and with it the collector looks as seldom as there.
        lasting_loop.call(lambda: None)
        for source in SOURCES:
            for size in sizes:
                rounds = _rounds(source, size)
                figures["rows"] += rounds.measure(repeats)
                for row in figures["rows"][-2:]:
                    say(_in_words(row))
                keep(figures)
                rounds.forget()
        figures["commands"] = gpus_commands.measure(var, max(sizes) // 4, repeats, say)
        keep(figures)


def _in_words(row: dict[str, Any]) -> str:
    seconds, limit = row["seconds"]["median"], row["bare"]["median"]
    return f"{row['source']}, {row['nodes']} nodes, {row['what']}: {seconds} s, bare {limit} s"


@dataclass(frozen=True, slots=True)
class Part:
    """One cluster: its texts by turns."""

    cluster: Any
    texts: tuple[Sequence[bytes], ...]
    names: Sequence[str]


def _rounds(source: str, nodes: int) -> "Rounds":
    from tests.factories import make_cluster

    parts = []
    for first in range(0, nodes, OF_A_CLUSTER):
        numbers = range(first, min(nodes, first + OF_A_CLUSTER))
        cluster = make_cluster(f"{source.lower().replace('_', '-')}-{nodes}-{first}")
        texts = tuple(_said(source, numbers, turn) for turn in (0, 1))
        parts.append(Part(cluster, texts, [gpus_texts.name(one) for one in numbers]))
    return Rounds(source, parts)


def _said(source: str, numbers: Sequence[int], turn: int) -> Sequence[bytes]:
    if source == "DCGM":
        return [gpus_texts.answer(numbers, turn)]
    return gpus_texts.documents(numbers, turn)


@dataclass
class Rounds:
    """Rounds of some clusters, by one source."""

    source: str
    parts: Sequence[Part]
    number: int = 0
    # Of the last round.
    cpu: dict[str, float] = field(default_factory=dict)

    def measure(self, repeats: int) -> list[dict[str, Any]]:
        """One row for rounds in which every card has changed, one for those in which none has."""
        self._round(0)
        self._bare()
        rounds: dict[str, list[dict[str, Any]]] = {"every card changed": [], "nothing changed": []}
        bare: list[float] = []
        for repeat in range(1, repeats + 1):
            for found in rounds.values():
                found.append(self._round(repeat % 2))
            bare.append(self._bare())
        return [
            {
                "source": self.source,
                "nodes": sum(len(part.names) for part in self.parts),
                "what": what,
                "seconds": spread([one["seconds"] for one in found]),
                "reading": spread([one["reading"] for one in found]),
                "cpu": spread([one["cpu"] for one in found]),
                "cards_written": found[-1]["cards"],
                "nodes_written": found[-1]["nodes"],
                "bare": spread(bare),
                "to_bare": spread(
                    [one["seconds"] / limit for one, limit in zip(found, bare, strict=True)]
                ),
            }
            for what, found in rounds.items()
        ]

    def forget(self) -> None:
        from apps.clusters.models import Cluster
        from apps.observability.actions.gpus import tidying

        Cluster.objects.filter(pk__in=[part.cluster.pk for part in self.parts]).delete()
        tidying.tidy()

    def _round(self, turn: int) -> dict[str, Any]:
        from apps.observability.actions.gpus import joining, storing

        self.number += 1
        at = START + timedelta(seconds=15 * self.number)
        began, cpu = time.perf_counter(), time.process_time()
        heards = [self._heard(part, turn, at) for part in self.parts]
        read = time.perf_counter()
        stored = storing.store(joining.merged(heards))
        ended = time.perf_counter()
        return {
            "seconds": ended - began,
            "reading": read - began,
            "cpu": time.process_time() - cpu,
            "cards": stored.cards,
            "nodes": stored.nodes,
        }

    def _heard(self, part: Part, turn: int, at: datetime) -> Any:
        from apps.clusters.connection import connect_with
        from apps.clusters.vault.secrets import Secrets
        from apps.http import Reply, Upstream
        from apps.observability.collect import gpu_commands, gpu_series
        from apps.observability.collect.gpu_rounds import Heard, NodeRead
        from apps.observability.sources.nvidia_smi.texts import NodeTexts

        said = part.texts[turn]
        if self.source == "DCGM":
            target = connect_with(part.cluster, Secrets())
            upstream = Upstream("http://127.0.0.1:1", kind="prometheus")
            return gpu_series.read(target, at, upstream, Reply(200, said[0], 0))
        texts = [
            NodeTexts(name, sees_processes=True, document=text, holders=_holders())
            for name, text in zip(part.names, said, strict=True)
        ]
        reads = tuple(NodeRead(one.node, gpu_commands.read(one), at) for one in texts)
        return Heard(part.cluster.pk, part.cluster.name, at, self.source, reads)

    def _bare(self) -> float:
        texts = [text for part in self.parts for text in part.texts[0]]
        gc.collect()
        gc.disable()
        began = time.perf_counter()
        for text in texts:
            if self.source == "DCGM":
                orjson.loads(text)
            else:
                expat.ParserCreate().Parse(text, True)
        took = time.perf_counter() - began
        gc.enable()
        return took


@lru_cache(maxsize=1)
def _holders() -> dict[int, Any]:
    from apps.observability.gpus.reading import Holder

    numbers = [
        int(one) for one in re.findall(rb"/proc/(\d+)/cgroup <==", gpus_texts.told().cgroups)
    ]
    return {one: Holder("ml-train", f"train-{one}", "main") for one in numbers}
