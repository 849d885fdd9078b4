"""A fleet with one hostile cluster in it, and the doors at which the fleet is asked."""

import json
import logging
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.observability.federation import upstreams
from tests.factories import make_cluster
from tests.fakes import hostile
from tests.fakes.hostile import Answer
from tests.fakes.upstream import Upstream, prometheus, serve

CANARY = "canary-" + "7f3a91" * 5
VECTOR = [{"metric": {"__name__": "up"}, "value": [1769860800, "1"]}]
MATRIX = [{"metric": {"__name__": "up"}, "values": [[1769860800, "1"]]}]
# What the good ones have time for on a busy machine, and what the hanging ones are waited for.
WAIT = 3

Found = tuple[dict[str, str], set[str]]
Door = Callable[[APIClient], Found]


def by_rest(path: str, body: dict[str, Any]) -> Door:
    def ask(api: APIClient) -> Found:
        response = api.post(f"/api/v1/metrics/{path}", body | {"timeout": WAIT}, format="json")
        rows = _body(response)["results"]
        failed = {
            row["cluster_name"]: f"{row['error']['code']}: {row['error']['message']}"
            for row in rows
            if row["error"]
        }
        return failed, {row["cluster_name"] for row in rows if row["status"] == "SUCCESS"}

    return ask


def by_prometheus(api: APIClient) -> Found:
    asked = {"query": "up", "time": "1769860800", "timeout": f"{WAIT}s"}
    body = _body(api.get("/prometheus/api/v1/query", asked))
    failed = dict(warning.split(": ", 1) for warning in body["warnings"])
    return failed, {one["metric"]["cluster"] for one in body["data"]["result"]}


def _body(response: Any) -> Any:
    content = b"".join(response)
    assert response.status_code == 200, content
    assert CANARY not in content.decode()
    return json.loads(content)


MOMENTS = {"start_time": "2026-01-31T12:00:00Z", "end_time": "2026-01-31T12:01:00Z"}
DOORS: dict[str, Door] = {
    "query": by_rest("query", {"query": "up"}),
    "query_range": by_rest("query_range", {"query": "up", "step": "30s"} | MOMENTS),
    "prometheus": by_prometheus,
}


class Fleet:
    """Two good clusters, and room for a hostile one in any place among them."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.good: list[Upstream] = []
        answers = prometheus(VECTOR) | {
            "/api/v1/query_range": prometheus(MATRIX, "matrix")["/api/v1/query_range"]
        }
        for name in ("a-well", "m-well"):
            upstream = stack.enter_context(serve(answers))
            make_cluster(name, prometheus_url=upstream.url, token=CANARY)
            self.good.append(upstream)

    def add(self, answer: Answer, name: str = "f-bad", tls: Any = None, **more: Any) -> Any:
        heard = self.stack.enter_context(hostile.serve(answer, tls))
        url = f"{more.pop('scheme', 'http')}://{more.pop('host', '127.0.0.1')}:{heard.port}"
        make_cluster(name, prometheus_url=url, token=CANARY, **more)
        return heard


@pytest.fixture
def fleet(connected: set[str], settings: Any, caplog: pytest.LogCaptureFixture) -> Iterator[Fleet]:
    settings.ALLOW_INSECURE_UPSTREAMS = True
    settings.METRICS_CACHE = False
    caplog.set_level(logging.DEBUG)
    upstreams.forget()
    with ExitStack() as stack:
        made = Fleet(stack)
        yield made
    upstreams.forget()
    shown = [one.headers.get("authorization") for each in made.good for one in each.requests]
    # It was shown where it belongs, so that its absence elsewhere says something.
    assert set(shown) == {f"Bearer {CANARY}"}
    assert CANARY not in caplog.text


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Whoever is led elsewhere than to this machine would be seen here."""
    seen: set[str] = set()
    connect = socket.socket.connect

    def note(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple):
            seen.add(address[0])
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", note)
    yield seen
    assert seen <= {"127.0.0.1", "::1"}


def check(
    api: APIClient, words: str, name: str = "f-bad", doors: Iterable[str] = tuple(DOORS)
) -> None:
    """See at each door that this one failed so, and that the others answered."""
    for door in doors:
        failed, answered = DOORS[door](api)
        assert answered == {"a-well", "m-well"}, door
        assert list(failed) == [name], door
        # Prometheus' own API has no place for the code.
        told = words.split(": ", 1)[1] if door == "prometheus" else words
        assert re.search(told, failed[name]), (door, failed)
