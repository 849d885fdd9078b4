"""What the pods of one node ask for of NVIDIA's devices. Which of them each was given, the API does
not say: the kubelet alone knows.
"""

import re
from dataclasses import dataclass

import msgspec

from apps.clusters.kube.listing import Kind
from apps.clusters.kube.nodes import MIG, SHARED, WHOLE
from apps.clusters.kube.workloads import Place

# More devices than a node has slices of cards is no request that was ever granted.
MOST = 4096
_COUNT = re.compile(r"[0-9]{1,4}\Z")


@dataclass(frozen=True, slots=True)
class GpuRequest:
    """So many devices of a kind that one container of a pod on the node has been promised."""

    place: Place
    container: str
    resource: str
    amount: int


class _Metadata(msgspec.Struct):
    name: str
    namespace: str = ""


class _Resources(msgspec.Struct):
    limits: dict[str, str | int | float] | None = None
    requests: dict[str, str | int | float] | None = None


class _Container(msgspec.Struct):
    name: str = ""
    restarts: str = msgspec.field(name="restartPolicy", default="")
    resources: _Resources | None = None


class _Spec(msgspec.Struct):
    containers: list[_Container] | None = None
    inits: list[_Container] | None = msgspec.field(name="initContainers", default=None)


class _Status(msgspec.Struct):
    phase: str = ""


class _Pod(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


def requests_on(node: str) -> Kind[_Pod, tuple[GpuRequest, ...]]:
    """What to list: answered from the API server's memory, which may be a moment old."""
    wanted = f"spec.nodeName={node},status.phase!=Succeeded,status.phase!=Failed"
    params = {"fieldSelector": wanted, "resourceVersion": "0"}
    return Kind(f"pods of node {node}", "/api/v1/pods", _Pod, _keep, params)


def _keep(pod: _Pod) -> tuple[GpuRequest, ...]:
    # One that has ended has given its devices back, whatever its spec says.
    if pod.status.phase in {"Succeeded", "Failed"}:
        return ()
    about = pod.metadata
    # Of the containers that run before the others, those that go on beside them hold theirs.
    lasting = [one for one in pod.spec.inits or () if one.restarts == "Always"]
    return tuple(
        GpuRequest(Place(about.name, about.namespace), one.name, resource, amount)
        for one in (*(pod.spec.containers or ()), *lasting)
        for resource, amount in _devices(one.resources)
    )


def _devices(resources: _Resources | None) -> list[tuple[str, int]]:
    """Limits and requests of devices are the same; who writes the one has the other set."""
    if resources is None:
        return []
    said = (resources.requests or {}) | (resources.limits or {})
    found = {name: _count(said[name]) for name in sorted(said) if _is_ours(name)}
    return [(name, amount) for name, amount in found.items() if 0 < amount <= MOST]


def _is_ours(resource: str) -> bool:
    return resource in {WHOLE, SHARED} or resource.startswith(MIG)


def _count(text: str | int | float) -> int:
    return int(text) if _COUNT.match(str(text)) else 0
