"""What kube-state-metrics prints about pods and workloads; nodes are in `kube_nodes`."""

import math
from collections.abc import Iterable, Mapping

from apps.simulator import capacity, load
from apps.simulator.exporters import kube_nodes
from apps.simulator.exposition import Family
from apps.simulator.faults import Incidents
from apps.simulator.rhythm import Value
from apps.simulator.world import Cluster, Pod, Workload

PHASES = ("Pending", "Succeeded", "Failed", "Unknown", "Running")


def families(cluster: Cluster, incidents: Incidents) -> list[Family]:
    return [
        *kube_nodes.families(cluster, incidents),
        *pods(cluster, incidents),
        *containers(cluster, incidents),
        *deployments(cluster, incidents),
        *stateful_sets(cluster, incidents),
        *daemon_sets(cluster, incidents),
    ]


def crashing(cluster: Cluster, pod: Pod, incidents: Incidents) -> Value:
    """1 while the pod's containers wait for their next start after a crash."""
    if pod != load.failing_pod(cluster) or not incidents.ever("crash-loop"):
        return 0.0
    return lambda t: float(incidents.active("crash-loop", t) is not None)


def lost(cluster: Cluster, pod: Pod, incidents: Incidents) -> Value:
    """1 while a pod does not count as ready: it crashes, or its node is silent."""
    node = next(n for n in cluster.nodes if n.name == pod.node)
    known = [crashing(cluster, pod, incidents), kube_nodes.silent(cluster, node, incidents)]
    reasons = [value for value in known if callable(value)]
    return (lambda t: max(reason(t) for reason in reasons)) if reasons else 0.0


def place(pod: Pod) -> dict[str, str]:
    return {"namespace": pod.namespace, "pod": pod.name, "uid": pod.uid}


def pods(cluster: Cluster, incidents: Incidents) -> list[Family]:
    info = Family("kube_pod_info", "gauge", "[STABLE] Information about pod.")
    phase = Family("kube_pod_status_phase", "gauge", "[STABLE] The pods current phase.")
    ready = Family(
        "kube_pod_status_ready",
        "gauge",
        "[STABLE] Describes whether the pod is ready to serve requests.",
    )
    owner = Family("kube_pod_owner", "gauge", "[STABLE] Information about the Pod's owner.")
    created = Family("kube_pod_created", "gauge", "[STABLE] Unix creation timestamp")
    started = Family(
        "kube_pod_start_time", "gauge", "[STABLE] Start time in unix timestamp for a pod."
    )
    for pod in cluster.pods:
        where = place(pod)
        by = {"created_by_kind": pod.owner_kind, "created_by_name": pod.owner_name}
        info.add(1.0, **where, node=pod.node, pod_ip=pod.ip, host_network="false", **by)
        for name in PHASES:
            phase.add(float(name == "Running"), **where, phase=name)
        gone = lost(cluster, pod, incidents)
        ready.add(kube_nodes.inverse(gone), **where, condition="true")
        ready.add(gone, **where, condition="false")
        ready.add(0.0, **where, condition="unknown")
        owner.add(
            1.0,
            **where,
            owner_kind=pod.owner_kind,
            owner_name=pod.owner_name,
            owner_is_controller="true",
        )
        created.add(float(int(pod.created)), **where)
        started.add(float(int(pod.created) + 2), **where)
    return [info, phase, ready, owner, created, started]


def containers(cluster: Cluster, incidents: Incidents) -> list[Family]:
    about = "kube_pod_container"
    info = Family(f"{about}_info", "gauge", "[STABLE] Information about a container in a pod.")
    ready = Family(f"{about}_status_ready", "gauge", "[STABLE] Whether the container is ready.")
    running = Family(f"{about}_status_running", "gauge", "[STABLE] Whether the container runs.")
    restarts = Family(f"{about}_status_restarts_total", "counter", "[STABLE] Container restarts.")
    reason = Family(f"{about}_status_last_terminated_reason", "gauge", "Why it last terminated.")
    waiting = Family(f"{about}_status_waiting_reason", "gauge", "Why the container waits.")
    asked = Family(f"{about}_resource_requests", "gauge", "Resources requested by a container.")
    limits = Family(f"{about}_resource_limits", "gauge", "Resource limits of a container.")
    for pod in cluster.pods:
        for container in pod.containers:
            where = {**place(pod), "container": container.name}
            info.add(1.0, **where, image=container.image, image_spec=container.image)
            crashes = crashing(cluster, pod, incidents)
            ready.add(kube_nodes.inverse(crashes), **where)
            running.add(kube_nodes.inverse(crashes), **where)
            restarts.add(restarted(pod, incidents, crashes), **where)
            if callable(crashes):
                waiting.add(crashes, **where, reason="CrashLoopBackOff")
            if pod.restarts:
                reason.add(1.0, **where, reason="OOMKilled")
            add_resources(asked, capacity.requests(container), {**where, "node": pod.node})
            add_resources(limits, container.limits, {**where, "node": pod.node})
    return [info, ready, running, restarts, reason, waiting, asked, limits]


