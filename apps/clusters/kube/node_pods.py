"""The pods of one node, by the identity that the kernel knows them by: their UIDs."""

from dataclasses import dataclass

import msgspec

from apps.clusters.kube.listing import Kind
from apps.clusters.kube.names import are_names
from apps.clusters.kube.workloads import Place

# A static pod is known to its kubelet by the hash of its file, and to the API by another UID.
CONFIG_HASH = "kubernetes.io/config.hash"


@dataclass(frozen=True, slots=True)
class NodePod:
    """A pod, with all UIDs it goes by; its containers' names by their IDs."""

    place: Place
    uids: frozenset[str]
    containers: dict[str, str]


class _Metadata(msgspec.Struct):
    name: str
    namespace: str = ""
    uid: str = ""
    annotations: dict[str, str] | None = None


class _Container(msgspec.Struct):
    name: str = ""
    id: str = msgspec.field(name="containerID", default="")


class _Status(msgspec.Struct):
    containers: list[_Container] | None = msgspec.field(name="containerStatuses", default=None)
    inits: list[_Container] | None = msgspec.field(name="initContainerStatuses", default=None)
    ephemeral: list[_Container] | None = msgspec.field(
        name="ephemeralContainerStatuses", default=None
    )


class _Pod(msgspec.Struct):
    metadata: _Metadata
    status: _Status = msgspec.field(default_factory=_Status)


def pods_on(node: str) -> Kind[_Pod, NodePod]:
    """What to list: answered from the API server's memory, which may be a moment old."""
    params = {"fieldSelector": f"spec.nodeName={node}", "resourceVersion": "0"}
    return Kind(f"pods of node {node}", "/api/v1/pods", _Pod, _keep, params)


def _keep(pod: _Pod) -> NodePod:
    about, status = pod.metadata, pod.status
    uids = {about.uid, (about.annotations or {}).get(CONFIG_HASH, "")} - {""}
    if not are_names(about.name, about.namespace):
        # Nobody goes by it.
        uids = set()
    every = (status.containers, status.inits, status.ephemeral)
    found = [one for some in every for one in some or ()]
    return NodePod(
        Place(about.name, about.namespace),
        frozenset(uids),
        # Written with its runtime before it: containerd://9f1c...
        {one.id.rpartition("://")[2]: one.name for one in found if one.id and are_names(one.name)},
    )
