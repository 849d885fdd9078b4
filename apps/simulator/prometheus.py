"""A real Prometheus for one cluster: its configuration, and its life with restarts."""

import asyncio
import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from apps.simulator import children, history, keeping, rules
from apps.simulator.certificates import write
from apps.simulator.doors import HOST
from apps.simulator.targets import Target
from apps.simulator.world import Cluster

logger = logging.getLogger(__name__)

SCRAPE_SECONDS = 15
# More often than it scrapes: an alert is not to wait for both.
EVALUATION_SECONDS = 5
RETENTION = "24h"


@dataclass(frozen=True, slots=True)
class Plan:
    """One cluster's Prometheus: program, storage, ports, and its address for people.

    `alertmanager_port` is None where there is no Alertmanager to tell of alerts.
    """

    cluster: Cluster
    program: Path
    var_dir: Path
    port: int
    exporters_port: int
    url: str
    alertmanager_port: int | None = None

    @property
    def tsdb(self) -> Path:
        return history.storage(self.var_dir, self.cluster.name)

    @property
    def config(self) -> Path:
        return self.tsdb.parent / "prometheus.yml"

    @property
    def rules(self) -> Path:
        return self.tsdb.parent / "rules.yml"

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
            # What an alert names as its origin.
            f"--web.external-url={self.url}",
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


def configuration(plan: Plan, found: Iterable[Target]) -> str:
    """Return prometheus.yml; no external labels, as installations have none by default."""
    told = [] if plan.alertmanager_port is None else [f"{HOST}:{plan.alertmanager_port}"]
    return yaml.safe_dump(
        {
            "global": {
                "scrape_interval": f"{SCRAPE_SECONDS}s",
                "scrape_timeout": "10s",
                "evaluation_interval": f"{EVALUATION_SECONDS}s",
            },
            "rule_files": [str(plan.rules)],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": told}]}]},
            "scrape_configs": [scrape_config(target, plan.exporters_port) for target in found],
        },
        sort_keys=False,
    )


async def put_history_in(plan: Plan) -> None:
    """Fill what is missing, in a process of its own; go on without where that fails."""
    name = plan.cluster.name
    log = plan.tsdb.parent / "history.log"
    command = [sys.executable, "-m", "apps.simulator.history", str(plan.var_dir), name]
    child = await children.start(command, log)
    try:
        failed = await child.wait()
    finally:
        await children.stop(child)
    if failed:
        logger.warning("%s has no history: %s", name, children.last_line(log))


async def live(plan: Plan, found: Iterable[Target], gate: asyncio.Semaphore) -> None:
    """Run the Prometheus until cancelled; start it again when it ends by itself."""
    plan.tsdb.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(plan.rules, rules.document(plan.cluster).encode())
    write(plan.config, configuration(plan, found).encode())
    async with gate:
        await put_history_in(plan)
    await keeping.keep(f"The Prometheus of {plan.cluster.name}", plan.command(), plan.log)
