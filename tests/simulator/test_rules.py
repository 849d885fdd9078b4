"""The alerting rules: promtool accepts them, and they fire when their incident is on, not else."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from apps.simulator import rules, sites
from apps.simulator.exposition import number, selector
from apps.simulator.faults import Incidents, Interval
from apps.simulator.targets import targets
from apps.simulator.world import Cluster
from tests.simulator.conftest import NOW

NAMES = pytest.mark.parametrize("name", sites.NAMES)
ALWAYS = {("Watchdog", "none")}
OUT_OF_MEMORY = ("KubeContainerOOMKilled", "info")
HUB, GPUS, EDGE = sites.NAMES
STEP_SECONDS = 15
STEPS = 24
# Every incident is on from this minute on, and is looked at when it is four minutes old.
BEGUN, LOOKED = 1, 5
CASES = [
    ("disk-filling", HUB, {("KubePersistentVolumeFillingUp", "warning"),
                           ("KubePersistentVolumeFillingUp", "critical")}),
    ("crash-loop", HUB, {("KubePodCrashLooping", "warning"),
                         ("KubeDeploymentReplicasMismatch", "warning")}),
    ("api-latency", HUB, {("KubeAPILatencyHigh", "warning")}),
    ("api-down", EDGE, {("KubeAPIDown", "critical"), ("TargetDown", "warning")}),
    ("exporter-down", GPUS, {("TargetDown", "warning")}),
    ("gpu-xid", GPUS, {("GPUXIDError", "critical"), ("GPUXIDError", "warning")}),
    ("gpu-thermal", GPUS, {("GPUTemperatureHigh", "critical"), ("GPUTemperatureHigh", "warning"),
                           ("GPUThermalSlowdown", "warning")}),
    ("ptp-offset", EDGE, {("PTPClockNotLocked", "critical"), ("PTPOffsetOutOfRange", "warning")}),
]  # fmt: skip


def promtool_says(promtool: Path, *words: str | Path) -> None:
    done = subprocess.run(
        [promtool, *words], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def inputs(cluster: Cluster, incidents: Incidents, wanted: str) -> Iterable[dict[str, str]]:
    """Return what Prometheus would have scraped of the metrics that the rules ask for."""
    times = [NOW + STEP_SECONDS * step for step in range(STEPS)]
    for target in targets(cluster, incidents):
        up = {"job": target.job, "instance": target.instance, **target.labels}
        answers = [target.answers(incidents, t) for t in times]
        yield {"series": selector("up", up), "values": " ".join(str(int(one)) for one in answers)}
        for family in target.families():
            if family.name not in wanted:
                continue
            for series in family.series:
                stored = target.stored(series)
                value = stored.value
                yield {
                    "series": selector(stored.name, stored.labels),
                    "values": " ".join(
                        number(value(t) if callable(value) else value) if answered else "_"
                        for t, answered in zip(times, answers, strict=True)
                    ),
                }


def expect(
    promtool: Path,
    folder: Path,
    cluster: Cluster,
    incidents: Incidents,
    expected: dict[str, set[tuple[str, str]]],
) -> None:
    """Have promtool evaluate the cluster's rules; `expected` are the alerts by their state."""
    text = rules.document(cluster)
    (folder / "rules.yml").write_text(text)
    questions = [
        {
            "expr": f'count by (alertname, severity) (ALERTS{{alertstate="{state}"}}) > bool 0',
            "eval_time": f"{LOOKED}m",
            "exp_samples": [
                {"labels": selector("", {"alertname": alert, "severity": severity}), "value": 1}
                for alert, severity in sorted(alerts)
            ],
        }
        for state, alerts in expected.items()
    ]
    (folder / "test.yml").write_text(
        yaml.safe_dump(
            {
                "rule_files": ["rules.yml"],
                "evaluation_interval": "5s",
                "tests": [
                    {
                        "interval": f"{STEP_SECONDS}s",
                        "input_series": list(inputs(cluster, incidents, text)),
                        "promql_expr_test": questions,
                    }
                ],
            }
        )
    )
    promtool_says(promtool, "test", "rules", folder / "test.yml")


def always(name: str) -> set[tuple[str, str]]:
    return ALWAYS | ({OUT_OF_MEMORY} if name == HUB else set())


@NAMES
def test_promtool_accepts_the_rules(
    worlds: dict[str, Cluster], name: str, promtool: Path, tmp_path: Path
) -> None:
    (tmp_path / "rules.yml").write_text(rules.document(worlds[name]))
    promtool_says(promtool, "check", "rules", tmp_path / "rules.yml")


@NAMES
def test_on_a_quiet_day_only_what_always_fires_does(
    worlds: dict[str, Cluster], name: str, promtool: Path, tmp_path: Path
) -> None:
    quiet = {"firing": always(name), "pending": set[tuple[str, str]]()}
    expect(promtool, tmp_path, worlds[name], Incidents(), quiet)


@pytest.mark.parametrize(("fault", "name", "fires"), CASES)
def test_an_incident_fires_its_alerts_and_no_others(
    worlds: dict[str, Cluster],
    fault: str,
    name: str,
    fires: set[tuple[str, str]],
    promtool: Path,
    tmp_path: Path,
) -> None:
    incidents = Incidents((Interval(fault, name, NOW + 60 * BEGUN),))
    expect(promtool, tmp_path, worlds[name], incidents, {"firing": always(name) | fires})


@pytest.mark.parametrize("fault", ["crash-loop", "disk-filling", "api-latency"])
def test_what_is_over_stops_firing(
    worlds: dict[str, Cluster], fault: str, promtool: Path, tmp_path: Path
) -> None:
    over = Incidents((Interval(fault, HUB, NOW + 5, NOW + 90),))
    expect(promtool, tmp_path, worlds[HUB], over, {"firing": always(HUB)})


def test_a_patient_alert_waits_before_it_fires(
    worlds: dict[str, Cluster], promtool: Path, tmp_path: Path
) -> None:
    begun = Incidents((Interval("crash-loop", HUB, NOW + 60 * LOOKED - 60),))
    waiting = {("KubeDeploymentReplicasMismatch", "warning")}
    expect(promtool, tmp_path, worlds[HUB], begun, {"pending": waiting})
