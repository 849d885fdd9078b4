"""A real Alertmanager for one cluster: its configuration, and whom it tells of alerts."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from apps.simulator import keeping
from apps.simulator.certificates import write
from apps.simulator.doors import HOST

logger = logging.getLogger(__name__)

RETENTION = "24h"
US, PAGER = "aiops-nextgen", "pager"
# Debian's program reads its templates from this one place. Unpacked elsewhere it does not start,
# and without root nothing can be put there, so it runs as a copy that looks where it is started.
DEBIAN_PLACE = b"/usr/share/prometheus/alertmanager"
HERE = b"." + b"/" * (len(DEBIAN_PLACE) - 1)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a cluster's alerts are told to, as files: the registrar writes them."""

    folder: Path

    @property
    def url(self) -> Path:
        return self.folder / "webhook.url"

    @property
    def token(self) -> Path:
        """Read by Alertmanager at every post, so another one counts at once."""
        return self.folder / "webhook.token"

    @property
    def is_known(self) -> bool:
        return self.url.exists() and self.token.exists()

    def put(self, url: str, token: str) -> None:
        write(self.token, token.encode())
        write(self.url, url.encode())


@dataclass(frozen=True, slots=True)
class Plan:
    """One cluster's Alertmanager: program, folder, port, and its address for people."""

    cluster: str
    program: Path
    # Where it is started.
    cwd: Path
    folder: Path
    port: int
    url: str

    @property
    def config(self) -> Path:
        return self.folder / "alertmanager.yml"

    @property
    def log(self) -> Path:
        return self.folder / "alertmanager.log"

    def command(self) -> list[str | Path]:
        return [
            self.program,
            f"--config.file={self.config}",
            f"--storage.path={self.folder / 'alertmanager'}",
            f"--data.retention={RETENTION}",
            f"--web.listen-address={HOST}:{self.port}",
            f"--web.external-url={self.url}",
            # One of its kind: nobody to gossip with.
            "--cluster.listen-address=",
            "--log.level=warn",
        ]


def configuration(webhook: Webhook) -> str:
    """Return alertmanager.yml; where nobody asked to be told, alerts are only shown."""
    ours: dict[str, Any] = {"name": US}
    if webhook.is_known:
        ours["webhook_configs"] = [
            {
                "url": webhook.url.read_text(),
                "http_config": {"authorization": {"credentials_file": str(webhook.token)}},
            }
        ]
    return yaml.safe_dump(
        {"route": ROUTE, "inhibit_rules": [INHIBITION], "receivers": [ours, {"name": PAGER}]},
        sort_keys=False,
    )


ROUTE = {
    "receiver": US,
    "group_by": ["alertname", "namespace"],
    # People watch a demonstration, so that nothing waits as long as it should elsewhere.
    "group_wait": "2s",
    "group_interval": "5s",
    "repeat_interval": "10m",
    "routes": [
        # Always firing: told every minute, its silence means that the way here is broken.
        {"receiver": US, "matchers": ['alertname="Watchdog"'], "repeat_interval": "1m"},
        {"receiver": PAGER, "matchers": ['severity="critical"'], "continue": True},
        {"receiver": US},
    ],
}
INHIBITION = {
    "source_matchers": ['severity="critical"'],
    "target_matchers": ['severity=~"warning|info"'],
    "equal": ["alertname", "namespace"],
}


def startable(program: Path, folder: Path) -> tuple[Path, Path]:
    """Return the program to start, and the folder to start it in; a copy is put into `folder`."""
    templates = program.resolve().parents[1] / "share" / "prometheus" / "alertmanager"
    if not (templates / "default.tmpl").exists() or str(templates).encode() == DEBIAN_PLACE:
        return program, folder
    copy = folder / "alertmanager.bin"
    write(copy, program.read_bytes().replace(DEBIAN_PLACE, HERE))
    copy.chmod(0o700)
    return copy, templates


async def live(plan: Plan) -> None:
    """Run the Alertmanager until cancelled; start it again when it ends by itself."""
    webhook = Webhook(plan.folder)
    if not webhook.is_known:
        logger.warning("The alerts of %s are told to nobody: it is not registered.", plan.cluster)
    write(plan.config, configuration(webhook).encode())
    title = f"The Alertmanager of {plan.cluster}"
    await keeping.keep(title, plan.command(), plan.log, plan.cwd)
