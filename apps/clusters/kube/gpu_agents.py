"""Where nvidia-smi can be asked: the pods of the GPU operator on each node, the best one first.

The driver's pod sees the processes of its whole node. Where drivers are the host's own there is
none: the device plugin and the exporter have nvidia-smi mounted, and see no processes but theirs.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from apps.clusters.kube.executing import Container
from apps.clusters.kube.listing import Kind, Reader, Unread, read_list
from apps.clusters.kube.names import are_names
from apps.clusters.kube.workloads import ON_GPU_NODES, Place

COMPONENT, DRIVER = "app.kubernetes.io/component", "nvidia-driver"
# By their labels, in the order in which they are asked, with the container that is asked.
CONTAINERS = dict(
    zip(
        ON_GPU_NODES,
        ("nvidia-driver-ctr", "nvidia-device-plugin", "nvidia-dcgm-exporter"),
        strict=True,
    )
)
# Where the operator is, as far as one may guess without the right to look everywhere.
NAMESPACES = ("nvidia-gpu-operator", "gpu-operator")
SELECTORS = (f"{COMPONENT}={DRIVER}", f"app in ({','.join(ON_GPU_NODES)})")
NOUN = "pods of the GPU operator"
# Of so many nodes each is asked for by itself: of thousands the whole list is many megabytes.
FEW_NODES = 8


@dataclass(frozen=True, slots=True)
class Agent:
    """A container that can be asked about its node."""

    node: str
    container: Container
    sees_processes: bool


Agents = Mapping[str, tuple[Agent, ...]]


@dataclass(frozen=True, slots=True, order=True)
class _Found:
    """A pod that runs; sorted, the best of a node comes first."""

    rank: int
    is_troubled: bool
    name: str
    namespace: str
    node: str = field(compare=False)
    container: str = field(compare=False)
    sees_processes: bool = field(compare=False)


class _Metadata(msgspec.Struct):
    name: str
    namespace: str = ""
    labels: dict[str, str] | None = None
    deleted: str | None = msgspec.field(name="deletionTimestamp", default=None)


class _Container(msgspec.Struct):
    name: str


class _Spec(msgspec.Struct):
    containers: list[_Container] | None = None
    node: str = msgspec.field(name="nodeName", default="")
    host_pid: bool = msgspec.field(name="hostPID", default=False)


class _State(msgspec.Struct):
    name: str = ""
    ready: bool = False


class _Status(msgspec.Struct):
    phase: str = ""
    containers: list[_State] | None = msgspec.field(name="containerStatuses", default=None)


class _Pod(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


async def find_agents(reader: Reader, only: Collection[str] | None = None) -> Agents | Unread:
    """Return the agents of each node, or of some, the best one first; or why nobody knows them."""
    wheres = _wheres(only)
    found = await _read(reader, "/api/v1/pods", wheres)
    if isinstance(found, Unread) and found.status == 403:
        paths = [f"/api/v1/namespaces/{one}/pods" for one in NAMESPACES]
        parts = [await _read(reader, path, wheres) for path in paths]
        known = [part for part in parts if not isinstance(part, Unread)]
        if known:
            found = [one for part in known for one in part]
    if isinstance(found, Unread):
        return found
    return _by_node([one for one in found if only is None or one.node in only])


def _wheres(only: Collection[str] | None) -> list[dict[str, str]]:
    """Return how to narrow the lists; of a few nodes the API server has them in its memory."""
    if only is None or len(only) > FEW_NODES:
        return [{}]
    nodes = sorted(filter(are_names, only))
    return [{"fieldSelector": f"spec.nodeName={node}", "resourceVersion": "0"} for node in nodes]


async def _read(
    reader: Reader, path: str, wheres: Iterable[Mapping[str, str]]
) -> list[_Found] | Unread:
    found: list[_Found] = []
    for where in wheres:
        for selector in SELECTORS:
            kind = Kind(NOUN, path, _Pod, _keep, {"labelSelector": selector, **where})
            listed = await read_list(reader, kind)
            if isinstance(listed, Unread):
                return listed
            found += [one for one in listed.items if one is not None]
    return found


def _keep(pod: _Pod) -> _Found | None:
    about, spec = pod.metadata, pod.spec
    containers = [one.name for one in spec.containers or ()]
    app = _app_of(about.labels or {})
    if pod.status.phase != "Running" or about.deleted or not spec.node or not (app and containers):
        return None
    container = CONTAINERS[app] if CONTAINERS[app] in containers else containers[0]
    if not are_names(about.name, about.namespace, spec.node, container):
        return None
    states = {one.name: one.ready for one in pod.status.containers or ()}
    return _Found(
        rank=ON_GPU_NODES.index(app),
        is_troubled=not states.get(container),
        name=about.name,
        namespace=about.namespace,
        node=spec.node,
        container=container,
        sees_processes=spec.host_pid,
    )


def _app_of(labels: Mapping[str, str]) -> str | None:
    # The names of OpenShift's drivers carry that of the system; their component does not.
    if labels.get(COMPONENT) == DRIVER:
        return ON_GPU_NODES[0]
    app = labels.get("app", "")
    return app if app in CONTAINERS else None


def _by_node(found: Iterable[_Found]) -> Agents:
    """One of each kind per node: while a pod is replaced there may be two."""
    agents: dict[str, dict[int, Agent]] = {}
    for one in sorted(set(found)):
        container = Container(Place(one.name, one.namespace), one.container)
        agent = Agent(one.node, container, one.sees_processes)
        agents.setdefault(one.node, {}).setdefault(one.rank, agent)
    return {node: tuple(agents[node].values()) for node in sorted(agents)}
