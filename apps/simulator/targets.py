"""What each cluster's Prometheus scrapes: the targets, their labels, and whether they answer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from apps.simulator import load
from apps.simulator.exporters import api_server, dcgm, kube_state, kubelet, node, ptp, sriov, vllm
from apps.simulator.exposition import Family, Series
from apps.simulator.faults import Incidents
from apps.simulator.world import Cluster, Node, Pod

Print = Callable[[], list[Family]]


@dataclass(frozen=True, slots=True)
class Target:
    """One scrape target. `faults` are the incidents during which it does not answer."""

    job: str
    instance: str
    path: str
    labels: Mapping[str, str]
    families: Print
    honor_labels: bool = False
    faults: tuple[str, ...] = ()

    def answers(self, incidents: Incidents, t: float) -> bool:
        return not any(incidents.active(fault, t) for fault in self.faults)

    def stored(self, series: Series) -> Series:
        """Return the series as Prometheus stores it, target labels laid over the exporter's."""
        theirs = dict(series.labels)
        ours = {"job": self.job, "instance": self.instance, **self.labels}
        for name in [name for name in ours if name in theirs]:
            if self.honor_labels:
                ours.pop(name)
            else:
                theirs[f"exported_{name}"] = theirs.pop(name)
        return Series(series.name, {**theirs, **ours}, series.value)


def targets(cluster: Cluster, incidents: Incidents) -> list[Target]:
    return [
        api(cluster, incidents),
        kube(cluster, incidents),
        *(target for node in cluster.nodes for target in of_node(cluster, node, incidents)),
        *(server(cluster, pod) for pod in cluster.pods if "vllm.ai/model" in pod.labels),
    ]


def monitoring(cluster: Cluster) -> str:
    return "openshift-monitoring" if cluster.is_openshift else "monitoring"


def api(cluster: Cluster, incidents: Incidents) -> Target:
    labels = {"namespace": "default", "service": "kubernetes", "endpoint": "https"}
    down = ("api-down", "api-slow")
    instance = f"{cluster.nodes[0].ip}:6443"
    return Target(
        "apiserver",
        instance,
        "/apiserver",
        labels,
        lambda: api_server.families(cluster, incidents),
        faults=down,
    )


def kube(cluster: Cluster, incidents: Incidents) -> Target:
    pod = next(pod for pod in cluster.pods if pod.labels["app"] == "kube-state-metrics")
    # Its own pod and namespace stay away: honor_labels keeps those of the pods that it speaks of.
    labels = {"service": "kube-state-metrics", "endpoint": "http"}
    return Target(
        "kube-state-metrics",
        f"{pod.ip}:8080",
        "/kube-state-metrics",
        labels,
        lambda: kube_state.families(cluster, incidents),
        honor_labels=True,
    )


def of_node(cluster: Cluster, node: Node, incidents: Incidents) -> Iterator[Target]:
    yield from kubelet_of(cluster, node, incidents)
    yield node_exporter(cluster, node)
    if node.cards:
        yield exporter(
            cluster,
            node,
            "nvidia-dcgm-exporter",
            9400,
            lambda: dcgm.families(cluster, node, incidents),
        )
    if pod_of(cluster, node, "linuxptp-daemon"):
        yield exporter(
            cluster, node, "linuxptp-daemon", 9091, lambda: ptp.families(cluster, node, incidents)
        )
    if pod_of(cluster, node, "sriov-network-metrics-exporter"):
        name = "sriov-network-metrics-exporter"
        yield exporter(cluster, node, name, 9808, lambda: sriov.families(cluster, node))


def faults_of(cluster: Cluster, node: Node) -> tuple[str, ...]:
    return ("node-notready",) if node == load.silent_node(cluster) else ()


def kubelet_of(cluster: Cluster, node: Node, incidents: Incidents) -> Iterator[Target]:
    printers: dict[str, Print] = {
        "/metrics": lambda: kubelet.families(cluster, node, incidents),
        "/metrics/cadvisor": lambda: kubelet.cadvisor(cluster, node),
    }
    for path, families in printers.items():
        labels = {
            "node": node.name,
            "metrics_path": path,
            "service": "kubelet",
            "endpoint": "https-metrics",
        }
        yield Target(
            "kubelet",
            f"{node.ip}:10250",
            f"/kubelet/{node.name}{path}",
            labels,
            families,
            honor_labels=True,
            faults=faults_of(cluster, node),
        )


def node_exporter(cluster: Cluster, node: Node) -> Target:
    # OpenShift rewrites the instance to the node's name, the upstream chart keeps the address.
    instance = f"{node.ip}:9100" if cluster.platform == "KUBERNETES" else node.name
    labels = {
        "namespace": monitoring(cluster),
        "service": "node-exporter",
        "container": "node-exporter",
    }
    silent = ("exporter-down",) if node == load.silent_node(cluster) else ()
    return Target(
        "node-exporter",
        instance,
        f"/node-exporter/{node.name}",
        labels,
        lambda: node_families(cluster, node),
        faults=(*faults_of(cluster, node), *silent),
    )


def node_families(cluster: Cluster, at: Node) -> list[Family]:
    return node.families(cluster, at)


def pod_of(cluster: Cluster, node: Node, app: str) -> Pod | None:
    return next((pod for pod in cluster.pods_on(node) if pod.labels["app"] == app), None)


def exporter(cluster: Cluster, node: Node, app: str, port: int, families: Print) -> Target:
    """A target behind a ServiceMonitor without honorLabels: its labels become `exported_...`."""
    pod = pod_of(cluster, node, app)
    if pod is None:
        raise LookupError(f"{node.name} runs no {app}")
    labels = {
        "namespace": pod.namespace,
        "pod": pod.name,
        "container": pod.containers[0].name,
        "service": app,
    }
    path = f"/{app}/{node.name}"
    return Target(app, f"{pod.ip}:{port}", path, labels, families, faults=faults_of(cluster, node))


def server(cluster: Cluster, pod: Pod) -> Target:
    on = next(node for node in cluster.nodes if node.name == pod.node)
    crashing = ("crash-loop",) if pod == load.failing_pod(cluster) else ()
    labels = {
        "namespace": pod.namespace,
        "pod": pod.name,
        "container": "vllm",
        "service": pod.labels["app"],
    }
    return Target(
        "vllm",
        f"{pod.ip}:8000",
        f"/vllm/{pod.name}",
        labels,
        lambda: vllm.families(cluster, pod),
        faults=(*faults_of(cluster, on), *crashing),
    )
