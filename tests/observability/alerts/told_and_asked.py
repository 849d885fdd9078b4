"""A real Alertmanager that tells us and a pager, and a Prometheus' part played by the test.

It can be killed and come back at the same address; what is to fire is then told to it again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from apps.simulator.alertmanager import startable
from tests.fakes import gates
from tests.observability.alerts.one_alertmanager import Alertmanager
from tests.observability.programs import answers, free_port, program
from tests.processes import process

PATIENCE = 60.0
Labels = dict[str, str]


@dataclass
class Pager:
    """The other receiver: it remembers every group that it was told."""

    groups: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.groups.append(await request.json())
        return web.Response()

    def told(self, alertname: str, status: str = "firing") -> int:
        """How often it was told of that alert in that state."""
        return sum(
            one["labels"]["alertname"] == alertname and one["status"] == status
            for group in list(self.groups)
            for one in group["alerts"]
        )


@dataclass
class Real:
    """The program, at one address. `firing` is what Prometheus would tell it over and over."""

    folder: Path
    port: int
    pager: Pager
    token: Path
    firing: dict[str, dict[str, Any]] = field(default_factory=dict)
    running: ExitStack = field(default_factory=ExitStack)
    kill: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> Alertmanager:
        return Alertmanager(self.url)

    def configure(self, webhook: str) -> None:
        def receiver(name: str, url: str, **more: Any) -> dict[str, Any]:
            hook = {"url": url, "send_resolved": True} | more
            return {"name": name, "webhook_configs": [hook]}

        shown = {"authorization": {"credentials_file": str(self.token)}}
        pager = f"http://127.0.0.1:{self.pager.port}/"
        config = {
            "route": {
                "receiver": "aiops",
                "group_by": ["alertname"],
                "group_wait": "1s",
                "group_interval": "1s",
                "repeat_interval": "2s",
                "routes": [{"receiver": "pager", "continue": True}, {"receiver": "aiops"}],
            },
            "inhibit_rules": [
                {
                    "source_matchers": ['severity="critical"'],
                    "target_matchers": ['severity="warning"'],
                    "equal": ["node"],
                }
            ],
            "receivers": [
                receiver("aiops", webhook, http_config=shown),
                receiver("pager", pager),
            ],
        }
        (self.folder / "alertmanager.yml").write_text(yaml.safe_dump(config))

    def start(self) -> None:
        binary, cwd = startable(program("alertmanager"), self.folder)
        command: list[str | Path] = [
            binary,
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
        ]
        log = self.running.enter_context((self.folder / "log").open("ab"))
        child = self.running.enter_context(process(command, stdout=log, stderr=log, cwd=cwd))
        until(lambda: child.poll() is None and answers(f"{self.url}/-/ready"))

        def kill() -> None:
            child.kill()
            child.wait(30)

        self.kill = kill

    def fire(self, name: str, **labels: str) -> None:
        """Fire from now on, at a moment as Prometheus tells it: with nanoseconds."""
        now = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        self.firing[name] = {
            "labels": {"alertname": name, "severity": "critical", **labels},
            "annotations": {"summary": f"{name} is on fire"},
            "startsAt": f"{now}789Z",
            "generatorURL": "http://prometheus.example.net/graph",
        }

    def end(self, name: str) -> dict[str, Any]:
        return self.firing.pop(name) | {"endsAt": datetime.now(UTC).isoformat()}

    def tell(self, *over: dict[str, Any]) -> None:
        """Tell it of what fires, as Prometheus does again and again, and of what is `over`."""
        until_then = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
        self.api.post("alerts", [one | {"endsAt": until_then} for one in self.firing.values()])
        if over:
            self.api.post("alerts", list(over))


def until(holds: Callable[[], object], within: float = PATIENCE) -> None:
    """Ask until it holds. What is asked takes its time, so that nobody is asked too often."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.05)


@contextmanager
def told_and_asked(folder: Path) -> Iterator[Real]:
    """Have one that is not started yet, with its pager."""
    pager = Pager()
    with gates.serve(pager.answer) as pager.port, ExitStack() as running:
        yield Real(folder, free_port(), pager, folder / "token", running=running)
