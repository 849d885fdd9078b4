"""The processes that compute on a node's cards: their numbers on the host, and their cgroups."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from apps.simulator import capacity
from apps.simulator.world import Cluster, Node, Pod

FIRST, BETWEEN_PODS = 204_000, 1_000
# Besides what a process holds, the driver keeps a little for each.
CONTEXT_MIB = 8
PROGRAMS = {
    "vllm": "VLLM::Worker",
    "trainer": "/usr/bin/python3",
    "jupyter": "/opt/conda/bin/python3.12",
}


@dataclass(frozen=True, slots=True)
class Process:
    """One process on a card, or on an instance of it."""

    pid: int
    pod: Pod
    card: int
    instance: int | None

    @property
    def name(self) -> str:
        container = self.pod.containers[0].name
        return next((name for key, name in PROGRAMS.items() if key in container), container)


def on(cluster: Cluster, node: Node) -> Iterator[Process]:
    for place, pod in enumerate(cluster.pods_on(node)):
        for number, (card, instance) in enumerate(pod.devices):
            yield Process(FIRST + place * BETWEEN_PODS + number, pod, card, instance)


def memory(held: int) -> int:
    return max(0, held - CONTEXT_MIB)


def container_id(pod: Pod, container: str) -> str:
    return hashlib.sha256(f"{pod.uid}/{container}".encode()).hexdigest()


def files(cluster: Cluster, node: Node) -> dict[str, str]:
    """Return the cgroup file of each, by its path."""
    return {f"/proc/{one.pid}/cgroup": f"0::{cgroup(cluster, one)}\n" for one in on(cluster, node)}


def cgroup(cluster: Cluster, process: Process) -> str:
    """Return the path that systemd gives it, which has a level for all but the guaranteed."""
    pod = process.pod
    quality = capacity.quality(pod).lower()
    part = "" if quality == "guaranteed" else f"-{quality}"
    above = f"/kubepods{part}.slice" if part else ""
    runtime = "cri-containerd" if cluster.platform == "KUBERNETES" else "crio"
    container = container_id(pod, pod.containers[0].name)
    return (
        f"/kubepods.slice{above}/kubepods{part}-pod{pod.uid.replace('-', '_')}.slice"
        f"/{runtime}-{container}.scope"
    )
