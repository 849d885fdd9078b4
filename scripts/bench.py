"""Runs the benchmarks and writes their figures: docs/figures.json, and docs/figures.md from it."""

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.figures import render
from scripts.steps import ROOT, say
from tests.benchmarks import alerts, caching, federation, gpus, inbox, merging, polling

BENCHMARKS: dict[str, Callable[..., None]] = {
    "federation": federation.measure,
    "merge": merging.measure,
    "cache": caching.measure,
    "polling": polling.measure,
    "alerts": alerts.measure,
    "inbox": inbox.measure,
    "gpus": gpus.measure,
}
FIGURES = ROOT / "docs" / "figures.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHMARKS), help="one benchmark alone")
    parser.add_argument("--quick", action="store_true", help="small, and written nowhere")
    asked = parser.parse_args()
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for name in [asked.only] if asked.only else BENCHMARKS:
        figures[name] = {
            "command": f"make bench ONLY={name}",
            "commit": _commit(),
            "made_at": f"{datetime.now(UTC):%F %H:%M} UTC",
            "machine": _machine(),
            "load_before": os.getloadavg()[0],
        }

        def keep(measured: dict[str, Any], name: str = name) -> None:
            figures[name]["figures"] = measured
            if not asked.quick:
                FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
                FIGURES.with_suffix(".md").write_text(render(figures))

        BENCHMARKS[name](say, keep, quick=asked.quick)
    say(render(figures))


def _commit() -> str:
    words = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")
    cores = len(os.sched_getaffinity(0))
    return f"{model or platform.machine()}, {cores} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
