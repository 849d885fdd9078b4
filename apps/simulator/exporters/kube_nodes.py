"""What kube-state-metrics prints about nodes and namespaces."""

from apps.simulator import capacity, load
from apps.simulator.exposition import Family
from apps.simulator.faults import Incidents
from apps.simulator.rhythm import Value
from apps.simulator.world import Cluster, Node

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")


def families(cluster: Cluster, incidents: Incidents) -> list[Family]:
    return [
        *inventory(cluster),
        conditions(cluster, incidents),
        taints(cluster, incidents),
        *sizes(cluster),
        *namespaces(cluster),
    ]


def inventory(cluster: Cluster) -> list[Family]:
    info = Family("kube_node_info", "gauge", "[STABLE] Information about a cluster node.")
    role = Family("kube_node_role", "gauge", "The role of a cluster node.")
    created = Family("kube_node_created", "gauge", "[STABLE] Unix creation timestamp")
    closed = Family(
        "kube_node_spec_unschedulable", "gauge", "[STABLE] Whether a node can schedule new pods."
    )
    for node in cluster.nodes:
        info.add(
            1.0,
            node=node.name,
            internal_ip=node.ip,
            kubelet_version=cluster.version,
            container_runtime_version="cri-o://1.33.5"
            if cluster.platform != "KUBERNETES"
            else "containerd://2.1.4",
            os_image=os_image(cluster),
        )
        for name in node.roles:
            if name != "mig":
                role.add(1.0, node=node.name, role=name)
        created.add(float(int(cluster.epoch)), node=node.name)
        closed.add(0.0, node=node.name)
    return [info, role, created, closed]


def os_image(cluster: Cluster) -> str:
    if cluster.platform == "KUBERNETES":
        return "Ubuntu 24.04.3 LTS"
    if cluster.platform == "MICROSHIFT":
        return "Red Hat Enterprise Linux 9.6 (Plow)"
    return f"Red Hat Enterprise Linux CoreOS {cluster.platform_version}"


def silent(cluster: Cluster, node: Node, incidents: Incidents) -> Value:
    """1 while the node's kubelet says nothing."""
    if node != load.silent_node(cluster) or not incidents.ever("node-notready"):
        return 0.0
    return lambda t: float(incidents.active("node-notready", t) is not None)


def inverse(value: Value) -> Value:
    if not callable(value):
        return 1.0 - value
    known = value
    return lambda t: 1.0 - known(t)


def conditions(cluster: Cluster, incidents: Incidents) -> Family:
    """A silent kubelet turns every condition Unknown, not False."""
    family = Family(
        "kube_node_status_condition", "gauge", "[STABLE] The condition of a cluster node."
    )
    for node in cluster.nodes:
        gone = silent(cluster, node, incidents)
        for condition in ("Ready", *PRESSURES):
            usual = "true" if condition == "Ready" else "false"
            for status in ("true", "false", "unknown"):
                value = gone if status == "unknown" else inverse(gone) if status == usual else 0.0
                family.add(value, node=node.name, condition=condition, status=status)
    return family


def taints(cluster: Cluster, incidents: Incidents) -> Family:
    family = Family("kube_node_spec_taint", "gauge", "[STABLE] The taint of a cluster node.")
    for node in cluster.nodes:
        if node.is_control_plane and "worker" not in node.roles:
            family.add(
                1.0,
                node=node.name,
                key="node-role.kubernetes.io/master",
                value="",
                effect="NoSchedule",
            )
        gone = silent(cluster, node, incidents)
        if callable(gone):
            family.add(
                gone,
                node=node.name,
                key="node.kubernetes.io/unreachable",
                value="",
                effect="NoExecute",
            )
    return family


def sizes(cluster: Cluster) -> list[Family]:
    whole = Family(
        "kube_node_status_capacity",
        "gauge",
        "[STABLE] The total amount of resources available for a node.",
    )
    usable = Family(
        "kube_node_status_allocatable",
        "gauge",
        "[STABLE] The amount of resources allocatable for pods.",
    )
    for node in cluster.nodes:
        for family, offer in (
            (whole, capacity.capacity(node)),
            (usable, capacity.allocatable(node)),
        ):
            for resource, quantity in offer.items():
                family.add(
                    capacity.amount(quantity),
                    node=node.name,
                    resource=capacity.label_name(resource),
                    unit=capacity.unit(resource),
                )
    return [whole, usable]


def namespaces(cluster: Cluster) -> list[Family]:
    phase = Family(
        "kube_namespace_status_phase", "gauge", "[STABLE] kubernetes namespace status phase."
    )
    created = Family("kube_namespace_created", "gauge", "[STABLE] Unix creation timestamp")
    for namespace in cluster.namespaces:
        phase.add(1.0, namespace=namespace, phase="Active")
        phase.add(0.0, namespace=namespace, phase="Terminating")
        created.add(float(int(cluster.epoch)), namespace=namespace)
    return [phase, created]
