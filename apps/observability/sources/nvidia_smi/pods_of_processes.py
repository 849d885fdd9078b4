"""The pods of a node's processes: by the UIDs in their cgroups, and the API's list of its pods.

A pod keeps its UID and its name for life, so that those of processes that were seen before are
known for some minutes: the list of a busy node is a megabyte, and is asked for only when a new
pod or container computes.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from apps.clusters.kube.listing import Reader, Unread, read_list
from apps.clusters.kube.node_pods import NodePod, pods_on
from apps.http import Upstream
from apps.observability.gpus.reading import Holder
from apps.observability.sources.nvidia_smi import cgroups
from apps.observability.sources.nvidia_smi.cgroups import Chain

KEPT_SECONDS = 300.0
MOST_NODES = 4096

_Pods = Mapping[str, NodePod]


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    pods: _Pods


# By the server, with the token that read it, and the node; what was used last is at the end.
_kept: "OrderedDict[tuple[Upstream, str], _Kept]" = OrderedDict()


async def find(
    reader: Reader, node: str, chains: Mapping[int, Chain]
) -> tuple[dict[int, Holder], str]:
    """Return the pods of the processes, and in words what kept them from being known."""
    if not chains:
        return {}, ""
    known = _known(reader.upstream, node)
    if all(_is_told(chain, known) for chain in chains.values()):
        return _holders(chains, known), ""
    listed = await read_list(reader, pods_on(node))
    if isinstance(listed, Unread):
        return {}, listed.reason
    pods = {uid: pod for pod in listed.items for uid in pod.uids}
    used = {place.pod_uid for chain in chains.values() if (place := _place(chain, pods))}
    _keep(reader.upstream, node, {uid: pods[uid] for uid in used})
    return _holders(chains, pods), ""


def forget() -> None:
    _kept.clear()


def _known(upstream: Upstream, node: str) -> _Pods:
    kept = _kept.get((upstream, node))
    return kept.pods if kept is not None and kept.until > time.monotonic() else {}


def _keep(upstream: Upstream, node: str, pods: _Pods) -> None:
    _kept[upstream, node] = _Kept(time.monotonic() + KEPT_SECONDS, pods)
    _kept.move_to_end((upstream, node))
    while len(_kept) > MOST_NODES:
        _kept.popitem(last=False)


def _is_told(chain: Chain, known: _Pods) -> bool:
    """Whether the outermost pod is known with this container of its."""
    pod = known.get(chain[0].pod_uid)
    container = chain[0].container_id
    return pod is not None and (not container or container in pod.containers)


def _place(chain: Chain, pods: _Pods) -> cgroups.Contained | None:
    return cgroups.of_this_cluster(chain, pods)


def _holders(chains: Mapping[int, Chain], pods: _Pods) -> dict[int, Holder]:
    found: dict[int, Holder] = {}
    for pid, chain in chains.items():
        place = _place(chain, pods)
        if place is not None:
            pod = pods[place.pod_uid]
            container = pod.containers.get(place.container_id, "")
            found[pid] = Holder(pod.place.namespace, pod.place.name, container)
    return found
