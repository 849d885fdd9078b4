"""What node-exporter prints about one node."""

from apps.simulator import load
from apps.simulator.exposition import Family
from apps.simulator.rhythm import Wave
from apps.simulator.world import GIB, Cluster, Node

# Shares of the busy time; idle is what remains, so the modes of a processor add up to one second.
BUSY_MODES = {
    "user": 0.66,
    "system": 0.22,
    "iowait": 0.05,
    "softirq": 0.04,
    "irq": 0.02,
    "nice": 0.01,
}
STEAL = 0.0


def families(cluster: Cluster, node: Node) -> list[Family]:
    busy = load.of_node(cluster, node)
    return [
        *processors(cluster, node, busy),
        *memory(cluster, node),
        *filesystems(cluster, node),
        *disks(cluster, node),
        *network(cluster, node),
        *system(cluster, node, busy),
    ]


def processors(cluster: Cluster, node: Node, busy: Wave) -> list[Family]:
    seconds = Family("node_cpu_seconds_total", "counter", "Seconds the CPUs spent in each mode.")
    for cpu in range(node.cpus):
        # One processor is busier than the next; the shares average to the node's own.
        lean = 0.85 + 0.3 * cpu / max(1, node.cpus - 1)
        mine = busy * lean
        for mode, share in BUSY_MODES.items():
            seconds.add((mine * share).since(node.booted), cpu=str(cpu), mode=mode)
        seconds.add((mine * -1 + 1.0).since(node.booted), cpu=str(cpu), mode="idle")
        seconds.add(STEAL, cpu=str(cpu), mode="steal")
    found = [seconds]
    for name, factor in (("node_load1", 1.05), ("node_load5", 1.0), ("node_load15", 0.97)):
        average = Family(name, "gauge", f"{name.removeprefix('node_load')}m load average.")
        average.add((busy * (factor * node.cpus)).at)
        found.append(average)
    return found


def gauge(name: str, text: str, value: float | Wave, **labels: str) -> Family:
    family = Family(name, "gauge", text)
    family.add(value.at if isinstance(value, Wave) else value, **labels)
    return family


def memory(cluster: Cluster, node: Node) -> list[Family]:
    asked = sum(c.memory_mib for pod in cluster.pods_on(node) for c in pod.containers) * 1024 * 1024
    mean = min(0.82 * node.memory_bytes, 0.05 * node.memory_bytes + 0.9 * asked)
    used = cluster.rhythm.wave(f"memory/{node.name}", mean, daily=0.06, jitter=0.04)
    total, cached = float(node.memory_bytes), 0.08 * node.memory_bytes
    sizes: dict[str, float | Wave] = {
        "MemTotal": total,
        "MemAvailable": used * -1 + total,
        "MemFree": used * -1 + (total - cached),
        "Buffers": 0.004 * total,
        "Cached": 0.076 * total,
        "Slab": 0.02 * total,
        "Active": used * 0.6,
        "Inactive": used * 0.35,
        "SwapTotal": 0.0,
        "SwapFree": 0.0,
        "Dirty": cluster.rhythm.wave(f"dirty/{node.name}", 24e6, jitter=0.5),
        "Hugepagesize": 2097152.0,
    }
    return [
        gauge(f"node_memory_{name}_bytes", f"Memory information field {name}_bytes.", size)
        for name, size in sizes.items()
    ]


