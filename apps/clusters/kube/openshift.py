"""What only some platforms have: OpenShift's version and routes, MicroShift's marks, networks."""

from dataclasses import dataclass

import msgspec

from apps.clusters.kube.listing import Kind
from apps.clusters.kube.workloads import Metadata, Named, Place, place_of

MICROSHIFT_VERSION = "/api/v1/namespaces/kube-public/configmaps/microshift-version"


@dataclass(frozen=True, slots=True)
class Route:
    """A way in from outside, to a service in the same namespace."""

    place: Place
    host: str
    service: str
    secure: bool
    path: str = ""


class Version(msgspec.Struct):
    """The answer of /version."""

    git_version: str = msgspec.field(name="gitVersion")


class _Group(msgspec.Struct):
    name: str


class Groups(msgspec.Struct):
    """The answer of /apis."""

    groups: list[_Group] | None

    def names(self) -> frozenset[str]:
        return frozenset(group.name for group in self.groups or ())


class MicroShiftVersion(msgspec.Struct):
    """The config map in which MicroShift says what it is."""

    data: dict[str, str] | None = None


class _Update(msgspec.Struct):
    version: str
    state: str = ""


class _VersionStatus(msgspec.Struct):
    history: list[_Update] | None = None
    desired: _Update | None = None


class _VersionObject(msgspec.Struct):
    metadata: Metadata
    status: _VersionStatus = msgspec.field(default_factory=_VersionStatus)


class _Target(msgspec.Struct):
    name: str = ""


class _RouteSpec(msgspec.Struct):
    host: str = ""
    path: str = ""
    to: _Target = msgspec.field(default_factory=_Target)
    tls: dict[str, msgspec.Raw] | None = None


class _RouteObject(msgspec.Struct):
    metadata: Metadata
    spec: _RouteSpec = msgspec.field(default_factory=_RouteSpec)


def _running_version(found: _VersionObject) -> str:
    """What runs is the newest completed update; during an upgrade the desired one is not."""
    status = found.status
    completed = [one.version for one in status.history or () if one.state == "Completed"]
    if completed:
        return completed[0]
    return status.desired.version if status.desired else ""


def _route(found: _RouteObject) -> Route:
    spec = found.spec
    return Route(
        found.metadata.place, spec.host, spec.to.name, secure=spec.tls is not None, path=spec.path
    )


CLUSTER_VERSIONS: Kind[_VersionObject, str] = Kind(
    "cluster version",
    "/apis/config.openshift.io/v1/clusterversions",
    _VersionObject,
    _running_version,
)
ROUTES: Kind[_RouteObject, Route] = Kind(
    "routes", "/apis/route.openshift.io/v1/routes", _RouteObject, _route
)
SRIOV_POLICIES: Kind[Named, Place] = Kind(
    "SR-IOV node policies",
    "/apis/sriovnetwork.openshift.io/v1/sriovnetworknodepolicies",
    Named,
    place_of,
)
PTP_CONFIGS: Kind[Named, Place] = Kind(
    "PTP configurations", "/apis/ptp.openshift.io/v1/ptpconfigs", Named, place_of
)
