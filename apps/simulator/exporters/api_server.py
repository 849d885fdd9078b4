"""What the Kubernetes API server prints about the requests it answers."""

from apps.simulator.exposition import Family, Series
from apps.simulator.faults import Incidents
from apps.simulator.rhythm import Value, Wave
from apps.simulator.world import Cluster

BUCKETS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 1.0, 2.0, 5.0, 10.0, 60.0)
# Verb and resource: requests a second of a cluster with one node, and their mean duration.
TRAFFIC = {
    ("GET", "pods"): (2.4, 0.008),
    ("LIST", "pods"): (0.5, 0.045),
    ("GET", "nodes"): (0.9, 0.006),
    ("PATCH", "nodes"): (0.2, 0.014),
    ("PUT", "leases"): (3.1, 0.009),
    ("POST", "events"): (0.3, 0.012),
    ("GET", "secrets"): (0.6, 0.007),
}


# What `api-latency` slows down, how long that takes, and how often in a second it happens.
SLOW, SLOW_SECONDS, SLOW_RATE = "LIST", 4.0, 1.5


def families(cluster: Cluster, incidents: Incidents) -> list[Family]:
    requests = Family(
        "apiserver_request_total", "counter", "[STABLE] Counter of apiserver requests."
    )
    lasting = Family(
        "apiserver_request_duration_seconds",
        "histogram",
        "[STABLE] Response latency distribution in seconds.",
    )
    for (verb, resource), (rate, duration) in TRAFFIC.items():
        wave = cluster.rhythm.wave(f"api/{verb}/{resource}", rate * len(cluster.nodes))
        labels = {"verb": verb, "resource": resource, "version": "v1", "group": ""}
        scope = {**labels, "scope": "cluster" if verb == "LIST" else "resource"}
        requests.add(
            (wave * 0.995).since(cluster.epoch), **labels, code="200" if verb != "POST" else "201"
        )
        requests.add((wave * 0.005).since(cluster.epoch), **labels, code="404")
        lasting.add_histogram(wave.since(cluster.epoch), duration, BUCKETS, **scope)
    lasting.series = [slowed(series, incidents) for series in lasting.series]
    flight = Family("apiserver_current_inflight_requests", "gauge", "[STABLE] Inflight requests.")
    for kind, mean in (("readOnly", 4.0), ("mutating", 1.5)):
        wave = cluster.rhythm.wave(
            f"api/inflight/{kind}", mean * len(cluster.nodes) ** 0.5, jitter=0.4
        )
        flight.add(rounded(wave), request_kind=kind)
    memory = Family("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.")
    memory.add(cluster.rhythm.wave("api/memory", 1.9e9, daily=0.08).at)
    seconds = Family(
        "process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds."
    )
    seconds.add(cluster.rhythm.wave("api/cpu", 0.31).since(cluster.epoch))
    build = Family(
        "kubernetes_build_info", "gauge", "[ALPHA] Information about the Kubernetes build."
    )
    build.add(1.0, git_version=cluster.version, platform="linux/amd64")
    return [requests, lasting, flight, memory, seconds, build]


def slowed(series: Series, incidents: Incidents) -> Series:
    """Add the slow requests of all incidents to what counts them; every bucket stays a counter."""
    if series.labels["verb"] != SLOW or not incidents.ever("api-latency"):
        return series
    if float(series.labels.get("le", "inf")) < SLOW_SECONDS:
        return series
    quick = series.value
    each = SLOW_SECONDS if series.name.endswith("_sum") else 1.0

    def value(t: float) -> float:
        usual = quick(t) if callable(quick) else quick
        return usual + each * int(SLOW_RATE * incidents.lasted("api-latency", t))

    return Series(series.name, series.labels, value)


def rounded(wave: Wave) -> Value:
    return lambda t: float(round(wave.at(t)))
