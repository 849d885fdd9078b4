"""Posts to the door for alerts as Alertmanager does, over ASGI."""

import json
from typing import Any

from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator

from aiops.asgi import application
from apps.clusters.actions import webhook_tokens
from apps.clusters.models import Cluster

ZERO = "0001-01-01T00:00:00Z"


def alert(name: str = "NodeDown", **rest: Any) -> dict[str, Any]:
    labels = {"alertname": name, "severity": "critical", **rest.pop("labels", {})}
    return {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": "it is down"},
        "startsAt": "2026-03-04T12:00:00.123456789Z",
        "endsAt": ZERO,
        "generatorURL": "http://prometheus.example.net/graph",
        **rest,
    }


def over(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"status": "resolved", "endsAt": "2026-03-04T12:05:00Z"}


def body(*alerts: dict[str, Any], **rest: Any) -> bytes:
    group = {"version": "4", "status": "firing", "receiver": "aiops", "truncatedAlerts": 0}
    return json.dumps(group | {"alerts": alerts} | rest).encode()


class Sender:
    """One cluster's Alertmanager; `answer` is what it was told last."""

    def __init__(self, cluster: Cluster, token: str = "") -> None:
        self.cluster = cluster
        self.token = token or webhook_tokens.rotate(cluster)
        self.path = f"/api/v1/alerts/webhook/{cluster.pk}"
        self.answer: Any = None
        self.headers: dict[str, str] = {}

    def post(self, sent: bytes, **headers: str) -> int:
        """Return the status; a header of no text is not sent."""
        told = {
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
            "content-length": str(len(sent)),
        } | {name.replace("_", "-"): text for name, text in headers.items()}
        return async_to_sync(self._post)(sent, {key: text for key, text in told.items() if text})

    async def _post(self, sent: bytes, headers: dict[str, str]) -> int:
        scope = {
            "type": "http",
            "method": "POST",
            "path": self.path,
            "query_string": b"",
            "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
        }
        line: Any = ApplicationCommunicator(application, scope)  # type: ignore[no-untyped-call]
        half = len(sent) // 2
        await line.send_input({"type": "http.request", "body": sent[:half], "more_body": True})
        await line.send_input({"type": "http.request", "body": sent[half:]})
        start = await line.receive_output(30)
        content = await line.receive_output(30)
        await line.wait(30)
        self.headers = {name.decode().lower(): text.decode() for name, text in start["headers"]}
        self.answer = json.loads(content["body"])
        return int(start["status"])
