"""The scripted incidents: which there are, which were on when, and the file that says so.

The file is a journal of intervals, not a set of switches: values are functions of time, so history
that is generated later still shows the incident.
"""

import contextlib
import fcntl
import json
import math
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

# The journal is kept as long as the longest history that is ever generated from it.
REMEMBERED_SECONDS = 26 * 3600.0
# How long these have lasted is in counters, and a counter that falls looks like one begun anew.
COUNTED = ("api-latency", "crash-loop")


@dataclass(frozen=True, slots=True)
class Fault:
    """A scripted incident; `clusters` empty means that it fits every cluster."""

    name: str
    says: str
    clusters: tuple[str, ...] = ()

    def fits(self, cluster: str) -> bool:
        return not self.clusters or cluster in self.clusters


TABLE = {
    fault.name: fault
    for fault in (
        Fault("api-down", "The Kubernetes API refuses connections."),
        Fault("api-slow", "The Kubernetes API accepts connections and never answers."),
        Fault("prometheus-down", "Prometheus cannot be reached; the cluster itself is well."),
        Fault(
            "prometheus-slow", "Prometheus answers only after a delay, 20 s unless told otherwise."
        ),
        Fault(
            "alertmanager-down",
            "Alertmanager cannot be reached; what it has to tell is told all the same.",
        ),
        Fault("api-latency", "The Kubernetes API takes seconds for its lists, as its metrics say."),
        Fault("crash-loop", "A container crashes again and again, and is started ever later."),
        Fault("disk-filling", "A persistent volume fills up until next to nothing is left."),
        Fault("exporter-down", "The node exporter of the last node does not answer."),
        Fault(
            "node-notready", "The last worker's kubelet falls silent and its node turns NotReady."
        ),
        Fault(
            "gpu-thermal",
            "Card 3 of gpu-worker-01 passes its slowdown temperature; clocks and power fall.",
            ("gpu-oregon",),
        ),
        Fault(
            "gpu-xid",
            "Card 5 of gpu-worker-02 has fallen off the bus: XID 79.",
            ("gpu-oregon",),
        ),
        Fault("exec-hangs", "Commands in pods begin, and never end."),
        Fault("exec-cut", "Commands in pods are cut off in the middle of what they print."),
        Fault(
            "nvidia-smi-missing",
            "No container has nvidia-smi, as where the drivers are of the host.",
            ("gpu-oregon",),
        ),
        Fault(
            "nvidia-smi-old",
            "nvidia-smi is an old one: its XML breaks off, and it knows fewer columns.",
            ("gpu-oregon",),
        ),
        Fault(
            "ptp-offset",
            "The clock loses its grandmaster and leaves +-100 ns: first holdover, then freerun.",
            ("edge-tokyo",),
        ),
    )
}


class UnknownFaultError(ValueError):
    """No such incident, or it does not fit that cluster; the message lists what there is."""


@dataclass(frozen=True, slots=True)
class Interval:
    """One incident from `since` until `until`, or still on. `delay_seconds` None: never answers."""

    fault: str
    cluster: str
    since: float
    until: float | None = None
    delay_seconds: float | None = 20.0

    def covers(self, t: float) -> bool:
        return self.since <= t and (self.until is None or t < self.until)

    def level(self, t: float, seconds: float) -> float:
        """Return 0..1: how far it has built up by `t`, and faded since it ended."""
        if t < self.since:
            return 0.0
        end = t if self.until is None else min(t, self.until)
        built = 1 - math.exp(-(end - self.since) / seconds)
        return built * math.exp(-(t - end) / seconds)

    def lasted(self, t: float) -> float:
        """Return for how many seconds it has been on by `t`."""
        end = t if self.until is None else min(t, self.until)
        return max(0.0, end - self.since)


@dataclass(frozen=True, slots=True)
class Incidents:
    """All that has happened, and is happening, to one cluster."""

    intervals: tuple[Interval, ...] = ()

    def active(self, fault: str, t: float) -> Interval | None:
        return next((i for i in self.intervals if i.fault == fault and i.covers(t)), None)

    def level(self, fault: str, t: float, seconds: float = 45.0) -> float:
        levels = [i.level(t, seconds) for i in self.intervals if i.fault == fault]
        return max(levels, default=0.0)

    def lasted(self, fault: str, t: float) -> float:
        """Return for how many seconds it has been on by `t`, all times together."""
        return sum(i.lasted(t) for i in self.intervals if i.fault == fault)

    def ever(self, fault: str) -> bool:
        return any(i.fault == fault for i in self.intervals)


def load(path: Path) -> tuple[Interval, ...]:
    if not path.exists():
        return ()
    return tuple(Interval(**entry) for entry in json.loads(path.read_text()))


def save(path: Path, intervals: Iterable[Interval]) -> None:
    """Write the journal so that a reader sees either the old or the new one, whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".faults-")
    with os.fdopen(handle, "w") as file:
        json.dump([asdict(interval) for interval in intervals], file, indent=1)
    Path(name).replace(path)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep two commands from each writing back what it read before the other wrote."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def of_cluster(intervals: Iterable[Interval], cluster: str) -> Incidents:
    return Incidents(tuple(i for i in intervals if i.cluster == cluster))


def check(fault: str, cluster: str) -> None:
    if fault not in TABLE:
        raise UnknownFaultError(f"There is no fault {fault!r}. Faults: {', '.join(TABLE)}.")
    if not TABLE[fault].fits(cluster):
        fitting = ", ".join(TABLE[fault].clusters)
        raise UnknownFaultError(f"The fault {fault} fits only {fitting}.")


def remembered(path: Path, now: float) -> list[Interval]:
    """Forget what is older than any history; of what is counted, all that becomes one interval."""
    kept: list[Interval] = []
    counted: dict[tuple[str, str], Interval] = {}
    for one in load(path):
        if one.until is None or one.until > now - REMEMBERED_SECONDS:
            kept.append(one)
        elif one.fault in COUNTED:
            place = (one.fault, one.cluster)
            before = counted.get(place)
            since = one.since - (before.lasted(now) if before else 0.0)
            counted[place] = replace(one, since=since)
    return [*counted.values(), *kept]


def schedule(path: Path, fault: str, cluster: str, now: float, seconds: float) -> None:
    """Begin an incident that ends by itself; where it is on already, nothing is changed."""
    check(fault, cluster)
    with alone(path):
        kept = remembered(path, now)
        if of_cluster(kept, cluster).active(fault, now) is None:
            save(path, [*kept, Interval(fault, cluster, now, now + seconds)])


def switch_on(
    path: Path, fault: str, cluster: str, now: float, delay_seconds: float | None = 20.0
) -> None:
    """Begin an incident; one that is on already goes on, with the new delay."""
    check(fault, cluster)
    with alone(path):
        kept = remembered(path, now)
        mine = (fault, cluster, None)
        since = [i.since for i in kept if (i.fault, i.cluster, i.until) == mine]
        others = [i for i in kept if (i.fault, i.cluster, i.until) != mine]
        begun = Interval(fault, cluster, since[0] if since else now, None, delay_seconds)
        save(path, [*others, begun])


def heal(path: Path, cluster: str, now: float, fault: str | None = None) -> list[str]:
    """End one incident of the cluster, or all; return the names of those that were on."""
    if fault is not None:
        check(fault, cluster)
    with alone(path):
        journal = load(path)
        ending = [
            i
            for i in journal
            if i.cluster == cluster and i.covers(now) and fault in (None, i.fault)
        ]
        save(path, [replace(i, until=now) if i in ending else i for i in journal])
    return list(dict.fromkeys(i.fault for i in ending))
