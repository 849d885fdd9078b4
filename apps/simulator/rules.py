"""The alerting rules of each cluster's Prometheus, as its monitoring stack would bring them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from apps.simulator.world import Cluster

RUNBOOKS = "https://runbooks.prometheus-operator.dev/runbooks"
# Of which a card does not recover by itself.
FATAL_XIDS = (48, 62, 64, 74, 79, 95, 119, 120)


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert: it fires once `expr` has given the same series for `seconds`."""

    alert: str
    severity: str
    expr: str
    summary: str
    seconds: int = 10
    runbook: str = ""
    # Where the metric has it under another name.
    namespace: str = ""

    def entry(self) -> dict[str, Any]:
        namespace = {"namespace": self.namespace} if self.namespace else {}
        runbook = f"{RUNBOOKS}/{self.runbook}/{self.alert.lower()}"
        return {
            "alert": self.alert,
            "expr": self.expr,
            "for": f"{self.seconds}s",
            "labels": {"severity": self.severity, **namespace},
            "annotations": {
                "summary": self.summary,
                **({"runbook_url": runbook} if self.runbook else {}),
            },
        }


def document(cluster: Cluster) -> str:
    """Return the rules of what there is in the cluster, as the text of a rule file."""
    groups = [
        {"name": name, "rules": [rule.entry() for rule in rules]}
        for name, rules in groups_of(cluster)
    ]
    return yaml.safe_dump({"groups": groups}, sort_keys=False, width=10**6)


def groups_of(cluster: Cluster) -> Iterator[tuple[str, tuple[Rule, ...]]]:
    yield "general", GENERAL
    yield "kubernetes", KUBERNETES
    if any(node.cards for node in cluster.nodes):
        yield "gpu", GPU
    if any(pod.labels["app"] == "linuxptp-daemon" for pod in cluster.pods):
        yield "ptp", PTP


def space(share: float) -> str:
    volume = "kubelet_volume_stats"
    left = f"{volume}_available_bytes / {volume}_capacity_bytes"
    return f"min by (namespace, persistentvolumeclaim) ({left}) < {share}"


def cards(metric: str, test: str) -> str:
    """A card's series are many, one for each slice and each pod of the exporter's past."""
    return f"max by (Hostname, gpu, exported_namespace, exported_pod) ({metric}) {test}"


GENERAL = (
    Rule(
        "Watchdog",
        "none",
        "vector(1)",
        "Always fires, to show that alerts find their way.",
        # Prometheus finds Alertmanager seconds after its start, and repeats itself a minute later.
        10,
        "general",
    ),
    Rule(
        "TargetDown",
        "warning",
        "100 * count by (job, namespace, service) (up == 0)"
        " / count by (job, namespace, service) (up) > 10",
        '{{ printf "%.4g" $value }}% of the {{ $labels.job }} targets do not answer.',
        runbook="general",
    ),
)
KUBERNETES = (
    Rule(
        "KubeAPIDown",
        "critical",
        'absent(up{job="apiserver"} == 1)',
        "The Kubernetes API has disappeared from what is scraped.",
        30,
        "kubernetes",
    ),
    Rule(
        "KubeAPILatencyHigh",
        "warning",
        "histogram_quantile(0.9, sum by (verb, resource, le)"
        " (rate(apiserver_request_duration_seconds_bucket[1m]))) > 1",
        "One in ten {{ $labels.verb }} requests for {{ $labels.resource }} takes more than"
        " {{ $value | humanizeDuration }}.",
        15,
    ),
    Rule(
        "KubeNodeNotReady",
        "warning",
        'max by (node) (kube_node_status_condition{condition="Ready",status="true"}) == 0',
        "{{ $labels.node }} is not ready.",
        15,
        "kubernetes",
    ),
    Rule(
        "KubePodCrashLooping",
        "warning",
        "max by (namespace, pod, container) (max_over_time("
        'kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[1m])) >= 1',
        "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} crashes again and"
        " again.",
        15,
        "kubernetes",
    ),
    Rule(
        "KubeDeploymentReplicasMismatch",
        "warning",
        "max by (namespace, deployment) (kube_deployment_spec_replicas"
        " - kube_deployment_status_replicas_available) > 0",
        "{{ $labels.namespace }}/{{ $labels.deployment }} misses {{ $value }} of its replicas.",
        # Long enough to be seen waiting.
        120,
        "kubernetes",
    ),
    Rule(
        "KubeContainerOOMKilled",
        "info",
        "max by (namespace, pod, container)"
        ' (kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}) == 1',
        "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} ran out of memory the"
        " last time that it ended.",
    ),
    *(
        Rule(
            "KubePersistentVolumeFillingUp",
            severity,
            space(share),
            "{{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} has"
            " {{ $value | humanizePercentage }} of its space left.",
            runbook="kubernetes",
        )
        for severity, share in (("warning", 0.15), ("critical", 0.05))
    ),
)
HELD = "{{ $labels.exported_namespace }}"
CARD = "Card {{ $labels.gpu }} of {{ $labels.Hostname }}"
GPU = (
    Rule(
        "GPUTemperatureHigh",
        "warning",
        cards("DCGM_FI_DEV_GPU_TEMP", ">= 80"),
        f"{CARD} is at {{{{ $value }}}} C.",
        namespace=HELD,
    ),
    Rule(
        "GPUTemperatureHigh",
        "critical",
        cards("DCGM_FI_DEV_GPU_TEMP >= DCGM_FI_DEV_SLOWDOWN_TEMP", ""),
        f"{CARD} is at {{{{ $value }}}} C and slows itself down.",
        namespace=HELD,
    ),
    Rule(
        "GPUThermalSlowdown",
        "warning",
        # Bit 0x40 of the reasons: the hardware slows down because of the temperature.
        cards("floor(DCGM_FI_DEV_CLOCKS_EVENT_REASONS / 64) % 2", "== 1"),
        f"{CARD} lowers its clocks because of its temperature.",
        namespace=HELD,
    ),
    Rule(
        "GPUXIDError",
        "critical",
        " or ".join(cards("DCGM_FI_DEV_XID_ERRORS", f"== {xid}") for xid in FATAL_XIDS),
        f"{CARD} reports XID {{{{ $value }}}}, and does not recover by itself.",
        namespace=HELD,
    ),
    Rule(
        "GPUXIDError",
        "warning",
        cards("DCGM_FI_DEV_XID_ERRORS", "> 0"),
        f"{CARD} reports XID {{{{ $value }}}}.",
        namespace=HELD,
    ),
)
PTP = (
    Rule(
        "PTPOffsetOutOfRange",
        "warning",
        "max by (namespace, node, process) (abs(openshift_ptp_offset_ns)) > 100",
        "{{ $labels.process }} of {{ $labels.node }} is {{ $value }} ns off.",
    ),
    Rule(
        "PTPClockNotLocked",
        "warning",
        "max by (namespace, node, process) (openshift_ptp_clock_state) == 2",
        "{{ $labels.process }} of {{ $labels.node }} has lost its grandmaster and coasts.",
    ),
    Rule(
        "PTPClockNotLocked",
        "critical",
        "max by (namespace, node, process) (openshift_ptp_clock_state) == 0",
        "{{ $labels.process }} of {{ $labels.node }} runs free, out of specification.",
    ),
)