def add_resources(family: Family, wanted: Mapping[str, str], where: Mapping[str, str]) -> None:
    for resource, quantity in wanted.items():
        name, unit = capacity.label_name(resource), capacity.unit(resource)
        family.add(capacity.amount(quantity), **where, resource=name, unit=unit)


def restarted(pod: Pod, incidents: Incidents, crashes: Value) -> Value:
    if not pod.restarts and not callable(crashes):
        return 0.0
    seconds = load.CRASH_SECONDS if callable(crashes) else math.inf
    return lambda t: pod.restarts_by(t) + incidents.lasted("crash-loop", t) // seconds


def available(cluster: Cluster, workload: Workload, incidents: Incidents) -> Value:
    """Replicas that are ready: those that crash, and those on a silent node, are not."""
    mine = [pod for pod in cluster.pods if belongs(pod, workload)]
    known = [lost(cluster, pod, incidents) for pod in mine]
    away = [value for value in known if callable(value)]
    if not away:
        return float(workload.replicas)
    return lambda t: workload.replicas - sum(value(t) for value in away)


def belongs(pod: Pod, workload: Workload) -> bool:
    return (pod.namespace, pod.labels["app"]) == (workload.namespace, workload.name)


def missing(workload: Workload, ready: Value) -> Value:
    if not callable(ready):
        return workload.replicas - ready
    known = ready
    return lambda t: workload.replicas - known(t)


def deployments(cluster: Cluster, incidents: Incidents) -> list[Family]:
    texts = {
        "kube_deployment_created": "[STABLE] Unix creation timestamp",
        "kube_deployment_spec_replicas": "[STABLE] Number of desired pods for a deployment.",
        "kube_deployment_status_replicas": "[STABLE] The number of replicas per deployment.",
        "kube_deployment_status_replicas_updated": "[STABLE] The number of updated replicas.",
        "kube_deployment_status_replicas_ready": "[STABLE] The number of ready replicas.",
        "kube_deployment_status_replicas_available": "[STABLE] The number of available replicas.",
        "kube_deployment_status_replicas_unavailable": "[STABLE] The unavailable replicas.",
    }
    found = {name: Family(name, "gauge", text) for name, text in texts.items()}
    for workload in cluster.workloads_of("Deployment"):
        ready = available(cluster, workload, incidents)
        values: tuple[Value, ...] = (
            float(int(workload.created)),
            *([float(workload.replicas)] * 3),
            ready,
            ready,
            missing(workload, ready),
        )
        fill(found.values(), values, namespace=workload.namespace, deployment=workload.name)
    return list(found.values())


def fill(found: Iterable[Family], values: tuple[Value, ...], **labels: str) -> None:
    for family, value in zip(found, values, strict=True):
        family.add(value, **labels)


def stateful_sets(cluster: Cluster, incidents: Incidents) -> list[Family]:
    texts = {
        "kube_statefulset_replicas": "[STABLE] Number of desired pods for a StatefulSet.",
        "kube_statefulset_status_replicas": "[STABLE] The number of replicas per StatefulSet.",
        "kube_statefulset_status_replicas_ready": "[STABLE] The number of ready replicas.",
    }
    found = {name: Family(name, "gauge", text) for name, text in texts.items()}
    for workload in cluster.workloads_of("StatefulSet"):
        wanted, ready = float(workload.replicas), available(cluster, workload, incidents)
        fill(
            found.values(),
            (wanted, wanted, ready),
            namespace=workload.namespace,
            statefulset=workload.name,
        )
    return list(found.values())


def daemon_sets(cluster: Cluster, incidents: Incidents) -> list[Family]:
    texts = {
        "kube_daemonset_status_desired_number_scheduled": "[STABLE] Nodes wanted.",
        "kube_daemonset_status_current_number_scheduled": "[STABLE] Nodes running it.",
        "kube_daemonset_status_number_ready": "[STABLE] Nodes with a ready pod.",
        "kube_daemonset_status_number_unavailable": "[STABLE] Nodes without one.",
    }
    found = {name: Family(name, "gauge", text) for name, text in texts.items()}
    for workload in cluster.workloads_of("DaemonSet"):
        wanted, ready = float(workload.replicas), available(cluster, workload, incidents)
        values = (wanted, wanted, ready, missing(workload, ready))
        fill(found.values(), values, namespace=workload.namespace, daemonset=workload.name)
    return list(found.values())
