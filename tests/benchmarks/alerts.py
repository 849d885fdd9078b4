"""Benchmark 5: alerts that are stored before they are answered, beside Alertmanager's own door.

Alertmanager keeps in memory what is posted to it; COPY of the same rows, into a table without an
index, is what PostgreSQL could do at most.
"""

import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks import children, platform
from tests.benchmarks.alerts_load import alert
from tests.benchmarks.children import Child
from tests.benchmarks.spreading import spread

SEED = "alerts"
REPEATS = 5
# Alerts in a post, posts in a turn, posts under way at once.
SHAPES = ((1, 3000, 16), (64, 300, 8), (1000, 24, 4))
STORED = (125_000, 250_000, 500_000, 1_000_000)
STORM = 50_000
# Rows of the past, as many as are wanted, over by now.
PAST = """
    INSERT INTO observability_alert (id, cluster_id, fingerprint, starts_at, ends_at, state,
        severity, alertname, namespace, labels, annotations, generator_url, receivers, silenced_by,
        inhibited_by, source, ending, acknowledgement, first_received_at, last_received_at,
        changed_at)
    SELECT gen_random_uuid(), %s, md5(n::text), now() - n * interval '1 second', now(), 'RESOLVED',
        'INFO', 'Past' || n %% 100, '',
        jsonb_build_object('alertname', 'Past' || n %% 100, 'pod', n), '{}', '', '{}', '{}', '{}',
        'WEBHOOK', 'TOLD', '', now(), now(), now()
    FROM generate_series(%s, %s) AS n
"""

Say = Callable[[str], None]
Keep = Callable[[dict[str, Any]], None]


def measure(say: Say, keep: Keep, *, quick: bool = False) -> None:
    """Six minutes, or one if quick."""
    figures: dict[str, Any] = {"seed": SEED, "rows": [], "growth": []}
    with platform.running() as var, alertmanager(var) as rival:
        cluster_id, token = _register()
        server = children.start(["tests.benchmarks.alerts_server"], children.MEASURED_CORE)
        load = children.start(["tests.benchmarks.alerts_load"], children.LOAD_CORE)
        with server as served, load as sender:
            at = {"host": "127.0.0.1", "port": int(served.read()), "token": token}
            door = at | {"path": f"/api/v1/alerts/webhook/{cluster_id}"}
            turns = Turns(sender, door, rival, quick)
            for shape in SHAPES:
                row = turns.compare(*shape)
                say(f"batch {shape[0]}: {row}")
                figures["rows"].append(row)
                keep(figures)
            figures["storm"] = turns.storm(STORM // (10 if quick else 1))
            say(f"storm: {figures['storm']}")
            _empty()
            for stored in STORED[:2] if quick else STORED:
                figures["growth"].append(turns.among(stored, cluster_id))
                say(f"growth: {figures['growth'][-1]}")
                keep(figures)


class Turns:
    def __init__(
        self, sender: Child, door: dict[str, Any], rival: dict[str, Any] | None, quick: bool
    ) -> None:
        self._sender, self._door, self._rival = sender, door, rival
        self._less, self._number = (5 if quick else 1), 0

    def compare(self, batch: int, requests: int, at_once: int) -> dict[str, Any]:
        """Measure all of them in turn; the first round warms up and does not count."""
        shape = {"batch": batch, "requests": max(requests // self._less, at_once)}
        shape["at_once"] = at_once
        ways: dict[str, list[dict[str, float]]] = {"ours": [], "again": [], "theirs": []}
        copied = []
        for _ in range(REPEATS + 1):
            ways["ours"].append(self._ask(self._door, shape))
            ways["again"].append(self._ask(self._door, shape | {"again": True}))
            if self._rival:
                ways["theirs"].append(self._ask(self._rival, shape))
            copied.append(_copy(batch * shape["requests"]))
        row: dict[str, Any] = {**shape, "copy_per_second": spread(copied[1:])}
        for name, found in ways.items():
            for part in ("per_second", "p50_ms", "p99_ms") if found else ():
                row[f"{name}_{part}"] = spread([one[part] for one in found[1:]])
        if self._rival:
            pairs = zip(ways["ours"][1:], ways["theirs"][1:], strict=True)
            row["to_theirs"] = spread([a["per_second"] / b["per_second"] for a, b in pairs])
        return row

    def storm(self, alerts: int) -> dict[str, Any]:
        """So many alerts as fast as they are taken, in groups of 64; and how many were stored."""
        from apps.observability.models import Alert

        before = Alert.objects.count()
        shape = {"batch": 64, "requests": alerts // 64, "at_once": 8}
        began = time.perf_counter()
        found = self._ask(self._door, shape)
        seconds = time.perf_counter() - began
        stored = Alert.objects.count() - before
        return {"sent": alerts // 64 * 64, "stored": stored, "seconds": seconds, **found}

    def among(self, stored: int, cluster_id: str) -> dict[str, Any]:
        """Measure batches of 64 with at least so many rows in the table."""
        from django.db import connection

        from apps.observability.models import Alert

        there = Alert.objects.count()
        with connection.cursor() as cursor:
            if stored > there:
                cursor.execute(PAST, [cluster_id, there, stored])
            cursor.execute("ANALYZE observability_alert")
        shape = {"batch": 64, "requests": 100 // self._less, "at_once": 8}
        found = [self._ask(self._door, shape) for _ in range(REPEATS + 1)][1:]
        parts = ("per_second", "p99_ms")
        figures = {part: spread([one[part] for one in found]) for part in parts}
        return {"rows": Alert.objects.count(), **figures}

    def _ask(self, whom: dict[str, Any], shape: dict[str, Any]) -> dict[str, float]:
        self._number += 1
        return self._sender.ask(json.dumps(whom | shape | {"turn": f"t{self._number}"}))


def _register() -> tuple[str, str]:
    from apps.clusters.actions import webhook_tokens
    from tests.factories import make_cluster

    cluster = make_cluster("bench")
    return str(cluster.pk), webhook_tokens.rotate(cluster)


def _empty() -> None:
    """Forget all alerts, so that what is there from now on is as much as is said."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE observability_alert CASCADE")


def _copy(rows: int) -> float:
    """Return how many of such rows a second a table takes, one transaction for all of them."""
    from django.db import connection

    texts = [json.dumps(alert("copy", number)["labels"]) for number in range(rows)]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare")
        cursor.execute("CREATE TABLE bare (n int, labels jsonb)")
        began = time.perf_counter()
        with cursor.copy("COPY bare FROM STDIN") as copy:
            for number, text in enumerate(texts):
                copy.write_row((number, text))
        return rows / (time.perf_counter() - began)


@contextmanager
def alertmanager(var: Path) -> Iterator[dict[str, Any] | None]:
    """Run one on the measured core, if there is one to run."""
    from aiops import BASE_DIR
    from apps.simulator import binaries
    from apps.simulator.alertmanager import startable
    from tests.observability.programs import free_port

    program = binaries.find("alertmanager", BASE_DIR / "var")
    if program is None:
        yield None
        return
    program, folder = startable(program, var)
    config = var / "alertmanager.yml"
    config.write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={config}",
                f"--storage.path={data}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
                "--log.level=error",
            ],
            cwd=folder,
            env=os.environ | {"GOMAXPROCS": "1"},
        )
        children._pin(process.pid, children.MEASURED_CORE)
        try:
            _await(f"http://127.0.0.1:{port}/-/ready")
            yield {"host": "127.0.0.1", "port": port, "path": "/api/v2/alerts"}
        finally:
            process.terminate()
            process.wait(20)


def _await(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
