"""What the exporters print: well formed, deterministic, continuous, and telling one story."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.simulator import sites
from apps.simulator.exposition import Series, render
from apps.simulator.faults import Incidents, Interval
from apps.simulator.targets import Target, targets
from apps.simulator.world import Cluster
from tests.simulator.conftest import EPOCH, NOW
from tests.simulator.reading import Exposition, read

QUIET = Incidents()
NAMES = pytest.mark.parametrize("name", sites.NAMES)


def printed(
    cluster: Cluster, path: str, t: float = NOW, incidents: Incidents = QUIET
) -> Exposition:
    target = next(target for target in targets(cluster, incidents) if target.path == path)
    return read(render(target.families(), t))


def every_series(cluster: Cluster, incidents: Incidents = QUIET) -> Iterator[tuple[str, Series]]:
    for target in targets(cluster, incidents):
        for family in target.families():
            for series in family.series:
                yield family.kind, series


@NAMES
def test_every_exporter_prints_what_a_strict_parser_accepts(
    worlds: dict[str, Cluster], name: str
) -> None:
    for target in targets(worlds[name], QUIET):
        assert read(render(target.families(), NOW)).samples


@NAMES
def test_promtool_accepts_every_exporter(
    worlds: dict[str, Cluster], name: str, promtool: Path
) -> None:
    for target in targets(worlds[name], QUIET):
        text = render(target.families(), NOW)
        checked = subprocess.run(
            [promtool, "check", "metrics"],
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        # 3 is its opinion on names, which are those of the real exporters; 1 is bad syntax.
        assert checked.returncode in (0, 3), checked.stderr


@NAMES
def test_the_same_seed_gives_the_same_fleet(worlds: dict[str, Cluster], name: str) -> None:
    again = sites.fleet("tests", EPOCH)[name]
    assert again == worlds[name]
    assert everything(again) == everything(worlds[name])
    assert everything(sites.fleet("another", EPOCH)[name]) != everything(worlds[name])


def everything(cluster: Cluster) -> str:
    return "".join(render(target.families(), NOW) for target in targets(cluster, QUIET))


@NAMES
def test_counters_never_fall_whatever_happens(worlds: dict[str, Cluster], name: str) -> None:
    troubled = Incidents(
        tuple(
            Interval(fault, name, NOW + 600, NOW + 1200)
            for fault in ("gpu-thermal", "ptp-offset", "crash-loop", "api-latency")
        )
    )
    times = [NOW + 90 * step for step in range(24)] + [NOW + 3600 * hour for hour in range(1, 30)]
    for incidents in (QUIET, troubled):
        for kind, series in every_series(worlds[name], incidents):
            if kind != "gauge" and callable(series.value):
                values = [series.value(t) for t in times]
                assert values == sorted(values), series.name


@NAMES
def test_buckets_of_a_histogram_grow_with_their_bounds(
    worlds: dict[str, Cluster], name: str
) -> None:
    for target in targets(worlds[name], QUIET):
        found = read(render(target.families(), NOW))
        for family in (f for f, kind in found.kinds.items() if kind == "histogram"):
            for labels in found.labels(f"{family}_count"):
                buckets = [
                    (float(dict(key)["le"]), value)
                    for (metric, key), value in found.samples.items()
                    if metric == f"{family}_bucket" and labels.items() <= dict(key).items()
                ]
                counts = [value for _, value in sorted(buckets)]
                assert counts == sorted(counts)
                assert counts[-1] == found.values(f"{family}_count", **labels)[0]


@NAMES
def test_the_seconds_of_a_processor_add_up(worlds: dict[str, Cluster], name: str) -> None:
    node = worlds[name].nodes[0]
    path = f"/node-exporter/{node.name}"
    spent = [
        sum(printed(worlds[name], path, t).values("node_cpu_seconds_total", cpu="1"))
        for t in (NOW, NOW + 100)
    ]
    assert spent[1] - spent[0] == pytest.approx(100, abs=0.1)


def test_all_modes_of_all_processors_stay_positive(worlds: dict[str, Cluster]) -> None:
    for cluster in worlds.values():
        for node in cluster.nodes:
            found = printed(cluster, f"/node-exporter/{node.name}")
            assert min(found.values("node_cpu_seconds_total")) >= 0
            free = found.values("node_memory_MemAvailable_bytes")[0]
            assert 0 < free < node.memory_bytes


def test_a_sliced_card_reports_its_slices_and_no_utilisation(worlds: dict[str, Cluster]) -> None:
    found = printed(worlds["gpu-oregon"], "/nvidia-dcgm-exporter/gpu-worker-04")
    slices = found.labels("DCGM_FI_PROF_GR_ENGINE_ACTIVE")
    assert sum(row.get("GPU_I_PROFILE") == "1g.10gb" for row in slices) == 28
    assert sum(row.get("GPU_I_PROFILE") == "3g.40gb" for row in slices) == 4
    assert {row["gpu"] for row in found.labels("DCGM_FI_DEV_GPU_UTIL")} == {"6", "7"}


def test_a_card_knows_the_pod_that_holds_it(worlds: dict[str, Cluster]) -> None:
    found = printed(worlds["gpu-oregon"], "/nvidia-dcgm-exporter/gpu-worker-03")
    rows = {row["gpu"]: row.get("pod", "") for row in found.labels("DCGM_FI_DEV_GPU_UTIL")}
    assert rows["0"].startswith("vllm-qwen3-32b-")
    assert rows["7"] == ""


def test_energy_is_the_sum_of_power(worlds: dict[str, Cluster]) -> None:
    path = "/nvidia-dcgm-exporter/gpu-worker-01"
    before, after = (printed(worlds["gpu-oregon"], path, NOW + 10 * n) for n in range(2))
    power = before.values("DCGM_FI_DEV_POWER_USAGE", gpu="0")[0]
    energy = [e.values("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", gpu="0")[0] for e in (before, after)]
    assert (energy[1] - energy[0]) / 1000 / 10 == pytest.approx(power, rel=0.01)


def test_a_hot_card_passes_its_limit_and_brakes(worlds: dict[str, Cluster]) -> None:
    heated = Incidents((Interval("gpu-thermal", "gpu-oregon", NOW),))
    path = "/nvidia-dcgm-exporter/gpu-worker-01"
    cool = printed(worlds["gpu-oregon"], path, NOW, heated)
    hot = printed(worlds["gpu-oregon"], path, NOW + 300, heated)
    limit = hot.values("DCGM_FI_DEV_SLOWDOWN_TEMP", gpu="3")[0]
    assert cool.values("DCGM_FI_DEV_GPU_TEMP", gpu="3")[0] < limit
    assert hot.values("DCGM_FI_DEV_GPU_TEMP", gpu="3")[0] > limit
    assert hot.values("DCGM_FI_DEV_GPU_TEMP", gpu="2")[0] < limit
    assert hot.values("DCGM_FI_DEV_CLOCKS_EVENT_REASONS", gpu="3") == [0x8 | 0x20 | 0x40]
    assert hot.values("DCGM_FI_DEV_SM_CLOCK", gpu="3")[0] < 1200
    power = [e.values("DCGM_FI_DEV_POWER_USAGE", gpu="3")[0] for e in (cool, hot)]
    assert power[1] < 0.7 * power[0]


def test_a_lost_clock_goes_into_holdover_and_then_runs_free(worlds: dict[str, Cluster]) -> None:
    lost = Incidents((Interval("ptp-offset", "edge-tokyo", NOW, NOW + 600),))
    path = "/linuxptp-daemon/tokyo-du-01"

    def at(seconds: float) -> Exposition:
        return printed(worlds["edge-tokyo"], path, NOW + seconds, lost)

    states = [
        at(s).values("openshift_ptp_clock_state", process="ptp4l")[0] for s in (-1, 30, 90, 601)
    ]
    assert states == [1, 2, 0, 1]
    offsets = [at(s).values("openshift_ptp_offset_ns", process="ptp4l")[0] for s in (-1, 300, 3600)]
    assert abs(offsets[0]) < 100 < offsets[1]
    assert abs(offsets[2]) < 100


@NAMES
def test_a_silent_node_is_unknown_to_kube_state_metrics_and_is_not_scraped(
    worlds: dict[str, Cluster], name: str
) -> None:
    cluster = worlds[name]
    lost = Incidents((Interval("node-notready", name, NOW),))
    node = cluster.nodes[-1].name
    found = printed(cluster, "/kube-state-metrics", NOW + 60, lost)
    ready = {
        status: found.values(
            "kube_node_status_condition", node=node, condition="Ready", status=status
        )
        for status in ("true", "false", "unknown")
    }
    assert ready == {"true": [0.0], "false": [0.0], "unknown": [1.0]}
    silent = {t.path for t in targets(cluster, lost) if not t.answers(lost, NOW + 60)}
    assert {f"/kubelet/{node}/metrics", f"/node-exporter/{node}"} <= silent


def test_target_labels_win_unless_labels_are_honoured() -> None:
    series = Series("m", {"namespace": "theirs", "gpu": "1"}, 1.0)
    plain = Target("dcgm", "i", "/", {"namespace": "ours"}, list)
    honest = Target("kube", "i", "/", {"namespace": "ours"}, list, honor_labels=True)
    assert plain.stored(series).labels["exported_namespace"] == "theirs"
    assert plain.stored(series).labels["namespace"] == "ours"
    assert honest.stored(series).labels["namespace"] == "theirs"
