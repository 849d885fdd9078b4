"""Benchmark 2: many clusters' answers made one, beside orjson reading them and a bare copy."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks import answers, children
from tests.benchmarks.spreading import spread

SEED = "merge"
WORKER = "tests.benchmarks.merging_worker"
MATRICES, MATRIX_BYTES = 100, 4_600_000
VECTORS, VECTOR_SERIES = 10, 20_000
REPEATS = 5
WAYS = ("ours", "orjson", "copy")

Say = Callable[[str], None]
Keep = Callable[[dict[str, Any]], None]


def measure(say: Say, keep: Keep, *, quick: bool = False) -> None:
    """Three minutes, or half a minute if quick."""
    matrices = 10 if quick else MATRICES
    figures: dict[str, Any] = {"seed": SEED, "speed": [], "memory": []}
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as name:
        folder = Path(name)
        for number in range(matrices):
            body = answers.matrix(f"{SEED} {number}", MATRIX_BYTES)
            (folder / f"matrix-{number:03}").write_bytes(body)
        for number in range(VECTORS):
            body = answers.vector(f"{SEED} {number}", VECTOR_SERIES)
            (folder / f"vector-{number:03}").write_bytes(body)
        with children.start([WORKER, name], children.MEASURED_CORE) as worker:
            for kind, most in (("matrix", matrices), ("vector", VECTORS)):
                for count in _sizes(most):
                    figures["speed"].append(_speed(worker, kind, count, say))
                    keep(figures)
            for count in _sizes(matrices):
                found = worker.ask(f"memory matrix {count}")
                say(f"memory, {count} matrices: {found}")
                figures["memory"].append({"answers": count, **found})
                keep(figures)


def _sizes(most: int) -> list[int]:
    """How it grows: an eighth, a quarter, a half and all of it."""
    return sorted({max(1, most // part) for part in (8, 4, 2, 1)})


def _speed(worker: children.Child, kind: str, count: int, say: Say) -> dict[str, Any]:
    turns = [worker.ask(f"pass {kind} {count}") for _ in range(REPEATS + 1)][1:]
    row: dict[str, Any] = {"kind": kind, "answers": count, "bytes": turns[0]["bytes"]}
    for way in WAYS:
        row[f"{way}_mb_per_second"] = spread([one["bytes"] / 1e6 / one[way] for one in turns])
    row["ours_to_orjson"] = spread([one["orjson"] / one["ours"] for one in turns])
    say(f"{count} {kind}: {row['ours_to_orjson']['median']} times as fast as orjson")
    return row
