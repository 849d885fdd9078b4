"""One real Alertmanager, started for a test and ended with it, and how it is asked beside us."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.simulator.alertmanager import startable
from tests.observability.programs import free_port, program, running

CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@dataclass(frozen=True)
class Alertmanager:
    url: str

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/api/v2/{path}", timeout=30) as reply:
            return json.load(reply)

    def post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/v2/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            said = reply.read()
            return json.loads(said) if said else None

    def delete(self, path: str) -> None:
        request = urllib.request.Request(f"{self.url}/api/v2/{path}", method="DELETE")
        with urllib.request.urlopen(request, timeout=30):
            pass

    def refuses(self, matchers: list[dict[str, Any]]) -> bool:
        """Whether it makes no silence of these; one that it makes is left as it is."""
        names = {"is_regex": "isRegex", "is_equal": "isEqual"}
        written = [{names.get(key, key): one[key] for key in one} for one in matchers]
        times = {"startsAt": "2098-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"}
        try:
            told = {"matchers": written, "createdBy": "a test", "comment": "refuse it", **times}
            self.post("silences", told)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code == 400
        return False

    def fire(self, *labels: dict[str, str], ends_at: str = "2099-01-01T00:00:00Z") -> None:
        self.post("alerts", [{"labels": one, "endsAt": ends_at} for one in labels])

    def alerts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("alerts")
        return found

    def silenced_by(self, silence_id: str) -> list[dict[str, Any]]:
        return [one for one in self.alerts() if silence_id in one["status"]["silencedBy"]]

    def silences(self) -> dict[str, dict[str, Any]]:
        return {one["id"]: one for one in self.get("silences")}


@contextmanager
def an_alertmanager(folder: Path, config: str = CONFIG) -> Iterator[Alertmanager]:
    folder.mkdir(parents=True, exist_ok=True)
    binary, cwd = startable(program("prometheus-alertmanager", "alertmanager"), folder)
    path, port = folder / "alertmanager.yml", free_port()
    path.write_text(config)
    url = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [
        binary,
        f"--config.file={path}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    with running(command, f"{url}/-/ready", folder / "log", cwd=cwd):
        yield Alertmanager(url)
