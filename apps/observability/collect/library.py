"""The indicators that come with the project.

The names are those of node_exporter, kube-state-metrics, the API server, etcd, the DCGM exporter,
linuxptp-daemon and the SR-IOV exporter, which are the same on every platform. What a cluster does
not have gives no value. MicroShift often runs no node_exporter; there cAdvisor is asked.
"""

from dataclasses import dataclass

from apps.observability.models.indicator import Direction

# Of a card in parts, each part repeats what the whole card reports: counted once by its UUID.
# Readings that a card does not give are told as numbers of many digits, and are left out.
_FILESYSTEMS = 'fstype!~"tmpfs|overlay|squashfs|ramfs|iso9660|erofs",mountpoint!~"/boot.*"'
_CPU = '100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m])))'
_MEMORY = "100 * (1 - sum(node_memory_MemAvailable_bytes) / sum(node_memory_MemTotal_bytes))"
_REQUESTS = "sum(rate(apiserver_request_total[5m]))"


@dataclass(frozen=True, slots=True)
class Definition:
    name: str
    title: str
    unit: str
    query: str
    warning: float | None = None
    critical: float | None = None
    description: str = ""
    query_openshift: str = ""
    query_kubernetes: str = ""
    query_microshift: str = ""
    direction: str = Direction.ABOVE.value
    significance: float | None = 0.25


