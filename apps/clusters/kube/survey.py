"""Reads from one cluster all that discovery concludes from, at once and within one deadline."""

import asyncio
from dataclasses import dataclass
from typing import TypeVar

from apps.clusters.kube.listing import Kind, Listed, Reader, Unread, read_list, read_one
from apps.clusters.kube.nodes import NODES, Node
from apps.clusters.kube.openshift import (
    CLUSTER_VERSIONS,
    MICROSHIFT_VERSION,
    PTP_CONFIGS,
    ROUTES,
    SRIOV_POLICIES,
    Groups,
    MicroShiftVersion,
    Route,
    Version,
)
from apps.clusters.kube.workloads import GPU_PODS, NAMESPACES, SERVICES, Place, Service
from apps.http import Upstream

T = TypeVar("T")
S = TypeVar("S")
Found = Listed[T] | Unread


@dataclass(frozen=True, slots=True)
class Findings:
    """What was read. `microshift` is the version it gives itself, or None where it is not there."""

    version: str | Unread
    microshift: str | Unread | None
    releases: Found[str]
    nodes: Found[Node]
    namespaces: Found[Place]
    services: Found[Service]
    gpu_pods: Found[Place]
    routes: Found[Route]
    sriov_policies: Found[Place]
    ptp_configs: Found[Place]


async def survey(upstream: Upstream, seconds: float) -> Findings | Unread:
    """Return what the API tells, or why it tells nothing at all."""
    reader = Reader.within(upstream, seconds)
    version, groups = await asyncio.gather(
        read_one(reader, "version", "/version", Version),
        read_one(reader, "API groups", "/apis", Groups),
    )
    if version is None:
        return Unread("There is no Kubernetes API at this address: it has no /version.")
    if isinstance(version, Unread) and version.status != 403:
        return version
    known = groups.names() if isinstance(groups, Groups) else None
    return await _read_all(reader, version, known)


async def _read_all(
    reader: Reader, version: Version | Unread, known: frozenset[str] | None
) -> Findings:
    async def read(kind: Kind[S, T]) -> Found[T]:
        # A narrow role gets 403 for a kind that does not exist, so the groups are asked first.
        if kind.group and known is not None and kind.group not in known:
            return Listed(served=False)
        return await read_list(reader, kind)

    (
        (releases, nodes, namespaces, services, gpu_pods),
        (routes, sriov_policies, ptp_configs, microshift),
    ) = await asyncio.gather(
        asyncio.gather(
            read(CLUSTER_VERSIONS), read(NODES), read(NAMESPACES), read(SERVICES), read(GPU_PODS)
        ),
        asyncio.gather(
            read(ROUTES), read(SRIOV_POLICIES), read(PTP_CONFIGS), _read_microshift(reader)
        ),
    )
    return Findings(
        version=version if isinstance(version, Unread) else version.git_version,
        microshift=microshift,
        releases=releases,
        nodes=nodes,
        namespaces=namespaces,
        services=services,
        gpu_pods=gpu_pods,
        routes=routes,
        sriov_policies=sriov_policies,
        ptp_configs=ptp_configs,
    )


async def _read_microshift(reader: Reader) -> str | Unread | None:
    noun = "config map microshift-version"
    found = await read_one(reader, noun, MICROSHIFT_VERSION, MicroShiftVersion)
    if isinstance(found, MicroShiftVersion):
        return (found.data or {}).get("version", "")
    return found
