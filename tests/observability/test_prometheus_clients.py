"""Programs of others take the fleet for one Prometheus: promtool, and a client of Python."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import requests
from prometheus_api_client import PrometheusConnect

from aiops import BASE_DIR
from apps.accounts.models import ApiToken
from apps.simulator import binaries
from tests.contract.conftest import running
from tests.factories import make_user
from tests.fakes.upstream import Answer
from tests.observability.fleet import Fleet, a_fleet, said

LABELS = {"__name__": "up", "job": "node"}
AT = "2026-01-31T12:00:00Z"
END = "2026-01-31T12:01:00Z"


@dataclass(frozen=True)
class Platform:
    url: str
    token: str
    fleet: Fleet

    @property
    def with_login(self) -> str:
        return self.url.replace("http://", f"http://anybody:{self.token}@")


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("platform") / "log"
    with log.open("w") as lines, running(lines.fileno()) as url:
        yield url


@pytest.fixture
def platform(server: str, transactional_db: None) -> Iterator[Platform]:
    _, token = ApiToken.issue(make_user("ada", is_superuser=True), "clients")
    with a_fleet() as fleet:
        for name in ("alpha", "beta"):
            fleet.add(name, a_prometheus())
        yield Platform(f"{server}/prometheus", token, fleet)


def a_prometheus() -> dict[str, Answer]:
    vector = {"resultType": "vector", "result": [{"metric": LABELS, "value": [1769860800, "1"]}]}
    values = [[1769860800, "1"], [1769860830, "NaN"]]
    matrix = {"resultType": "matrix", "result": [{"metric": LABELS, "values": values}]}
    return {
        "/api/v1/query": said(vector),
        "/api/v1/query_range": said(matrix),
        "/api/v1/series": said([LABELS]),
        "/api/v1/labels": said(["__name__", "job"]),
        "/api/v1/label/job/values": said(["node"]),
        "/api/v1/label/__name__/values": said(["up"]),
        "/api/v1/metadata": said({"up": [{"type": "gauge", "help": "Is it?", "unit": ""}]}),
    }


def promtool(platform: Platform, *arguments: str) -> str:
    program = binaries.find("promtool", BASE_DIR / "var")
    if program is None:
        pytest.skip("promtool is not installed; `apt-get install prometheus` brings it")
    done = subprocess.run(
        [program, "query", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_promtool_asks_at_one_moment(platform: Platform) -> None:
    out = promtool(platform, "instant", f"--time={AT}", platform.with_login, "up")
    assert out.splitlines() == [
        f'up{{cluster="{name}", job="node"}} => 1 @[1769860800]' for name in ("alpha", "beta")
    ]
    out = promtool(platform, "instant", f"--time={AT}", platform.with_login, "sum(up)")
    assert out.endswith("=> 2 @[1769860800]\n")


def test_promtool_asks_over_a_range(platform: Platform) -> None:
    out = promtool(
        platform,
        "range",
        f"--start={AT}",
        f"--end={END}",
        "--step=30s",
        platform.with_login,
        "up",
    )
    assert 'up{cluster="alpha", job="node"} =>' in out
    assert "NaN @[1769860830]" in out


def test_promtool_lists_series_and_values(platform: Platform) -> None:
    out = promtool(platform, "series", "--match=up", platform.with_login)
    assert out.splitlines() == [
        f'{{__name__="up", cluster="{name}", job="node"}}' for name in ("alpha", "beta")
    ]
    assert promtool(platform, "labels", platform.with_login, "job").split() == ["node"]
    assert promtool(platform, "labels", platform.with_login, "cluster").split() == [
        "alpha",
        "beta",
    ]


def test_promtool_is_told_why_it_is_refused(platform: Platform) -> None:
    with pytest.raises(AssertionError, match="quantile"):
        promtool(platform, "instant", platform.with_login, "quantile(0.9, up)")


def test_a_client_of_python_is_content(platform: Platform) -> None:
    client = PrometheusConnect(
        url=platform.url, headers={"Authorization": f"Bearer {platform.token}"}
    )
    assert client.check_prometheus_connection()
    assert client.all_metrics() == ["up"]
    assert client.get_label_names() == ["__name__", "cluster", "job"]
    assert client.get_label_values("cluster") == ["alpha", "beta"]
    found = client.get_current_metric_value("up", {"cluster": "beta"})
    assert [one["metric"]["cluster"] for one in found] == ["beta"]
    start, end = (datetime.fromtimestamp(at, UTC) for at in (1769860800, 1769860860))
    over = client.custom_query_range("up", start_time=start, end_time=end, step="30s")
    assert [len(one["values"]) for one in over] == [2, 2]
    total = client.custom_query("sum(up)", params={"time": "1769860800"})
    assert total[0]["value"][1] == "2"


def test_a_large_answer_streams_through_the_real_server(platform: Platform) -> None:
    values = [[1769860800 + step, "0.123456789"] for step in range(10_000)]
    rows = [{"metric": {"n": str(number)}, "values": values} for number in range(20)]
    for upstream in platform.fleet.upstreams.values():
        upstream.answers["/api/v1/query_range"] = said({"resultType": "matrix", "result": rows})
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {platform.token}"
        asked = {"query": "up", "start": "1769860800", "end": "1769870799", "step": "1"}
        response = session.get(f"{platform.url}/api/v1/query_range", params=asked)
    assert "Content-Length" not in response.headers
    found = response.json()["data"]["result"]
    assert {row["metric"]["cluster"] for row in found} == {"alpha", "beta"}
    assert len(found) == 40
    assert found[0]["values"] == values
