"""The load of benchmark 5: posts over kept connections, the same alerts to whoever takes them.

A line asks for one turn, as JSON; every alert of a turn is a new one, unless it is to come again.
"""

import asyncio
import json
import sys
import time
import zlib
from collections.abc import Sequence
from typing import Any

from tests.benchmarks.children import tell

ZERO = "0001-01-01T00:00:00Z"
STARTED = "2026-03-04T12:00:00.123Z"


def alert(turn: str, number: int) -> dict[str, Any]:
    labels = {
        "alertname": f"KubePodCrashLooping{number % 50}",
        "severity": ("critical", "warning", "info")[number % 3],
        "namespace": f"team-{number % 40}",
        "pod": f"web-{turn}-{number}",
        "container": "web",
        "job": "kube-state-metrics",
        "prometheus": "openshift-monitoring/k8s",
    }
    return {
        "labels": labels,
        "annotations": {
            "summary": "Pod is crash looping.",
            "description": f"Pod web-{number} (web) is in waiting state for 15 minutes.",
        },
        "startsAt": STARTED,
        "generatorURL": "https://prometheus.example.net/graph?g0.expr=up",
    }


def ours(alerts: Sequence[dict[str, Any]], group: str) -> dict[str, Any]:
    """The same as the webhook tells them; a group's name makes its fingerprints its own."""
    of_group = zlib.crc32(group.encode())
    told = [
        one | {"status": "firing", "endsAt": ZERO, "fingerprint": f"{of_group:08x}{number:08x}"}
        for number, one in enumerate(alerts)
    ]
    return {
        "version": "4",
        "groupKey": group,
        "status": "firing",
        "receiver": "aiops",
        "truncatedAlerts": 0,
        "alerts": told,
    }


def requests_of(asked: dict[str, Any]) -> list[bytes]:
    size, head = (
        asked["batch"],
        (
            f"POST {asked['path']} HTTP/1.1\r\nHost: {asked['host']}:{asked['port']}\r\n"
            f"Authorization: Bearer {asked.get('token', '')}\r\nContent-Type: application/json\r\n"
        ),
    )
    made = []
    for number in range(asked["requests"]):
        alerts = [alert(asked["turn"], number * size + at) for at in range(size)]
        whole = ours(alerts, f"{asked['turn']} {number}") if "token" in asked else alerts
        body = json.dumps(whole)
        made.append(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    return made


async def post(asked: dict[str, Any], waiting: list[bytes], taken: list[float]) -> None:
    reader, writer = await asyncio.open_connection(asked["host"], asked["port"])
    while waiting:
        request = waiting.pop()
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"refused: {head!r}")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        taken.append(1000 * (time.perf_counter() - began))
    writer.close()


async def turn(asked: dict[str, Any]) -> dict[str, float]:
    prepared = requests_of(asked)
    for _ in range(2 if asked.get("again") else 1):
        waiting, taken = list(prepared), list[float]()
        began = time.perf_counter()
        await asyncio.gather(*(post(asked, waiting, taken) for _ in range(asked["at_once"])))
        seconds = time.perf_counter() - began
    taken.sort()
    return {
        "per_second": len(taken) * asked["batch"] / seconds,
        "p50_ms": taken[len(taken) // 2],
        "p99_ms": taken[min(len(taken) - 1, len(taken) * 99 // 100)],
    }


def main() -> None:
    tell("ready")
    for line in sys.stdin:
        tell(json.dumps(asyncio.run(turn(json.loads(line)))))


if __name__ == "__main__":
    main()
