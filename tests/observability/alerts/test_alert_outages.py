"""PostgreSQL or Redis is away while a real Alertmanager posts: nothing is lost, nothing doubled."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import redis
import yaml

from aiops import BASE_DIR
from apps.clusters.actions import webhook_tokens
from apps.streaming import log
from tests.contract.conftest import addresses
from tests.factories import make_cluster
from tests.observability.alerts.one_alertmanager import Alertmanager, an_alertmanager
from tests.observability.alerts.outages import Servers, servers_of_our_own
from tests.observability.alerts.told_and_asked import until
from tests.processes import process, said_by

pytestmark = pytest.mark.django_db(transaction=True)

OUTAGE_SECONDS = float(os.environ.get("AIOPS_TEST_OUTAGE_SECONDS", "3"))
# Alertmanager posts each alert by itself: so many posts before, during and after each outage, and
# so many of the first are over during it.
BEFORE, DURING, AFTER, OVER = 150, 200, 50, 100
PATIENCE = 60 + 4 * OUTAGE_SECONDS
Change = tuple[str, str]


@dataclass
class Inbox:
    """What became of what was posted, asked of the servers themselves."""

    servers: Servers
    upstream: Alertmanager
    fired: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    since: str = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()

    def fire(self, count: int) -> list[str]:
        pods = [f"web-{len(self.fired) + number}" for number in range(count)]
        self.fired += pods
        self._tell(pods, timedelta(hours=1))
        return pods

    def end(self, pods: list[str]) -> None:
        self.over += pods
        self._tell(pods, timedelta())

    def _tell(self, pods: list[str], lasts: timedelta) -> None:
        times = {"startsAt": self.since, "endsAt": (datetime.now(UTC) + lasts).isoformat()}
        labels = [{"alertname": "PodDown", "severity": "critical", "pod": pod} for pod in pods]
        self.upstream.post("alerts", [{"labels": one} | times for one in labels])

    def rows(self) -> Counter[Change]:
        """How often each pod is there, with the state it is in."""
        with psycopg.connect(self.servers.url("postgres")) as connection:
            found = connection.execute("SELECT labels->>'pod', state FROM observability_alert")
            return Counter((pod, state) for pod, state in found.fetchall())

    def is_complete(self) -> bool:
        rows = self.rows()
        return rows.total() >= len(self.fired) and sum(
            state == "RESOLVED" for _, state in rows.elements()
        ) == len(self.over)

    def expected(self) -> Counter[Change]:
        over = set(self.over)
        return Counter((pod, "RESOLVED" if pod in over else "FIRING") for pod in self.fired)

    def events(self) -> Counter[Change]:
        """How often which change was told of each pod."""
        with redis.Redis.from_url(self.servers.url("redis")) as server:
            found: Any = server.xrange(log.STREAM)
        bodies = [msgspec.json.decode(fields[b"body"]) for _, fields in found]
        return Counter((one["payload"]["labels"]["pod"], one["event_type"]) for one in bodies)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    cluster = make_cluster("edge-1")
    token = webhook_tokens.rotate(cluster)
    with servers_of_our_own(tmp_path / "var") as servers:
        servers.fill()
        with platform(servers, tmp_path / "platform.log") as url:
            webhook = f"{url}/api/v1/alerts/webhook/{cluster.pk}"
            with an_alertmanager(tmp_path / "alertmanager", told_by_each(webhook, token)) as real:
                yield Inbox(servers, real)


@contextmanager
def platform(servers: Servers, written: Path) -> Iterator[str]:
    own = {"DATABASE_URL": servers.url("postgres"), "REDIS_URL": servers.url("redis")}
    env = os.environ | addresses() | own
    command = [sys.executable, "-m", "tests.contract.guarded_server"]
    with (
        written.open("w") as lines,
        process(command, cwd=BASE_DIR, env=env, stdout=subprocess.PIPE, stderr=lines) as server,
    ):
        yield f"http://127.0.0.1:{int(said_by(server))}"


def told_by_each(webhook: str, token: str) -> str:
    """Every alert is a group, and so a post, of its own."""
    hook = {
        "url": webhook,
        "send_resolved": True,
        "http_config": {"authorization": {"credentials": token}},
    }
    return yaml.safe_dump(
        {
            "route": {
                "receiver": "aiops",
                "group_by": ["..."],
                "group_wait": "0s",
                "group_interval": "2s",
                "repeat_interval": "1h",
            },
            "receivers": [{"name": "aiops", "webhook_configs": [hook]}],
        }
    )


def test_neither_away_nor_frozen_costs_or_doubles_an_alert(inbox: Inbox) -> None:
    servers = inbox.servers
    for away in (servers.stopped, servers.frozen):
        for name in ("postgres", "redis"):
            told = endure(inbox, away(name))
            assert inbox.rows() == inbox.expected(), name
            events = inbox.events()
            # Who listens is told once; while the log of events is away, that is not at all.
            assert set(events.values()) == {1}, (away, name, events.most_common(3))
            for pod in told:
                assert events[pod, "ALERT_FIRED"] == 1, name


def endure(inbox: Inbox, away: Any) -> list[str]:
    """Fire before, during and after it; return the pods of which everybody is to know."""
    # Of what ended before it could tell that it fired, Alertmanager tells nobody anything.
    before = inbox.fire(BEFORE)
    until(inbox.is_complete, PATIENCE)
    inbox.fire(DURING // 2)
    with away:
        inbox.fire(DURING // 2)
        inbox.end(before[:OVER])
        time.sleep(OUTAGE_SECONDS)
    after = inbox.fire(AFTER)
    until(inbox.is_complete, PATIENCE)
    return after
