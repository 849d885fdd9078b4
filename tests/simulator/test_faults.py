"""Scripted incidents: switched by command, kept in a journal, and shaped over time."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.simulator import faults
from apps.simulator.faults import Incidents, Interval
from tests.simulator.conftest import NOW


@pytest.fixture
def var(tmp_path: Path, settings: Any) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


def simulate(*words: str) -> str:
    out = StringIO()
    call_command("simulate", *words, stdout=out)
    return out.getvalue()


def listed() -> dict[str, list[str]]:
    return {row["name"]: row["on"] for row in json.loads(simulate("faults", "--json"))}


def test_a_fault_is_on_until_it_is_healed(var: Path) -> None:
    simulate("fault", "api-down", "--cluster", "edge-tokyo")
    assert listed()["api-down"] == ["edge-tokyo"]
    simulate("heal", "api-down", "--cluster", "edge-tokyo")
    assert listed()["api-down"] == []


def test_healing_a_cluster_ends_all_that_is_on_there_and_nothing_elsewhere(var: Path) -> None:
    for name, cluster in (
        ("api-down", "edge-tokyo"),
        ("ptp-offset", "edge-tokyo"),
        ("api-down", "gpu-oregon"),
    ):
        simulate("fault", name, "--cluster", cluster)
    simulate("heal", "--cluster", "edge-tokyo")
    assert listed()["ptp-offset"] == []
    assert listed()["api-down"] == ["gpu-oregon"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["fault", "flood", "--cluster", "edge-tokyo"],
            "no fault 'flood'. Faults: api-down, api-slow",
        ),
        (["heal", "flood", "--cluster", "edge-tokyo"], "no fault 'flood'"),
        (
            ["fault", "api-down", "--cluster", "moon"],
            "Clusters: hub-frankfurt, gpu-oregon, edge-tokyo",
        ),
        (["fault", "gpu-thermal", "--cluster", "edge-tokyo"], "fits only gpu-oregon"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(
    var: Path, words: list[str], says: str
) -> None:
    with pytest.raises(CommandError, match=says):
        simulate(*words)


def test_every_fault_is_listed_with_its_sentence(var: Path) -> None:
    text = simulate("faults")
    for fault in faults.TABLE.values():
        assert fault.name in text
        assert fault.says in text


def test_switching_on_twice_keeps_the_beginning_and_takes_the_new_delay(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    faults.switch_on(path, "prometheus-slow", "edge-tokyo", NOW, 20.0)
    faults.switch_on(path, "prometheus-slow", "edge-tokyo", NOW + 60, None)
    assert faults.load(path) == (Interval("prometheus-slow", "edge-tokyo", NOW, None, None),)


def test_the_journal_forgets_what_is_older_than_any_history(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    faults.switch_on(path, "api-down", "edge-tokyo", NOW)
    faults.heal(path, "edge-tokyo", NOW + 60)
    faults.switch_on(path, "api-slow", "edge-tokyo", NOW + 30 * 3600)
    assert [interval.fault for interval in faults.load(path)] == ["api-slow"]


@pytest.mark.parametrize("fault", ["api-latency", "crash-loop"])
def test_what_counters_have_counted_is_not_forgotten(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "faults.json"
    for hour in range(0, 90, 9):
        faults.schedule(path, fault, "edge-tokyo", NOW + hour * 3600, 100)
    assert len(faults.load(path)) < 5
    incidents = faults.of_cluster(faults.load(path), "edge-tokyo")
    assert incidents.lasted(fault, NOW + 90 * 3600) == 1000
    assert incidents.active(fault, NOW + 80 * 3600) is None


def test_an_incident_builds_up_and_fades() -> None:
    incidents = Incidents((Interval("gpu-thermal", "gpu-oregon", NOW, NOW + 600),))
    levels = [incidents.level("gpu-thermal", NOW + t) for t in (-1, 0, 45, 600, 645, 2000)]
    assert levels[:2] == [0.0, 0.0]
    assert 0.5 < levels[2] < levels[3] <= 1.0
    assert levels[3] > levels[4] > levels[5]
    assert levels[5] < 0.001
    assert incidents.active("gpu-thermal", NOW + 599) is not None
    assert incidents.active("gpu-thermal", NOW + 600) is None
