"""Whether a cluster has GPUs, how many and which: pure, from nodes, then pods, then services."""

from collections import Counter
from collections.abc import Sequence

from apps.clusters.conclusion import Conclusion, name_some
from apps.clusters.kube.listing import Listed, Unread
from apps.clusters.kube.nodes import MIG, Node
from apps.clusters.kube.survey import Findings

MOST_TYPES = 20
DCGM = "dcgm-exporter"


def judge_gpus(findings: Findings) -> dict[str, Conclusion]:
    if isinstance(findings.nodes, Unread):
        reason = findings.nodes.reason
        count, types = Conclusion(None, reason), Conclusion([], reason)
        offering: list[Node] = []
    else:
        offering = [node for node in findings.nodes.items if node.offers]
        count, types = _count(offering), _types(offering)
    has = _by_nodes(offering) if offering else _by_what_runs(findings)
    return {"has_gpu_nodes": has, "gpu_count": count, "gpu_types": types}


def _by_nodes(offering: Sequence[Node]) -> Conclusion:
    resources = sorted({resource for node in offering for resource in node.offers})
    named = name_some("node", [node.name for node in offering])
    verb = "offers" if len(offering) == 1 else "offer"
    return Conclusion(True, f"{named} {verb} {', '.join(resources)}.")


def _by_what_runs(findings: Findings) -> Conclusion:
    """Without a node that offers GPUs: the operator's pods, then the DCGM exporter's service."""
    pods = findings.gpu_pods
    if isinstance(pods, Listed) and pods.items:
        running = name_some("pod", [str(pod) for pod in pods.items])
        return Conclusion(True, f"The GPU operator runs {running} that run on GPU nodes only.")
    unread = [one.reason for one in (findings.nodes, pods) if isinstance(one, Unread)]
    if not unread:
        # A service stays when the last GPU is gone; against two lists that were read it is none.
        nothing = "No node offers nvidia.com/gpu or nvidia.com/mig-*, and no GPU operator pod runs."
        return Conclusion(False, nothing)
    if isinstance(findings.services, Listed):
        for service in findings.services.items:
            if DCGM in service.place.name:
                return Conclusion(True, f"The DCGM exporter has a service: {service.place}.")
    return Conclusion(None, " ".join(unread))


def _count(offering: Sequence[Node]) -> Conclusion:
    if not offering:
        return Conclusion(0, "No node offers nvidia.com/gpu or nvidia.com/mig-*.")
    cards: Counter[str] = Counter()
    for node in offering:
        if node.cards is None:
            return Conclusion(
                None,
                f"Node {node.name} offers slices of GPUs and does not say how many cards it has.",
            )
        cards[node.gpu_type or "GPU of unknown type"] += node.cards
    counted = ", ".join(f"{count} of {name}" for name, count in cards.most_common(MOST_TYPES))
    return Conclusion(cards.total(), f"{counted} in {_nodes(offering)}.{_slices(offering)}")


def _types(offering: Sequence[Node]) -> Conclusion:
    if not offering:
        return Conclusion([], "No node offers nvidia.com/gpu or nvidia.com/mig-*.")
    types = sorted({node.gpu_type for node in offering if node.gpu_type})[:MOST_TYPES]
    if not types:
        return Conclusion([], "No node carries the label nvidia.com/gpu.product.")
    return Conclusion(types, f"By the label nvidia.com/gpu.product of {_nodes(offering)}.")


def _nodes(offering: Sequence[Node]) -> str:
    return name_some("node", [node.name for node in offering])


def _slices(offering: Sequence[Node]) -> str:
    slices: Counter[str] = Counter()
    for node in offering:
        slices.update({name: n for name, n in node.offers.items() if name.startswith(MIG)})
    if not slices:
        return ""
    told = ", ".join(
        f"{n} of {name.removeprefix('nvidia.com/')}" for name, n in slices.most_common()
    )
    return f" Cut into MIG slices: {told}."
