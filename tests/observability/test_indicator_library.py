"""The built-in indicators, asked of real Prometheus servers that hold what the simulator prints."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync

from apps.observability.actions import collecting
from apps.observability.collect.checking import check_indicator
from apps.observability.collect.library import LIBRARY
from apps.observability.models import Indicator, IndicatorReading, IndicatorSample
from apps.simulator import sites, targets
from apps.simulator.exposition import render_history
from apps.simulator.faults import Incidents
from apps.simulator.sites import NAMES
from apps.simulator.world import Cluster as Site
from tests.factories import make_cluster
from tests.observability.programs import free_port, program, running

pytestmark = pytest.mark.django_db
# A block of Prometheus' lasts two hours; all of the samples are in one.
NOW = int(time.time()) // 7200 * 7200 - 3600
SPAN, SCRAPE = 1200, 30
WORD = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
# The simulator prints none of these.
OF_ETCD = {"etcd-leader-changes", "etcd-fsync-p99-seconds"}
OF_GPUS = {one.name for one in LIBRARY if one.name.startswith("gpu-")}
OF_RADIO = {"ptp-offset-ns", "ptp-clocks-not-locked", "sriov-drops"}
EVERYWHERE = {one.name for one in LIBRARY} - OF_ETCD - OF_GPUS - OF_RADIO
EVERYWHERE -= {"inference-requests-waiting"}
HAVE = {
    "hub-frankfurt": EVERYWHERE,
    "gpu-oregon": EVERYWHERE | OF_GPUS | {"inference-requests-waiting"},
    "edge-tokyo": EVERYWHERE | OF_RADIO,
}


def lines_of(site: Site) -> Iterator[str]:
    """Yield the last minutes of every series that an indicator may ask for."""
    asked = set(WORD.findall(" ".join(one.query for one in LIBRARY)))
    times = range(NOW - SPAN, NOW + 1, SCRAPE)
    for target in targets.targets(site, Incidents()):
        up = f'up{{job="{target.job}",instance="{target.instance}",path="{target.path}"}}'
        yield "".join(f"{up} 1 {moment}\n" for moment in times)
        for family in target.families():
            for series in family.series:
                if series.name in asked:
                    yield render_history(target.stored(series), times)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return the addresses of the servers, one for each simulated cluster."""
    prometheus, promtool = program("prometheus"), program("promtool")
    urls = {}
    with ExitStack() as stack:
        for name, site in sites.fleet("indicators", NOW - 20 * 86_400).items():
            home = tmp_path_factory.mktemp(name)
            (home / "all.om").write_text("".join([*lines_of(site), "# EOF\n"]))
            (home / "prometheus.yml").write_text("global: {}\n")
            bring: list[str | Path] = [promtool, "tsdb", "create-blocks-from", "openmetrics"]
            command = [*bring, home / "all.om", home / "tsdb"]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            port = free_port()
            urls[name] = f"http://127.0.0.1:{port}"
            options: list[str | Path] = [
                prometheus,
                f"--config.file={home / 'prometheus.yml'}",
                f"--storage.tsdb.path={home / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ]
            stack.enter_context(running(options, f"{urls[name]}/-/ready", home / "log"))
        yield urls


@pytest.fixture
def collected(fleet: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime.fromtimestamp(NOW, UTC)
    monkeypatch.setattr("apps.observability.actions.collecting.timezone.now", lambda: moment)
    for name, url in fleet.items():
        make_cluster(name, prometheus_url=url)


def values_of(name: str) -> dict[str, float]:
    rows = IndicatorSample.objects.filter(cluster__name=name)
    return dict(rows.values_list("indicator__name", "value"))


@pytest.mark.parametrize("definition", LIBRARY, ids=lambda one: one.name)
def test_every_query_is_one_that_an_indicator_may_have(definition: object) -> None:
    for name in ("query", "query_openshift", "query_kubernetes", "query_microshift"):
        if text := getattr(definition, name):
            check_indicator(text)


def test_each_simulated_cluster_gives_what_it_has(collected: None) -> None:
    async_to_sync(collecting.collect)()
    assert {name: set(values_of(name)) for name in NAMES} == HAVE
    for name in NAMES:
        for indicator, value in values_of(name).items():
            assert value >= 0, indicator
            if indicator.endswith("percent"):
                assert value <= 100, indicator
    # All is well there, so nothing is told as if it were not.
    assert set(IndicatorReading.objects.values_list("state", flat=True)) == {"OK"}
    hub = values_of("hub-frankfurt")
    assert 1 < hub["cpu-percent"] < hub["node-cpu-highest-percent"]
    assert hub["nodes-not-ready"] == hub["targets-down-percent"] == 0


def test_a_query_that_a_server_refuses_costs_no_other_its_value(collected: None) -> None:
    broken = Indicator.objects.get(name="pods-pending")
    broken.query = 'sum(label_replace(up, "a", "$1", "job", "("))'
    broken.save()
    Indicator.objects.create(name="two-values", title="Two", query="up")
    Indicator.objects.create(name="a-scalar", title="Scalar", query="1 + 1 # and a comment")
    async_to_sync(collecting.collect)()
    for name in NAMES:
        assert set(values_of(name)) == HAVE[name] - {"pods-pending"} | {"a-scalar"}
