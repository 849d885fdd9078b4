"""What the platform counts of itself, as a Prometheus reads it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from rest_framework.test import APIClient

from aiops import BASE_DIR, measuring
from aiops.celery import app, count
from apps import measures
from apps.accounts.models import ApiToken, User
from apps.clusters.models import CheckSchedule, Cluster
from apps.observability.federation import upstreams
from apps.observability.models import AlertPath
from tests.factories import make_cluster
from tests.fakes.upstream import Behaviour, Raw
from tests.observability.fleet import Fleet, a_fleet

pytestmark = pytest.mark.django_db


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    upstreams.forget()
    with a_fleet() as made:
        yield made
    upstreams.forget()


@pytest.fixture
def with_token(settings: Any) -> Client:
    settings.METRICS_TOKEN = "scrape-me"
    return Client(headers={"Authorization": "Bearer scrape-me"})


def read(client: Client, name: str, **labels: str) -> float:
    """Return the sum of a sample over the labels that are not named."""
    response = client.get("/metrics", headers={"Host": "10.128.0.7:8000"})
    assert response.status_code == 200
    return sum(
        sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


class Grown:
    """How much a sample grew since this was made."""

    def __init__(self, client: Client, name: str, **labels: str) -> None:
        self.client, self.name, self.labels = client, name, labels
        self.before = self.now()

    def now(self) -> float:
        return read(self.client, self.name, **self.labels)

    @property
    def by(self) -> float:
        return self.now() - self.before


@pytest.mark.parametrize("sent", ["", "Bearer wrong", "Basic scrape-me", "Bearer "])
def test_nobody_reads_it_without_a_token(settings: Any, sent: str) -> None:
    settings.METRICS_TOKEN = "scrape-me"
    response = Client().get("/metrics", headers={"Authorization": sent} if sent else {})
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert b"aiops_" not in response.content


def test_an_installation_without_a_token_is_not_opened_by_an_empty_one(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


def test_tokens_of_the_staff_open_it_and_others_do_not(admin: User, viewer_of_blue: User) -> None:
    opened = []
    for user in (admin, viewer_of_blue):
        _, token = ApiToken.issue(user, "scraper")
        client = Client(headers={"Authorization": f"Bearer {token}"})
        opened.append(client.get("/metrics").status_code)
    assert opened == [200, 401]


def test_requests_are_counted_by_the_pattern_of_their_address(
    with_token: Client, api: APIClient
) -> None:
    cluster = make_cluster("one")
    path = f"/api/v1/clusters/by-name/{cluster.name}"
    route = resolve(path).route
    assert cluster.name not in route
    found = Grown(with_token, "aiops_http_requests_total", route=route, status="200")
    missing = Grown(with_token, "aiops_http_requests_total", route="none", status="404")
    timed = Grown(with_token, "aiops_http_request_duration_seconds_count", route=route)
    for one in (path, "/api/v1/a", "/api/v1/b"):
        api.get(one)
    assert (found.by, missing.by, timed.by) == (1, 2, 1)


def test_calls_of_clusters_are_counted_by_what_they_are_and_how_they_fail(
    with_token: Client, api: APIClient, fleet: Fleet
) -> None:
    fleet.add("well")
    fleet.add("crowded", {"/api/v1/query": (429, "x")})
    fleet.add("troubled", {"/api/v1/query": (503, "x")})
    fleet.add("broken", {"/api/v1/query": Raw(b"no HTTP\r\n\r\n", "close")})
    calls = Grown(with_token, "aiops_upstream_request_duration_seconds_count", kind="prometheus")
    errors = {
        reason: Grown(with_token, "aiops_upstream_errors_total", kind="prometheus", reason=reason)
        for reason in ("429", "503", "PROTOCOL", "TIMEOUT")
    }
    api.post("/api/v1/metrics/query", {"query": "up"}, format="json")
    assert calls.by == 4
    assert {reason: one.by for reason, one in errors.items()} == {
        "429": 1,
        "503": 1,
        "PROTOCOL": 1,
        "TIMEOUT": 0,
    }


def test_what_the_cache_did_is_counted(with_token: Client, api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha")
    hits = Grown(with_token, "aiops_cache_hits_total")
    misses = Grown(with_token, "aiops_cache_misses_total")
    for _ in range(2):
        sent = {"query": "up", "time": "2026-01-31T12:00:00Z"}
        api.post("/api/v1/metrics/query", sent, format="json")
    assert misses.by == 1
    assert hits.by == 1


def test_a_breaker_that_opens_is_counted_once(
    with_token: Client, api: APIClient, fleet: Fleet, settings: Any
) -> None:
    settings.BREAKER_FAILURES = 2
    fleet.add("gone", {"/api/v1/query": Behaviour.CUT})
    opened = Grown(with_token, "aiops_breaker_opened_total", kind="prometheus")
    for moment in range(4):
        sent = {"query": "up", "time": 1769860800 + moment}
        api.post("/api/v1/metrics/query", sent, format="json")
    assert opened.by == 1


def test_refusals_are_counted_by_their_limit(
    with_token: Client, api: APIClient, settings: Any
) -> None:
    settings.LIMITS = {"requests": (0.001, 1)}
    refused = Grown(with_token, "aiops_limit_refused_total", limit="requests")
    assert [api.get("/api/v1/clusters").status_code for _ in range(3)] == [200, 429, 429]
    assert refused.by == 2


def test_tasks_and_what_they_did_are_counted(with_token: Client) -> None:
    ended = Grown(with_token, "aiops_tasks_total", task="clusters.check_due", state="SUCCESS")
    checks = Grown(with_token, "aiops_task_items_total", task="clusters.check_due")
    task = app.tasks["clusters.check_due"]
    for found in (7, 0, None):
        count(task=task, state="SUCCESS", retval=found)
    count(task=task, state="FAILURE", retval=ValueError())
    assert (ended.by, checks.by) == (3, 7)


def test_what_waits_to_be_checked_is_told_as_the_database_has_it(with_token: Client) -> None:
    for name, late in (("one", 90), ("two", 30)):
        due = timezone.now() - timedelta(seconds=late)
        CheckSchedule.objects.filter(cluster=make_cluster(name)).update(next_check_at=due)
    ahead = timezone.now() + timedelta(hours=1)
    CheckSchedule.objects.update(next_discovery_at=ahead)
    assert 90 <= read(with_token, "aiops_poll_lag_seconds", job="checks") < 3600
    assert read(with_token, "aiops_poll_lag_seconds", job="discovery") == 0


def test_the_lag_of_alerts_is_that_of_the_cluster_that_was_asked_longest_ago(
    with_token: Client,
) -> None:
    for name, seconds in (("late", 90), ("asked", 0)):
        tried_at = timezone.now() - timedelta(seconds=seconds)
        cluster = make_cluster(name, prometheus_url="http://127.0.0.1:1")
        AlertPath.objects.create(cluster=cluster, tried_at=tried_at)
    assert 59 <= read(with_token, "aiops_poll_lag_seconds", job="alerts") < 3600
    Cluster.objects.filter(name="late").update(enabled=False)
    assert read(with_token, "aiops_poll_lag_seconds", job="alerts") == 0


def test_without_the_database_the_rest_is_told(
    with_token: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(QuerySet, "aggregate", away)
    body = with_token.get("/metrics").content
    assert b"aiops_cache_hits_total" in body
    assert b"aiops_poll_lag_seconds" not in body


def test_processes_that_share_a_folder_are_told_together(
    with_token: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "measures"
    (tmp_path / "measures").mkdir()
    (folder / "counter_1.db").write_bytes(b"of an earlier start")
    measuring.empty(folder)
    monkeypatch.setenv(measuring.SHARED, str(folder))
    work = "from apps import measures; measures.task_items.labels('a').inc(3)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", work], cwd=BASE_DIR, env=os.environ, check=True)
    assert read(with_token, "aiops_task_items_total", task="a") == 6
    assert measures.task_items.labels("a")._value.get() == 0
