"""Nodes and namespaces as the API shows them."""

from apps.simulator import capacity, load
from apps.simulator.exporters.kube_nodes import os_image
from apps.simulator.kube.metadata import Json, Moment, metadata, stamp
from apps.simulator.world import Cluster, Node

HEARTBEAT_SECONDS = 10
# Condition, its usual status, and the kubelet's reason and message for it.
CONDITIONS = (
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def namespaces(moment: Moment) -> list[Json]:
    return [
        {
            "metadata": metadata(moment, name, labels={"kubernetes.io/metadata.name": name}),
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }
        for name in moment.cluster.namespaces
    ]


def nodes(moment: Moment) -> list[Json]:
    return [node_object(moment, node) for node in moment.cluster.nodes]


def lost_since(moment: Moment, node: Node) -> float | None:
    """Since when the node's kubelet has been silent, if it is."""
    if node != load.silent_node(moment.cluster):
        return None
    interval = moment.incidents.active("node-notready", moment.now)
    return interval.since if interval else None


def node_object(moment: Moment, node: Node) -> Json:
    lost = lost_since(moment, node)
    beat = (lost or moment.now) // HEARTBEAT_SECONDS * HEARTBEAT_SECONDS
    return {
        "metadata": metadata(moment, node.name, changed=beat, labels=labels(moment.cluster, node)),
        "spec": spec(node, lost),
        "status": {
            "capacity": capacity.capacity(node),
            "allocatable": capacity.allocatable(node),
            "conditions": conditions(node, beat, lost),
            "addresses": [
                {"type": "InternalIP", "address": node.ip},
                {"type": "Hostname", "address": node.name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": node_info(moment.cluster, node),
            "images": [],
        },
    }


def labels(cluster: Cluster, node: Node) -> dict[str, str]:
    roles = {f"node-role.kubernetes.io/{role}": "" for role in node.roles if role != "mig"}
    return {
        "beta.kubernetes.io/arch": "amd64",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": node.name,
        "topology.kubernetes.io/region": cluster.region,
        **roles,
        **node.labels,
    }


def spec(node: Node, lost: float | None) -> Json:
    taints: list[Json] = []
    if node.is_control_plane and "worker" not in node.roles:
        taints.append({"key": "node-role.kubernetes.io/master", "effect": "NoSchedule"})
    if lost is not None:
        key = "node.kubernetes.io/unreachable"
        taints += [
            {"key": key, "effect": effect, "timeAdded": stamp(lost)}
            for effect in ("NoSchedule", "NoExecute")
        ]
    return {"taints": taints} if taints else {}


def conditions(node: Node, beat: float, lost: float | None) -> list[Json]:
    found = []
    for kind, status, reason, message in CONDITIONS:
        if lost is not None:
            status, reason = "Unknown", "NodeStatusUnknown"  # noqa: PLW2901
            message = "Kubelet stopped posting node status."  # noqa: PLW2901
        found.append(
            {
                "type": kind,
                "status": status,
                "lastHeartbeatTime": stamp(beat),
                "lastTransitionTime": stamp(node.booted if lost is None else lost),
                "reason": reason,
                "message": message,
            }
        )
    return found


def node_info(cluster: Cluster, node: Node) -> Json:
    plain = cluster.platform == "KUBERNETES"
    return {
        "machineID": f"{abs(hash_of(node.name)):032x}",
        "systemUUID": f"{abs(hash_of(node.ip)):032x}",
        "bootID": f"{int(node.booted):032x}",
        "kernelVersion": cluster.kernel,
        "osImage": os_image(cluster),
        "containerRuntimeVersion": "containerd://2.1.4" if plain else "cri-o://1.33.5",
        "kubeletVersion": cluster.version,
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }


def hash_of(text: str) -> int:
    # Not hash(): that one changes with every start of the interpreter.
    return int.from_bytes(text.encode()[-16:], "big")
