"""What a fleet can do, merged from what its clusters can: pure."""

from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel, Field

from apps.clusters.contract import Capabilities, CnfTypeName

ABILITIES = (
    "has_gpu_nodes",
    "has_prometheus",
    "has_thanos",
    "has_tempo",
    "has_loki",
    "has_service_mesh",
    "has_cnf_workloads",
)


class FleetCapabilities(BaseModel):
    """Each ability: true if any cluster has it, null if none has and one is unknown.

    Numbers are of what is known; `clusters_with` and `clusters_unknown` count by ability. A
    cluster that was never discovered is unknown in all of them.
    """

    total_clusters: int
    discovered_clusters: int
    node_count: int
    gpu_count: int
    gpu_types: list[str]
    cnf_types: list[CnfTypeName]
    kubernetes_versions: dict[str, int] = Field(description="clusters by version")
    has_gpu_nodes: bool | None
    has_prometheus: bool | None
    has_thanos: bool | None
    has_tempo: bool | None
    has_loki: bool | None
    has_service_mesh: bool | None
    has_cnf_workloads: bool | None
    clusters_with: dict[str, int]
    clusters_unknown: dict[str, int]


def merge(clusters: Sequence[Capabilities | None]) -> FleetCapabilities:
    found = [one for one in clusters if one is not None]
    having = {name: sum(getattr(one, name) is True for one in found) for name in ABILITIES}
    without = {name: sum(getattr(one, name) is False for one in found) for name in ABILITIES}
    unknown = {name: len(clusters) - having[name] - without[name] for name in ABILITIES}
    versions = Counter(one.kubernetes_version for one in found if one.kubernetes_version)
    return FleetCapabilities(
        total_clusters=len(clusters),
        discovered_clusters=len(found),
        node_count=sum(one.node_count or 0 for one in found),
        gpu_count=sum(one.gpu_count or 0 for one in found),
        gpu_types=sorted({name for one in found for name in one.gpu_types}),
        cnf_types=sorted({name for one in found for name in one.cnf_types}),
        kubernetes_versions=dict(sorted(versions.items())),
        clusters_with=having,
        clusters_unknown=unknown,
        **{name: _any(having[name], unknown[name]) for name in ABILITIES},
    )


def _any(having: int, unknown: int) -> bool | None:
    return True if having else None if unknown else False