NODES = (
    Definition(
        "cpu-percent",
        "CPU in use",
        "%",
        _CPU,
        80,
        95,
        "Of all processors of all nodes, over five minutes.",
        query_microshift=f"{_CPU} or 100 * sum(rate(container_cpu_usage_seconds_total"
        '{id="/"}[5m])) / sum(machine_cpu_cores)',
    ),
    Definition(
        "memory-percent",
        "Memory in use",
        "%",
        _MEMORY,
        85,
        95,
        "Of all nodes together; what can be reclaimed counts as free.",
        query_microshift=f"{_MEMORY} or 100 * sum(container_memory_working_set_bytes"
        '{id="/"}) / sum(machine_memory_bytes)',
    ),
    Definition(
        "node-cpu-highest-percent",
        "CPU of the busiest node",
        "%",
        '100 * (1 - min(avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))))',
        90,
        98,
    ),
    Definition(
        "node-memory-highest-percent",
        "Memory of the fullest node",
        "%",
        "100 * (1 - min(node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes))",
        90,
        97,
    ),
    Definition(
        "filesystem-fullest-percent",
        "Fullest filesystem",
        "%",
        f"100 * (1 - min(node_filesystem_avail_bytes{{{_FILESYSTEMS}}}"
        f" / node_filesystem_size_bytes{{{_FILESYSTEMS}}}))",
        85,
        95,
        "Of all disks of all nodes, by what is left to ordinary users.",
        significance=0.1,
    ),
    Definition(
        "nodes-not-ready",
        "Nodes not ready",
        "nodes",
        'sum(max by (node) (kube_node_status_condition{condition="Ready",status!="true"}))',
        1,
        2,
    ),
    Definition(
        "nodes-under-pressure",
        "Nodes short of memory, disk or processes",
        "nodes",
        'sum(max by (node) (kube_node_status_condition{condition=~"MemoryPressure|DiskPressure'
        '|PIDPressure",status="true"}))',
        1,
        3,
    ),
    Definition(
        "network-errors",
        "Network errors",
        "/s",
        "sum(rate(node_network_receive_errs_total[5m]))"
        " + sum(rate(node_network_transmit_errs_total[5m]))",
        1,
        50,
    ),
)
WORKLOADS = (
    Definition(
        "pods-not-ready",
        "Pods not ready",
        "pods",
        "sum(max by (namespace, pod) "
        '(kube_pod_status_ready{condition="true"} == bool 0) * on (namespace, pod) '
        'max by (namespace, pod) (kube_pod_status_phase{phase=~"Pending|Running|Unknown"}))',
        5,
        20,
        "Those that have ended well or badly are not waited for.",
    ),
    Definition(
        "pods-pending",
        "Pods pending",
        "pods",
        'sum(max by (namespace, pod) (kube_pod_status_phase{phase="Pending"}))',
        5,
        20,
    ),
    Definition(
        "pods-failed",
        "Pods failed",
        "pods",
        'sum(max by (namespace, pod) (kube_pod_status_phase{phase="Failed"}))',
        10,
        50,
    ),
    Definition(
        "container-restarts",
        "Container restarts in 15 minutes",
        "restarts",
        "sum(increase(kube_pod_container_status_restarts_total[15m]))",
        5,
        20,
    ),
    Definition(
        "replicas-unavailable",
        "Replicas of deployments unavailable",
        "replicas",
        "sum(kube_deployment_status_replicas_unavailable)",
        1,
        10,
    ),
    Definition(
        "inference-requests-waiting",
        "Inference requests waiting",
        "requests",
        "sum(vllm:num_requests_waiting)",
        10,
        50,
    ),
)
CONTROL_PLANE = (
    Definition(
        "api-latency-p99-seconds",
        "API server, 99th percentile of its latency",
        "s",
        "histogram_quantile(0.99, sum by (le) (rate(apiserver_request_duration_seconds_bucket"
        '{verb!~"WATCH|WATCHLIST|CONNECT|LIST",subresource!~"exec|attach|log|portforward|proxy"}'
        "[5m])))",
        1,
        3,
        "Without what lasts by nature: watches, lists, logs and shells.",
    ),
    Definition(
        "api-error-percent",
        "API server, requests that fail",
        "%",
        f'100 * (sum(rate(apiserver_request_total{{code=~"5.."}}[5m])) or 0 * {_REQUESTS})'
        f" / {_REQUESTS}",
        1,
        5,
    ),
    Definition(
        "api-requests-in-flight",
        "API server, requests in flight",
        "requests",
        "sum(apiserver_current_inflight_requests)",
        significance=1.0,
    ),
    Definition(
        "etcd-leader-changes",
        "etcd leader changes in an hour",
        "changes",
        "max(increase(etcd_server_leader_changes_seen_total[1h]))",
        3,
        10,
    ),
    Definition(
        "etcd-fsync-p99-seconds",
        "etcd, 99th percentile of a write to disk",
        "s",
        "histogram_quantile(0.99, sum by (le) "
        "(rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m])))",
        0.05,
        0.5,
    ),
    Definition(
        "targets-down-percent",
        "Targets of monitoring that do not answer",
        "%",
        "100 * avg(up == bool 0)",
        10,
        30,
        "What does not answer is not measured either.",
    ),
)
GPUS = (
    Definition(
        "gpu-utilization-percent",
        "GPU utilisation",
        "%",
        "avg(DCGM_FI_DEV_GPU_UTIL <= 100) or 100 * avg(DCGM_FI_PROF_GR_ENGINE_ACTIVE <= 1)",
        description="Mean of all cards; of cards in parts, how busy their engines are.",
        significance=0.5,
    ),
    Definition(
        "gpu-memory-percent",
        "GPU memory in use",
        "%",
        "100 * sum(DCGM_FI_DEV_FB_USED < 1e9)"
        " / (sum(DCGM_FI_DEV_FB_USED < 1e9) + sum(DCGM_FI_DEV_FB_FREE < 1e9))",
        98,
    ),
    Definition(
        "gpu-power-watts",
        "GPU power",
        "W",
        "sum(max by (UUID) (DCGM_FI_DEV_POWER_USAGE < 1e5))",
    ),
    Definition(
        "gpu-temperature-highest-celsius",
        "Hottest GPU",
        "°C",
        "max(DCGM_FI_DEV_GPU_TEMP < 1e3)",
        85,
        90,
    ),
    Definition(
        "gpu-xid-errors",
        "GPUs with an XID error",
        "cards",
        "sum(max by (UUID) ((DCGM_FI_DEV_XID_ERRORS < 1e9) > bool 0))",
        1,
        2,
        "By the last error that each card has reported.",
    ),
)
TELCO = (
    Definition(
        "ptp-offset-ns",
        "PTP offset, largest",
        "ns",
        "max(abs(openshift_ptp_offset_ns) < 999999)",
        100,
        1000,
        "Without 999999, which stands for no clock at all; see PTP clocks not locked.",
        significance=0.5,
    ),
    Definition(
        "ptp-clocks-not-locked",
        "PTP clocks not locked",
        "clocks",
        "sum(openshift_ptp_clock_state != bool 1)",
        1,
        2,
    ),
    Definition(
        "sriov-drops",
        "SR-IOV packets dropped",
        "/s",
        "sum(rate(sriov_vf_rx_dropped[5m])) + sum(rate(sriov_vf_tx_dropped[5m]))",
        1,
        100,
    ),
)
LIBRARY = (*NODES, *WORKLOADS, *CONTROL_PLANE, *GPUS, *TELCO)
