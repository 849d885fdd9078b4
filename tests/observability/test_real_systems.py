"""Checks and queries against a real Prometheus and a real Alertmanager, where they can be had."""

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from apps.clusters.actions import checking
from apps.clusters.models import Cluster
from tests.factories import make_cluster
from tests.observability.programs import free_port, program, running

pytestmark = pytest.mark.django_db

# A Prometheus that scrapes itself, and an Alertmanager that tells nobody.
SCRAPE = """
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: prometheus
    static_configs: [{targets: ["127.0.0.1:%d"]}]
"""
# Debian's build looks for it at this one place; unpacked elsewhere it does not start.
DEBIAN_TEMPLATE = Path("/usr/share/prometheus/alertmanager/default.tmpl")
ROUTE = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    binary, port = program("prometheus"), free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(SCRAPE % port)
    url = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [
        binary,
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    # Ready is not enough: the first scrape must have been made.
    query = f"{url}/api/v1/query?query=up%3D%3D1"
    with running(command, f"{url}/-/ready", tmp_path / "prometheus.log"):
        deadline = time.monotonic() + 30
        while b'"value"' not in urllib.request.urlopen(query, timeout=5).read():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield url


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[str]:
    binary, port = program("prometheus-alertmanager", "alertmanager"), free_port()
    if binary.name == "prometheus-alertmanager" and not DEBIAN_TEMPLATE.exists():
        pytest.skip(f"Debian's Alertmanager wants {DEBIAN_TEMPLATE}; install its package")
    config = tmp_path / "alertmanager.yml"
    config.write_text(ROUTE)
    url = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [
        binary,
        f"--config.file={config}",
        f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with running(command, f"{url}/-/ready", tmp_path / "alertmanager.log"):
        yield url


def test_a_real_prometheus_is_found_well(prometheus: str) -> None:
    make_cluster("real", prometheus_url=prometheus)
    async_to_sync(checking.check_due)()
    assert Cluster.objects.get().prometheus_healthy is True


def test_a_real_alertmanager_is_found_well(alertmanager: str) -> None:
    make_cluster("real", alertmanager_url=alertmanager)
    async_to_sync(checking.check_due)()
    assert Cluster.objects.get().alertmanager_healthy is True


def test_a_real_prometheus_answers_instant_and_range_queries(
    api: APIClient, prometheus: str
) -> None:
    make_cluster("real", prometheus_url=prometheus)
    now = time.time()
    # Without a time it is the last full quarter of a minute, when this one did not run yet.
    asked = {"query": "up", "time": now}
    instant = api.post("/api/v1/metrics/query", asked, format="json").json()
    row = instant["results"][0]
    assert (row["status"], row["result_type"], row["data"][0]["value"][1]) == (
        "SUCCESS",
        "VECTOR",
        "1",
    )
    body = {"query": "vector(1)/0", "start_time": now - 60, "end_time": now, "step": "15s"}
    ranged = api.post("/api/v1/metrics/query_range", body, format="json").json()
    row = ranged["results"][0]
    assert row["result_type"] == "MATRIX"
    assert {value for _, value in row["data"][0]["values"]} == {"+Inf"}


def test_a_real_prometheus_takes_a_timeout_with_a_fraction(api: APIClient, prometheus: str) -> None:
    make_cluster("real", prometheus_url=prometheus)
    body = {"query": "up", "timeout": 2.5}
    rest = api.post("/api/v1/metrics/query", body, format="json").json()["results"][0]
    assert (rest["status"], rest["error"]) == ("SUCCESS", None)
    asked: dict[str, str | float] = {"query": "up", "timeout": "2s500ms", "time": time.time()}
    own = api.get("/prometheus/api/v1/query", asked)
    assert own.status_code == 200
    assert own.json()["data"]["result"]


def test_a_query_that_is_wrong_is_answered_with_its_place(api: APIClient, prometheus: str) -> None:
    make_cluster("real", prometheus_url=prometheus)
    response = api.post("/api/v1/metrics/query", {"query": "up{"}, format="json")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "INVALID_PROMQL")
    assert response.json()["error"]["message"].startswith("1:3: ")


@pytest.mark.parametrize(
    ("query", "kind"), [("1", "SCALAR"), ('"words"', "STRING"), ("up", "VECTOR")]
)
def test_every_result_type_of_a_real_prometheus_passes(
    api: APIClient, prometheus: str, query: str, kind: str
) -> None:
    make_cluster("real", prometheus_url=prometheus)
    row = api.post("/api/v1/metrics/query", {"query": query}, format="json").json()["results"][0]
    assert row["result_type"] == kind
