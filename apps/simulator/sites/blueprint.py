"""From a cluster's script, a table of workloads, to its pods: where each runs and its name."""

import random
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from apps.simulator.world import Card, Container, MigSlice, Node, Pod, Workload

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Plan:
    """One line of a script: a workload, and the nodes that it may run on."""

    kind: str
    namespace: str
    name: str
    containers: tuple[Container, ...]
    replicas: int = 1
    on: str = "any"
    labels: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[tuple[tuple[int, int | None], ...], ...] = ()
    restarts: int = 0


def container(
    name: str, image: str, cpu_millis: int, memory_mib: int, *, appetite: float = 0.4
) -> Container:
    return Container(name, image, cpu_millis, memory_mib, {}, appetite)


def suits(node: Node, where: str) -> bool:
    return where in ("any", node.name) or where in node.roles


def card(chance: random.Random, index: int, slices: tuple[MigSlice, ...] = ()) -> Card:
    identity = uuid.UUID(int=chance.getrandbits(128), version=4)
    return Card(index, f"GPU-{identity}", f"00000000:{0x19 + 0x11 * index:02X}:00.0", slices)


def suffix(chance: random.Random, length: int) -> str:
    return "".join(chance.choice(ALPHABET) for _ in range(length))


def pod_names(plan: Plan, nodes: list[Node], chance: random.Random) -> list[str]:
    if plan.kind == "StatefulSet":
        return [f"{plan.name}-{ordinal}" for ordinal in range(plan.replicas)]
    if plan.kind == "DaemonSet":
        return [f"{plan.name}-{suffix(chance, 5)}" for _ in nodes]
    if plan.kind == "Node":
        return [f"{plan.name}-{node.name}" for node in nodes]
    replica_set = replica_set_of(plan, chance)
    return [f"{replica_set}-{suffix(chance, 5)}" for _ in range(plan.replicas)]


def replica_set_of(plan: Plan, chance: random.Random) -> str:
    return f"{plan.name}-{suffix(chance, 9)}"


def owner_of(plan: Plan, pod_name: str) -> tuple[str, str]:
    if plan.kind == "Deployment":
        return "ReplicaSet", pod_name.rsplit("-", 1)[0]
    return plan.kind, plan.name if plan.kind != "Node" else pod_name.removeprefix(f"{plan.name}-")


def place(
    plans: Iterable[Plan], nodes: tuple[Node, ...], seed: str, epoch: float
) -> tuple[Pod, ...]:
    """Expand every plan into pods, spread over the nodes that suit it."""
    pods: list[Pod] = []
    seats = {node.name: 0 for node in nodes}
    for plan in plans:
        chance = random.Random(f"{seed}/{plan.namespace}/{plan.name}")
        fitting = [node for node in nodes if suits(node, plan.on)]
        created = epoch + chance.uniform(600, 7 * 86_400)
        for number, name in enumerate(pod_names(plan, fitting, chance)):
            node = seat(plan, fitting, number, seats)
            seats[node.name] += 1
            owner_kind, owner_name = owner_of(plan, name)
            pods.append(
                Pod(
                    namespace=plan.namespace,
                    name=name,
                    uid=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
                    node=node.name,
                    ip=address(nodes.index(node), seats[node.name]),
                    created=created + number,
                    owner_kind=owner_kind,
                    owner_name=owner_name,
                    labels={"app": plan.name, "app.kubernetes.io/name": plan.name, **plan.labels},
                    containers=plan.containers,
                    devices=plan.devices[number] if number < len(plan.devices) else (),
                    restarts=plan.restarts if number == 0 else 0,
                )
            )
    return tuple(pods)


def seat(plan: Plan, fitting: list[Node], number: int, seats: dict[str, int]) -> Node:
    if plan.kind in ("DaemonSet", "Node"):
        return fitting[number]
    if plan.devices:
        return fitting[number % len(fitting)]
    return min(fitting, key=lambda node: seats[node.name])


def address(node_number: int, pod_number: int) -> str:
    return f"10.128.{node_number * 2}.{10 + pod_number}"


def workloads_of(
    plans: Iterable[Plan], nodes: tuple[Node, ...], epoch: float
) -> tuple[Workload, ...]:
    """Return the workloads behind the pods (static pods belong to their node, to no workload)."""
    return tuple(
        Workload(
            plan.kind,
            plan.namespace,
            plan.name,
            sum(suits(node, plan.on) for node in nodes)
            if plan.kind == "DaemonSet"
            else plan.replicas,
            epoch + 300,
        )
        for plan in plans
        if plan.kind != "Node"
    )


def namespaces_of(plans: Iterable[Plan], *others: str) -> tuple[str, ...]:
    standard = {"default", "kube-system", "kube-public", "kube-node-lease", "aiops-system"}
    return tuple(sorted(standard | {plan.namespace for plan in plans} | set(others)))
