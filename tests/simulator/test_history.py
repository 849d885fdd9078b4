"""History: put in once, without a gap or a step, and filled again after a pause."""

import itertools
import os
import subprocess
from pathlib import Path

import pytest

from apps.simulator import faults, fleet, history, sites
from apps.simulator.exposition import Series, render_history
from apps.simulator.faults import Incidents
from apps.simulator.targets import targets
from apps.simulator.world import Cluster
from tests.simulator.conftest import EPOCH, NOW

EDGE = "edge-tokyo"


def test_windows_cover_the_time_and_keep_to_the_blocks() -> None:
    cut = list(history.windows(NOW - history.SECONDS, NOW))
    times = [t for window in cut for t in window]
    assert times[-1] == NOW
    assert times[0] - (NOW - history.SECONDS) <= history.STEP_SECONDS
    assert {round(b - a) for a, b in itertools.pairwise(times)} == {60}
    assert all(len({t // history.BLOCK_SECONDS for t in window}) == 1 for window in cut)


@pytest.mark.parametrize("name", sites.NAMES)
def test_history_and_scrape_say_the_same_at_the_same_time(
    worlds: dict[str, Cluster], name: str
) -> None:
    for target in targets(worlds[name], Incidents()):
        for series in (series for family in target.families() for series in family.series):
            written = render_history(series, [NOW - 60, NOW]).splitlines()
            live = series.value(NOW) if callable(series.value) else series.value
            assert float(written[1].rsplit(" ", 2)[1]) == pytest.approx(live, rel=1e-8)


def test_a_pause_shorter_than_a_look_back_is_left_as_it_is(tmp_path: Path) -> None:
    log = tmp_path / "wal" / "00000001"
    log.parent.mkdir()
    log.touch()
    os.utime(log, (NOW, NOW))
    assert history.gap(tmp_path, NOW + 100) is None
    assert history.gap(tmp_path, NOW + 300) == (NOW + 300 - history.SECONDS, NOW + 300)


def test_after_a_pause_only_the_time_since_the_newest_block_is_filled(tmp_path: Path) -> None:
    block = tmp_path / "01M84E3308ZH50FGWKV3JFJFB3"
    block.mkdir()
    (block / "meta.json").write_text(f'{{"maxTime": {int((NOW - 3600) * 1000)}}}')
    assert history.gap(tmp_path, NOW) == (NOW - 3600, NOW)
    assert history.gap(tmp_path, NOW + 86_400) == (NOW + 86_400 - history.SECONDS, NOW + 86_400)


def test_an_incident_of_the_past_is_in_the_history(
    worlds: dict[str, Cluster], tmp_path: Path
) -> None:
    path = tmp_path / "faults.json"
    faults.switch_on(path, "node-notready", EDGE, NOW - 600)
    faults.heal(path, EDGE, NOW - 300)
    incidents = faults.of_cluster(faults.load(path), EDGE)
    kubelet = next(t for t in targets(worlds[EDGE], incidents) if t.job == "kubelet")
    up = next(s for s in history.about_the_scrape(kubelet, incidents, 1) if s.name == "up")
    assert seen(up, NOW - 660, NOW - 600, NOW - 330, NOW - 300) == [1.0, 0.0, 0.0, 1.0]


def seen(series: Series, *times: float) -> list[float]:
    assert callable(series.value)
    return [series.value(t) for t in times]


def prepared_edge(var_dir: Path) -> Cluster:
    fleet.prepare(var_dir)
    return sites.fleet("tests", EPOCH)[EDGE]


def query(promtool: Path, tsdb: Path, matcher: str) -> list[tuple[float, float]]:
    """Return (time, value) of all samples that match, straight from the blocks."""
    # It will not read a storage in which no Prometheus has run.
    (tsdb / "wal").mkdir(exist_ok=True)
    command: list[str | Path] = [promtool, "tsdb", "dump", f"--match={matcher}", tsdb]
    dumped = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    rows = [line.rsplit(" ", 2)[1:] for line in dumped.stdout.splitlines() if line.startswith("{")]
    return sorted((float(at) / 1000, float(value)) for value, at in rows)


def test_six_hours_are_imported_and_a_later_gap_is_filled_without_a_step(
    tmp_path: Path, promtool: Path
) -> None:
    cluster = prepared_edge(tmp_path)
    tsdb = history.storage(tmp_path, EDGE)
    begin = NOW - NOW % 7200 + 1800
    assert history.fill(tmp_path, cluster, promtool, begin) == 4
    log = tsdb / "wal" / "00000001"
    log.parent.mkdir()
    log.touch()
    os.utime(log, (begin, begin))
    assert history.fill(tmp_path, cluster, promtool, begin + 60) == 0
    assert history.fill(tmp_path, cluster, promtool, begin + 1800) == 1
    found = query(promtool, tsdb, '{__name__="node_forks_total"}')
    times, values = zip(*found, strict=True)
    assert (times[0], times[-1]) == (begin - history.SECONDS + 60, begin + 1800)
    assert max(b - a for a, b in itertools.pairwise(times)) <= 60
    assert list(values) == sorted(values)
    assert not (tsdb.parent / "history").exists()


def test_an_import_that_fails_says_what_promtool_said(tmp_path: Path) -> None:
    cluster = prepared_edge(tmp_path)
    refusing = tmp_path / "promtool"
    refusing.write_text("#!/bin/sh\necho no space left on device >&2\nexit 1\n")
    refusing.chmod(0o755)
    with pytest.raises(history.HistoryError, match="no space left on device"):
        history.fill(tmp_path, cluster, refusing, NOW)