def filesystems(cluster: Cluster, node: Node) -> list[Family]:
    size = Family("node_filesystem_size_bytes", "gauge", "Filesystem size in bytes.")
    free = Family("node_filesystem_free_bytes", "gauge", "Filesystem free space in bytes.")
    available = Family(
        "node_filesystem_avail_bytes",
        "gauge",
        "Filesystem space available to non-root users in bytes.",
    )
    files = Family("node_filesystem_files", "gauge", "Filesystem total file nodes.")
    files_free = Family("node_filesystem_files_free", "gauge", "Filesystem total free file nodes.")
    readonly = Family("node_filesystem_readonly", "gauge", "Filesystem read-only status.")
    mounts = (
        ("/dev/nvme0n1p4", "xfs", "/", node.disk_bytes, 0.46),
        ("/dev/nvme0n1p3", "ext4", "/boot", GIB, 0.38),
    )
    for device, kind, mount, total, share in mounts:
        labels = {"device": device, "fstype": kind, "mountpoint": mount}
        used = cluster.rhythm.wave(
            f"disk/{node.name}/{mount}", share * total, daily=0.02, jitter=0.02
        )
        size.add(float(total), **labels)
        free.add((used * -1 + total).at, **labels)
        available.add((used * -1 + 0.97 * total).at, **labels)
        files.add(float(total // 4096), **labels)
        files_free.add(float(total // 4096 - 214_000), **labels)
        readonly.add(0.0, **labels)
    return [size, free, available, files, files_free, readonly]


def disks(cluster: Cluster, node: Node) -> list[Family]:
    rates = {
        "read_bytes": (3.1e6, "The total number of bytes read successfully."),
        "written_bytes": (9.4e6, "The total number of bytes written successfully."),
        "reads_completed": (85.0, "The total number of reads completed successfully."),
        "writes_completed": (410.0, "The total number of writes completed successfully."),
        "io_time_seconds": (0.09, "Total seconds spent doing I/Os."),
    }
    return [
        counter(cluster, node, f"node_disk_{name}_total", text, rate, device="nvme0n1")
        for name, (rate, text) in rates.items()
    ]


def counter(
    cluster: Cluster, node: Node, name: str, text: str, rate: float, **labels: str
) -> Family:
    family = Family(name, "counter", text)
    key = f"{name}/{node.name}/{'/'.join(labels.values())}"
    family.add(cluster.rhythm.wave(key, rate).since(node.booted), **labels)
    return family


def network(cluster: Cluster, node: Node) -> list[Family]:
    weight = 40.0 if node.cards else 1.0
    rates = {
        "receive_bytes": 21e6,
        "transmit_bytes": 17e6,
        "receive_packets": 19e3,
        "transmit_packets": 16e3,
    }
    devices = {
        "ens1f0": 1.0,
        "ovn-k8s-mp0" if cluster.platform != "KUBERNETES" else "cilium_host": 0.4,
        "lo": 0.1,
    }
    found = []
    for name, rate in rates.items():
        family = Family(
            f"node_network_{name}_total", "counter", f"Network device statistic {name}."
        )
        for device, share in devices.items():
            wave = cluster.rhythm.wave(f"{name}/{node.name}/{device}", rate * share * weight)
            family.add(wave.since(node.booted), device=device)
        found.append(family)
    for name in ("receive_errs", "transmit_errs", "receive_drop", "transmit_drop"):
        family = Family(
            f"node_network_{name}_total", "counter", f"Network device statistic {name}."
        )
        for device in devices:
            family.add(0.0, device=device)
        found.append(family)
    up = Family("node_network_up", "gauge", "Value is 1 if operstate is 'up', 0 otherwise.")
    for device in devices:
        up.add(1.0, device=device)
    return [*found, up]


def system(cluster: Cluster, node: Node, busy: Wave) -> list[Family]:
    gauges: dict[str, tuple[str, float | Wave]] = {
        "node_boot_time_seconds": ("Node boot time, in unixtime.", float(int(node.booted))),
        "node_timex_offset_seconds": ("Time offset to the reference clock.", 2.1e-6),
        "node_timex_sync_status": ("Is clock synchronized to a reliable server.", 1.0),
        "node_procs_running": ("Number of processes in runnable state.", busy * node.cpus + 1.0),
        "node_procs_blocked": ("Number of processes blocked waiting for I/O.", 0.0),
        "node_filefd_allocated": ("Allocated file descriptors.", busy * 9000 + 4100),
        "node_filefd_maximum": ("Maximum of file descriptors.", 9223372036854775807.0),
        "node_nf_conntrack_entries": ("Allocated flow entries.", busy * 21000 + 900),
        "node_nf_conntrack_entries_limit": ("Size of the connection tracking table.", 1048576.0),
    }
    counters = {
        "node_context_switches_total": ("Total number of context switches.", 52e3),
        "node_intr_total": ("Total number of interrupts serviced.", 38e3),
        "node_forks_total": ("Total number of forks.", 42.0),
        "node_vmstat_pgmajfault": ("/proc/vmstat information field pgmajfault.", 1.3),
    }
    return [
        about(cluster, node),
        clock(),
        *(gauge(name, text, value) for name, (text, value) in gauges.items()),
        *(counter(cluster, node, name, text, rate) for name, (text, rate) in counters.items()),
        gauge("node_exporter_build_info", "Build information.", 1.0, version="1.9.1"),
    ]


def about(cluster: Cluster, node: Node) -> Family:
    return gauge(
        "node_uname_info",
        "Labeled system information as provided by the uname system call.",
        1.0,
        sysname="Linux",
        release=cluster.kernel,
        machine="x86_64",
        nodename=node.name,
        domainname="(none)",
    )


def clock() -> Family:
    family = Family("node_time_seconds", "gauge", "System time in seconds since epoch (1970).")
    family.add(lambda t: t)
    return family
