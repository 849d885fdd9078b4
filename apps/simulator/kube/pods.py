"""Pods, the workloads behind them, and what happens to them, as the API shows it."""

from apps.simulator import capacity, load
from apps.simulator.kube.metadata import Json, Moment, metadata, stamp
from apps.simulator.kube.nodes import lost_since
from apps.simulator.nvidia_smi.processes import container_id
from apps.simulator.world import Cluster, Container, Pod, Workload

APIS = {
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "Node": "v1",
}
EVENT_EVERY_SECONDS = 420
EVENTS_KEPT_SECONDS = 3600


def pods(moment: Moment) -> list[Json]:
    lost = {node.name: lost_since(moment, node) for node in moment.cluster.nodes}
    addresses = {node.name: node.ip for node in moment.cluster.nodes}
    return [
        pod_object(moment, pod, addresses[pod.node], lost[pod.node]) for pod in moment.cluster.pods
    ]


def crashes_since(moment: Moment, pod: Pod) -> float | None:
    """Since when the pod's containers have crashed again and again, if they do."""
    interval = moment.incidents.active("crash-loop", moment.now)
    return interval.since if interval and pod == load.failing_pod(moment.cluster) else None


def pod_object(moment: Moment, pod: Pod, host_ip: str, lost: float | None) -> Json:
    crashes = crashes_since(moment, pod)
    about = metadata(
        moment,
        pod.name,
        namespace=pod.namespace,
        created=pod.created,
        changed=crashes if lost is None else lost,
        labels=pod.labels,
    )
    about["uid"] = pod.uid
    about["ownerReferences"] = [
        {
            "apiVersion": APIS[pod.owner_kind],
            "kind": pod.owner_kind,
            "name": pod.owner_name,
            "uid": about["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    return {
        "metadata": about,
        "spec": {
            "containers": [container_spec(container) for container in pod.containers],
            "nodeName": pod.node,
            **({"hostPID": True} if sees_host(pod) else {}),
            "restartPolicy": "Never" if pod.owner_kind == "Job" else "Always",
            "serviceAccountName": "default",
        },
        "status": status(moment, pod, host_ip, lost),
    }


def container_spec(container: Container) -> Json:
    asked = capacity.requests(container)
    return {
        "name": container.name,
        "image": container.image,
        "resources": {
            "requests": asked,
            **({"limits": dict(container.limits)} if container.limits else {}),
        },
        "imagePullPolicy": "IfNotPresent",
    }


def sees_host(pod: Pod) -> bool:
    """Whether its containers see the processes of their whole node."""
    return pod.labels.get("app.kubernetes.io/component") == "nvidia-driver"


def conditions(began: str, lost: float | None, crashes: float | None) -> list[Json]:
    """A pod that crashes, or is on a silent node, stays Running, but is no longer Ready."""
    found: list[Json] = [
        {"type": kind, "status": "True", "lastTransitionTime": began}
        for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    ]
    if lost is not None:
        change = {"reason": "NodeNotReady", "lastTransitionTime": stamp(lost + 40)}
        found[-1] |= {"status": "False", **change}
    if crashes is not None:
        change = {"reason": "ContainersNotReady", "lastTransitionTime": stamp(crashes)}
        found[-2:] = [{**one, "status": "False", **change} for one in found[-2:]]
    return found


def state_of(began: str, crashes: float | None) -> Json:
    if crashes is None:
        return {"running": {"startedAt": began}}
    return {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off restarting it"}}


def restarts_of(moment: Moment, pod: Pod) -> int:
    mine = pod == load.failing_pod(moment.cluster)
    crashed = moment.incidents.lasted("crash-loop", moment.now) if mine else 0.0
    return pod.restarts_by(moment.now) + int(crashed // load.CRASH_SECONDS)


def status(moment: Moment, pod: Pod, host_ip: str, lost: float | None) -> Json:
    began = stamp(pod.created + 2)
    crashes = crashes_since(moment, pod)
    runtime = runtime_of(moment.cluster)
    return {
        "phase": "Running",
        "conditions": conditions(began, lost, crashes),
        "hostIP": host_ip,
        "podIP": pod.ip,
        "podIPs": [{"ip": pod.ip}],
        "startTime": began,
        "qosClass": capacity.quality(pod),
        "containerStatuses": [
            {
                "name": container.name,
                "image": container.image,
                "imageID": container.image,
                "containerID": f"{runtime}://{container_id(pod, container.name)}",
                "ready": crashes is None,
                "started": crashes is None,
                "restartCount": restarts_of(moment, pod),
                "state": state_of(began, crashes),
                "lastState": {},
            }
            for container in pod.containers
        ],
    }


def runtime_of(cluster: Cluster) -> str:
    return "containerd" if cluster.platform == "KUBERNETES" else "cri-o"


def workloads(moment: Moment, kind: str) -> list[Json]:
    return [workload_object(moment, workload) for workload in moment.cluster.workloads_of(kind)]


def workload_object(moment: Moment, workload: Workload) -> Json:
    labels = {"app": workload.name}
    mine = [pod for pod in moment.cluster.pods if of_workload(pod, workload)]
    about = metadata(
        moment,
        workload.name,
        namespace=workload.namespace,
        created=workload.created,
        labels=labels,
    )
    containers = [container_spec(container) for container in mine[0].containers]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec: Json = {"selector": {"matchLabels": labels}, "template": template}
    if workload.kind != "DaemonSet":
        spec["replicas"] = workload.replicas
    if workload.kind == "StatefulSet":
        spec["serviceName"] = workload.name
    return {"metadata": about, "spec": spec, "status": workload_status(moment, workload, mine)}


def of_workload(pod: Pod, workload: Workload) -> bool:
    return (pod.namespace, pod.labels["app"]) == (workload.namespace, workload.name)


def workload_status(moment: Moment, workload: Workload, mine: list[Pod]) -> Json:
    """Replicas that crash, or are on a silent node, are not ready."""
    lost = {node.name for node in moment.cluster.nodes if lost_since(moment, node) is not None}
    count = workload.replicas
    ready = sum(pod.node not in lost and crashes_since(moment, pod) is None for pod in mine)
    if workload.kind == "DaemonSet":
        return {
            "desiredNumberScheduled": count,
            "currentNumberScheduled": count,
            "numberReady": ready,
            "numberAvailable": ready,
            "numberMisscheduled": 0,
        }
    return {"replicas": count, "readyReplicas": ready, "availableReplicas": ready}


def events(moment: Moment) -> list[Json]:
    """The last hour: restarts that wait, images found, and a node that fell silent."""
    found = []
    newest = int(moment.now // EVENT_EVERY_SECONDS)
    for number in range(newest - EVENTS_KEPT_SECONDS // EVENT_EVERY_SECONDS, newest + 1):
        chance = moment.cluster.rhythm.chance(f"event/{number}")
        pod = chance.choice(moment.cluster.pods)
        at = number * EVENT_EVERY_SECONDS
        if pod.restarts:
            happening = ("Warning", "BackOff", "Back-off restarting failed container")
        else:
            image = pod.containers[0].image
            happening = (
                "Normal",
                "Pulled",
                f'Container image "{image}" already present on machine',
            )
        found.append(event(moment, at, ("Pod", pod.namespace, pod.name), happening))
    for node in moment.cluster.nodes:
        since = lost_since(moment, node)
        if since is not None:
            news = ("Normal", "NodeNotReady", f"Node {node.name} status is now: NodeNotReady")
            found.append(event(moment, since, ("Node", "default", node.name), news))
    return found


def event(
    moment: Moment, at: float, about: tuple[str, str, str], news: tuple[str, str, str]
) -> Json:
    kind, namespace, name = about
    return {
        "metadata": metadata(
            moment, f"{name}.{int(at * 1e9):016x}", namespace=namespace, created=at
        ),
        "involvedObject": {"kind": kind, "namespace": namespace, "name": name, "apiVersion": "v1"},
        "type": news[0],
        "reason": news[1],
        "message": news[2],
        "source": {"component": "kubelet" if kind == "Pod" else "node-controller"},
        "firstTimestamp": stamp(at),
        "lastTimestamp": stamp(at),
        "eventTime": None,
        "count": 1,
        "reportingComponent": "kubelet",
        "reportingInstance": "",
    }
