"""What the simulated clusters consist of: nodes, cards, workloads, pods. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.simulator.rhythm import Rhythm

GIB = 1024**3
MIB = 1024**2


@dataclass(frozen=True, slots=True)
class MigSlice:
    """A GPU instance of a card that is in MIG mode."""

    instance: int
    profile: str
    memory_mib: int

    @property
    def resource(self) -> str:
        return f"nvidia.com/mig-{self.profile}"


@dataclass(frozen=True, slots=True)
class Card:
    """One GPU of a node."""

    index: int
    uuid: str
    pci_bus_id: str
    slices: tuple[MigSlice, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    ip: str
    roles: tuple[str, ...]
    cpus: int
    memory_bytes: int
    booted: float
    disk_bytes: int = 480 * GIB
    cards: tuple[Card, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    # What device plugins add, such as SR-IOV virtual functions and huge pages.
    extended: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_control_plane(self) -> bool:
        return "control-plane" in self.roles


@dataclass(frozen=True, slots=True)
class Container:
    name: str
    image: str
    cpu_millis: int
    memory_mib: int
    limits: Mapping[str, str] = field(default_factory=dict)
    # How much of its request it uses on average.
    appetite: float = 0.4


@dataclass(frozen=True, slots=True)
class Workload:
    kind: str
    namespace: str
    name: str
    replicas: int
    created: float


@dataclass(frozen=True, slots=True)
class Pod:
    namespace: str
    name: str
    uid: str
    node: str
    ip: str
    created: float
    owner_kind: str
    owner_name: str
    labels: Mapping[str, str]
    containers: tuple[Container, ...]
    # Cards and GPU instances it holds: (card index, MIG instance or None).
    devices: tuple[tuple[int, int | None], ...] = ()
    restarts: int = 0

    def restarts_by(self, t: float) -> int:
        """Restarts until `t`, for the few pods that restart at all: some at first, then one
        every three hours."""
        if not self.restarts:
            return 0
        return self.restarts + int(max(0.0, t - self.created) // (3 * 3600))


@dataclass(frozen=True, slots=True)
class Cluster:
    """A whole simulated cluster, as registered and as seen from inside."""

    name: str
    display_name: str
    cluster_type: str
    platform: str
    region: str
    environment: str
    labels: Mapping[str, str]
    version: str
    platform_version: str
    domain: str
    epoch: float
    rhythm: Rhythm
    nodes: tuple[Node, ...]
    namespaces: tuple[str, ...]
    workloads: tuple[Workload, ...]
    pods: tuple[Pod, ...]

    @property
    def is_openshift(self) -> bool:
        return self.platform == "OPENSHIFT"

    @property
    def kernel(self) -> str:
        if self.platform == "KUBERNETES":
            return "6.8.0-87-generic"
        realtime = ".rt14.343" if self.platform == "MICROSHIFT" else ""
        return f"5.14.0-570.58.1{realtime}.el9_6.x86_64"

    def pods_on(self, node: Node) -> list[Pod]:
        return [pod for pod in self.pods if pod.node == node.name]

    def workloads_of(self, kind: str) -> list[Workload]:
        return [workload for workload in self.workloads if workload.kind == kind]
