"""What the kubelet of one node prints: itself, and its containers through cAdvisor."""

from apps.simulator import load
from apps.simulator.exposition import Family, whole
from apps.simulator.faults import Incidents
from apps.simulator.rhythm import Value
from apps.simulator.world import GIB, MIB, Cluster, Node, Pod

VOLUME_BYTES = 100.0 * GIB
# How full a volume usually is, and when `disk-filling` is done with it.
USUAL, FULL = 0.42, 0.985


def families(cluster: Cluster, node: Node, incidents: Incidents) -> list[Family]:
    pods = cluster.pods_on(node)
    running = Family(
        "kubelet_running_pods", "gauge", "Number of pods that have a running pod sandbox."
    )
    running.add(float(len(pods)))
    inside = Family(
        "kubelet_running_containers", "gauge", "Number of containers currently running."
    )
    inside.add(float(sum(len(pod.containers) for pod in pods)), container_state="running")
    name = Family("kubelet_node_name", "gauge", "The node's name. The count is always 1.")
    name.add(1.0, node=node.name)
    return [running, inside, name, *volumes(cluster, node, incidents)]


def volumes(cluster: Cluster, node: Node, incidents: Incidents) -> list[Family]:
    """The volumes of the pods that have a name to keep one by."""
    size = Family("kubelet_volume_stats_capacity_bytes", "gauge", "Capacity in bytes.")
    used = Family("kubelet_volume_stats_used_bytes", "gauge", "Number of used bytes.")
    free = Family("kubelet_volume_stats_available_bytes", "gauge", "Number of available bytes.")
    for pod in cluster.pods_on(node):
        if pod.owner_kind != "StatefulSet":
            continue
        claim = {"namespace": pod.namespace, "persistentvolumeclaim": f"data-{pod.name}"}
        size.add(VOLUME_BYTES, **claim)
        used.add(held(cluster, pod, incidents, 0.0, 1.0), **claim)
        free.add(held(cluster, pod, incidents, VOLUME_BYTES, -1.0), **claim)
    return [size, used, free]


def held(cluster: Cluster, pod: Pod, incidents: Incidents, base: float, factor: float) -> Value:
    """Return `base` and `factor` times the bytes that a pod keeps in its volume."""
    usual = cluster.rhythm.wave(
        f"volume/{pod.namespace}/{pod.name}", USUAL, daily=0.03, jitter=0.02
    )
    fills = pod == load.filling_pod(cluster) and incidents.ever("disk-filling")

    def bytes_at(t: float) -> float:
        share = usual.at(t)
        if fills:
            share += (FULL - share) * incidents.level("disk-filling", t, 25.0)
        return float(int(base + factor * share * VOLUME_BYTES))

    return bytes_at


def cadvisor(cluster: Cluster, node: Node) -> list[Family]:
    cpu = Family(
        "container_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed in seconds."
    )
    memory = Family("container_memory_working_set_bytes", "gauge", "Current working set in bytes.")
    received = Family(
        "container_network_receive_bytes_total", "counter", "Cumulative count of bytes received."
    )
    sent = Family(
        "container_network_transmit_bytes_total",
        "counter",
        "Cumulative count of bytes transmitted.",
    )
    for pod in cluster.pods_on(node):
        where = {"namespace": pod.namespace, "pod": pod.name}
        for container in pod.containers:
            who = {**where, "container": container.name, "image": container.image}
            cpu.add(
                load.of_container(cluster, pod, container).since(pod.created), **who, cpu="total"
            )
            mean = 0.72 * container.memory_mib * MIB
            key = f"memory/{pod.namespace}/{pod.name}/{container.name}"
            memory.add(whole(cluster.rhythm.wave(key, mean, daily=0.08, jitter=0.06).at), **who)
        for family, rate in ((received, 64e3), (sent, 58e3)):
            wave = cluster.rhythm.wave(f"{family.name}/{pod.name}", rate, jitter=0.3)
            family.add(wave.since(pod.created), **where, interface="eth0")
    return [cpu, memory, received, sent]
