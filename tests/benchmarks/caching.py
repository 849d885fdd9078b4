"""Benchmark 3: what the cache of answers takes, beside redis-py's GET of the same bytes."""

from collections.abc import Callable
from typing import Any

from tests.benchmarks import children, platform
from tests.benchmarks.spreading import spread

SEED = "cache"
WORKER = "tests.benchmarks.caching_worker"
REPEATS = 5
QUESTIONS = 2000
# Most panels show a few series; some show a matrix of 1.8 MB.
SIZES = {"small": 1_000, "large": 1_800_000}
PANELS, LARGE_PANELS = 200, 40

Say = Callable[[str], None]
Keep = Callable[[dict[str, Any]], None]


def measure(say: Say, keep: Keep, *, quick: bool = False) -> None:
    """Two minutes, or half a minute if quick."""
    figures: dict[str, Any] = {"seed": SEED, "panels": PANELS, "rows": []}
    with platform.running(), children.start([WORKER], children.MEASURED_CORE) as worker:
        for name, size in SIZES.items():
            panels = PANELS if size < 100_000 else LARGE_PANELS
            questions = QUESTIONS // (1 if size < 100_000 else 5) // (5 if quick else 1)
            turns = [worker.ask(f"{SEED} {size} {panels} {questions}") for _ in range(REPEATS + 1)][
                1:
            ]
            row: dict[str, Any] = {
                "what": name,
                "bytes": size,
                "panels": panels,
                "questions": questions,
                "hits": [one["hits"] for one in turns],
            }
            for way in ("ours", "get", "whole"):
                for part in ("p50", "p99"):
                    row[f"{way}_{part}_ms"] = spread([one[way][part] for one in turns])
            say(f"{name}: {row}")
            figures["rows"].append(row)
            keep(figures)
