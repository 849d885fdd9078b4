"""What nodes offer and pods ask for: the same numbers for the API and for kube-state-metrics."""

from collections import Counter

from apps.simulator.world import MIB, Container, Node, Pod

SYSTEM_MEMORY = 1_300 * MIB
SYSTEM_CPU_MILLIS = 500


def extended(node: Node) -> dict[str, str]:
    """Resources that device plugins add: whole cards, MIG slices, virtual functions."""
    found = dict(node.extended)
    if node.cards:
        found["nvidia.com/gpu"] = str(sum(not card.slices for card in node.cards))
        slices = Counter(part.resource for card in node.cards for part in card.slices)
        found |= {resource: str(count) for resource, count in sorted(slices.items())}
    return found


def capacity(node: Node) -> dict[str, str]:
    return {
        "cpu": str(node.cpus),
        "ephemeral-storage": f"{node.disk_bytes // 1024}Ki",
        "hugepages-2Mi": "0",
        "memory": f"{node.memory_bytes // 1024}Ki",
        "pods": "250",
        **extended(node),
    }


def allocatable(node: Node) -> dict[str, str]:
    return {
        **capacity(node),
        "cpu": f"{node.cpus * 1000 - SYSTEM_CPU_MILLIS}m",
        "ephemeral-storage": str(int(node.disk_bytes * 0.9)),
        "memory": f"{(node.memory_bytes - SYSTEM_MEMORY) // 1024}Ki",
    }


def requests(container: Container) -> dict[str, str]:
    return {
        "cpu": f"{container.cpu_millis}m",
        "memory": f"{container.memory_mib}Mi",
        **container.limits,
    }


SUFFIXES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "m": 0.001}


def amount(quantity: str) -> float:
    """Read a Kubernetes quantity, of the kinds that occur here."""
    for suffix, factor in SUFFIXES.items():
        if quantity.endswith(suffix):
            return float(quantity.removesuffix(suffix)) * factor
    return float(quantity)


def unit(resource: str) -> str:
    """The unit that kube-state-metrics writes beside a resource."""
    if resource == "cpu":
        return "core"
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages"):
        return "byte"
    return "integer"


def label_name(resource: str) -> str:
    """A resource as kube-state-metrics writes it: nvidia.com/gpu -> nvidia_com_gpu."""
    return "".join(c if c.isalnum() else "_" for c in resource)


def quality(pod: Pod) -> str:
    return "Guaranteed" if any(c.limits for c in pod.containers) else "Burstable"
