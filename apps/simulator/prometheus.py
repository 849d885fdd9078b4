"""A real Prometheus for one cluster: its configuration, and its life with restarts."""

import asyncio
import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from apps.simulator import children, history
from apps.simulator.certificates import write
from apps.simulator.doors import HOST
from apps.simulator.targets import Target

logger = logging.getLogger(__name__)

SCRAPE_SECONDS = 15
RETENTION = "24h"
# After a crash it waits this long, then twice as long, and so on up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# Alive for this long, it counts as well, and the next crash starts from the first pause again.
WELL_AFTER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One cluster's Prometheus: program, storage, ports."""

    cluster: str
    program: Path
    var_dir: Path
    port: int
    exporters_port: int

    @property
    def tsdb(self) -> Path:
        return history.storage(self.var_dir, self.cluster)

    @property
    def config(self) -> Path:
        return self.tsdb.parent / "prometheus.yml"

    @property
    def log(self) -> Path:
        return self.tsdb.parent / "prometheus.log"

    def command(self) -> list[str | Path]:
        return [
            self.program,
            f"--config.file={self.config}",
            f"--storage.tsdb.path={self.tsdb}",
            f"--storage.tsdb.retention.time={RETENTION}",
            f"--web.listen-address={HOST}:{self.port}",
            "--log.level=warn",
        ]


def scrape_config(target: Target, exporters_port: int) -> dict[str, Any]:
    return {
        # Job names must differ between scrape configs, so the real one is written as a label.
        "job_name": target.path.strip("/"),
        "honor_labels": target.honor_labels,
        "metrics_path": target.path,
        "static_configs": [
            {
                "targets": [f"{HOST}:{exporters_port}"],
                "labels": {"job": target.job, "instance": target.instance, **target.labels},
            }
        ],
    }


def configuration(found: Iterable[Target], exporters_port: int) -> str:
    """Return prometheus.yml; no external labels, as installations have none by default."""
    return yaml.safe_dump(
        {
            "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "scrape_timeout": "10s"},
            "scrape_configs": [scrape_config(target, exporters_port) for target in found],
        },
        sort_keys=False,
    )


async def put_history_in(plan: Plan) -> None:
    """Fill what is missing, in a process of its own; go on without where that fails."""
    log = plan.tsdb.parent / "history.log"
    command = [sys.executable, "-m", "apps.simulator.history", str(plan.var_dir), plan.cluster]
    child = await children.start(command, log)
    try:
        failed = await child.wait()
    finally:
        await children.stop(child)
    if failed:
        logger.warning("%s has no history: %s", plan.cluster, children.last_line(log))


async def live(plan: Plan, found: Iterable[Target], gate: asyncio.Semaphore) -> None:
    """Run the Prometheus until cancelled; start it again when it ends by itself."""
    plan.tsdb.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(plan.config, configuration(found, plan.exporters_port).encode())
    async with gate:
        await put_history_in(plan)
    loop = asyncio.get_running_loop()
    pause = FIRST_PAUSE
    while True:
        began = loop.time()
        child = await children.start(plan.command(), plan.log)
        pid_file = plan.tsdb.parent / "prometheus.pid"
        pid_file.write_text(str(child.pid))
        try:
            code = await child.wait()
        finally:
            await children.stop(child)
            pid_file.unlink()
        if loop.time() - began > WELL_AFTER_SECONDS:
            pause = FIRST_PAUSE
        said = children.last_line(plan.log) or "it said nothing"
        logger.warning(
            "The Prometheus of %s ended with %s and starts again in %.1f s: %s",
            plan.cluster, code, pause, said,
        )  # fmt: skip
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)
