"""The nodes of a cluster: their kubelet's version, and the GPUs that they offer."""

import re
from dataclasses import dataclass

import msgspec

from apps.clusters.kube.listing import Kind

WHOLE = "nvidia.com/gpu"
SHARED = "nvidia.com/gpu.shared"
MIG = "nvidia.com/mig-"
_COUNT = re.compile(r"[0-9]{1,4}\Z")
# GPU feature discovery appends how a card is divided to its product.
_DIVIDED = re.compile(r"-(MIG-[\w.+-]+|SHARED)\Z")


@dataclass(frozen=True, slots=True)
class Node:
    """`offers` holds what a scheduler can hand out of GPUs, by resource, without zeroes."""

    name: str
    kubelet_version: str
    offers: dict[str, int]
    product: str = ""
    counted: int | None = None

    @property
    def gpu_type(self) -> str:
        return _DIVIDED.sub("", self.product)

    @property
    def cards(self) -> int | None:
        """Physical cards, or None where only their slices are known."""
        if not self.offers:
            return 0
        if "-MIG-" in self.product:
            return None
        if self.counted is not None:
            return self.counted
        return self.offers[WHOLE] if set(self.offers) == {WHOLE} else None


class _Metadata(msgspec.Struct):
    name: str
    labels: dict[str, str] | None = None


class _Info(msgspec.Struct):
    kubelet: str = msgspec.field(name="kubeletVersion", default="")


class _Status(msgspec.Struct):
    capacity: dict[str, str | int] | None = None
    info: _Info = msgspec.field(name="nodeInfo", default_factory=_Info)


class _Object(msgspec.Struct):
    metadata: _Metadata
    status: _Status = msgspec.field(default_factory=_Status)


def _keep(found: _Object) -> Node:
    labels = found.metadata.labels or {}
    capacity = found.status.capacity or {}
    offers = {
        resource: count
        for resource, amount in capacity.items()
        if (resource in {WHOLE, SHARED} or resource.startswith(MIG)) and (count := _count(amount))
    }
    return Node(
        name=found.metadata.name,
        kubelet_version=found.status.info.kubelet,
        offers=offers,
        product=labels.get("nvidia.com/gpu.product", ""),
        counted=_count(labels.get("nvidia.com/gpu.count", "")),
    )


def _count(text: str | int) -> int | None:
    return int(text) if _COUNT.match(str(text)) else None


NODES: Kind[_Object, Node] = Kind("nodes", "/api/v1/nodes", _Object, _keep)
