"""What runs in a cluster, as far as discovery needs it: namespaces, services, a few pods."""

from dataclasses import dataclass

import msgspec

from apps.clusters.kube.listing import Kind

# These run only where there is a GPU; the operator's own pod runs anywhere.
ON_GPU_NODES = ("nvidia-driver-daemonset", "nvidia-device-plugin-daemonset", "nvidia-dcgm-exporter")


@dataclass(frozen=True, slots=True)
class Place:
    """Any object by its name; a namespace or a cluster's object is in no namespace."""

    name: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class Port:
    number: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    place: Place
    ports: tuple[Port, ...]
    headless: bool = False


class Metadata(msgspec.Struct):
    name: str
    namespace: str = ""

    @property
    def place(self) -> Place:
        return Place(self.name, self.namespace)


class Named(msgspec.Struct):
    metadata: Metadata


class _Port(msgspec.Struct):
    port: int
    name: str = ""


class _ServiceSpec(msgspec.Struct):
    ports: list[_Port] | None = None
    cluster_ip: str = msgspec.field(name="clusterIP", default="")


class _ServiceObject(msgspec.Struct):
    metadata: Metadata
    spec: _ServiceSpec = msgspec.field(default_factory=_ServiceSpec)


def place_of(found: Named) -> Place:
    return found.metadata.place


def _service(found: _ServiceObject) -> Service:
    ports = tuple(Port(one.port, one.name) for one in found.spec.ports or ())
    return Service(found.metadata.place, ports, found.spec.cluster_ip == "None")


NAMESPACES: Kind[Named, Place] = Kind("namespaces", "/api/v1/namespaces", Named, place_of)
SERVICES: Kind[_ServiceObject, Service] = Kind(
    "services", "/api/v1/services", _ServiceObject, _service
)
GPU_PODS: Kind[Named, Place] = Kind(
    "pods of the GPU operator",
    "/api/v1/pods",
    Named,
    place_of,
    {"labelSelector": f"app in ({','.join(ON_GPU_NODES)})"},
)
