"""Hours of history for a Prometheus that has none: generated as text, imported by promtool.

Runs as a process of its own (`python -m apps.simulator.history VAR_DIR CLUSTER`), because it
keeps a processor busy for seconds.
"""

import contextlib
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from apps.simulator import binaries, children, faults, fleet
from apps.simulator.exposition import Series, render_history
from apps.simulator.faults import Incidents
from apps.simulator.targets import Target, targets
from apps.simulator.world import Cluster

SECONDS = 6 * 3600.0
STEP_SECONDS = 60.0
# Prometheus cuts its blocks at multiples of two hours. promtool reads its input once for each
# block, so it is given one block at a time.
BLOCK_SECONDS = 7200.0
# A pause shorter than this is left as it is: queries look five minutes back and see no gap.
PAUSE_SECONDS = 120.0


class HistoryError(RuntimeError):
    """promtool would not have it; the message is promtool's."""


def storage(var_dir: Path, cluster: str) -> Path:
    return fleet.folder_of(var_dir) / cluster / "prometheus"


def newest_block(tsdb: Path) -> float | None:
    ends = [json.loads(meta.read_text())["maxTime"] for meta in tsdb.glob("*/meta.json")]
    return max(ends) / 1000 if ends else None


def newest_scrape(tsdb: Path) -> float | None:
    """When the last scrape was written to the log of a Prometheus that ran before."""
    written = [file.stat().st_mtime for file in (tsdb / "wal").glob("*") if file.is_file()]
    return max(written) if written else None


def gap(tsdb: Path, now: float) -> tuple[float, float] | None:
    """Return the time to fill, or None where scrapes were made until just now."""
    scraped = newest_scrape(tsdb)
    if scraped is not None and now - scraped < PAUSE_SECONDS:
        return None
    block = newest_block(tsdb)
    begin = now - SECONDS if block is None else max(block, now - SECONDS)
    return (begin, now) if now - begin >= STEP_SECONDS else None


def fill(var_dir: Path, cluster: Cluster, promtool: Path, now: float) -> int:
    """Fill the gap before `now`; return the number of blocks. Prometheus must not be running."""
    tsdb = storage(var_dir, cluster.name)
    tsdb.mkdir(mode=0o700, parents=True, exist_ok=True)
    missing = gap(tsdb, now)
    if missing is None:
        return 0
    # Prometheus drops from its log what lies before the end of the newest block, and that end
    # is about to be now. So the log's time is filled as well: values are functions of time, and
    # come out as they were scraped.
    for log in ("wal", "wbl", "chunks_head"):
        shutil.rmtree(tsdb / log, ignore_errors=True)
    incidents = faults.of_cluster(faults.load(fleet.faults_file(var_dir)), cluster.name)
    found = targets(cluster, incidents)
    printed = [
        (target, [s for family in target.families() for s in family.series]) for target in found
    ]
    done: list[Future[None]] = []
    with drafts(tsdb.parent / "history") as folder, ThreadPoolExecutor(1) as importer:
        for number, times in enumerate(windows(*missing)):
            file = folder / f"{number}.om"
            write(file, printed, incidents, times)
            done.append(importer.submit(take_in, promtool, file, tsdb))
            if len(done) > 1:
                # At most one window waits while the next is written: the text is large.
                done[-2].result()
        for window in done:
            window.result()
    return len(done)


@contextlib.contextmanager
def drafts(folder: Path) -> Iterator[Path]:
    """A folder for the texts, emptied before as well: a killed process leaves hundreds of MB."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def windows(begin: float, end: float) -> Iterator[list[float]]:
    """Cut the time into blocks, each a list of sample times; the last sample is at the end."""
    first = end - math.floor((end - begin - 0.001) / STEP_SECONDS) * STEP_SECONDS
    count = round((end - first) / STEP_SECONDS) + 1
    window: list[float] = []
    for t in (first + number * STEP_SECONDS for number in range(count)):
        if window and t // BLOCK_SECONDS != window[-1] // BLOCK_SECONDS:
            yield window
            window = []
        window.append(t)
    if window:
        yield window


def write(
    file: Path,
    printed: Sequence[tuple[Target, list[Series]]],
    incidents: Incidents,
    times: Sequence[float],
) -> None:
    with file.open("w") as out:
        for target, series in printed:
            answered = [t for t in times if target.answers(incidents, t)]
            for one in about_the_scrape(target, incidents, len(series)):
                out.write(render_history(target.stored(one), times))
            if answered:
                out.writelines(render_history(target.stored(one), answered) for one in series)
        out.write("# EOF\n")


def about_the_scrape(target: Target, incidents: Incidents, lines: int) -> list[Series]:
    """The series that Prometheus itself adds for each target."""

    def up(t: float) -> float:
        return float(target.answers(incidents, t))

    return [
        Series("up", {}, up),
        Series("scrape_samples_scraped", {}, lambda t: lines * up(t)),
        Series("scrape_samples_post_metric_relabeling", {}, lambda t: lines * up(t)),
        Series("scrape_duration_seconds", {}, lambda t: 0.002 + lines * 4e-6),
    ]


def take_in(promtool: Path, file: Path, tsdb: Path) -> None:
    command: list[str | Path] = [
        promtool,
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--quiet",
        file,
        tsdb,
    ]
    finished = subprocess.run(children.mortal(command), capture_output=True, text=True, check=False)
    file.unlink()
    if finished.returncode:
        raise HistoryError(f"promtool could not import the history: {finished.stderr.strip()}")


def main(var_dir: Path, name: str) -> None:
    # Whoever waits at the sign-in page goes first.
    os.nice(5)
    promtool = binaries.find("promtool", var_dir)
    if promtool is None:
        sys.exit(binaries.ADVICE)
    try:
        fill(var_dir, fleet.load(var_dir).clusters()[name], promtool, time.time())
    except HistoryError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
