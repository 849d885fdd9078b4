"""What is told of GPUs besides their nodes: totals of the fleet, and who holds what since when."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from apps.observability.contract_gpus import GpuNodeView, HealthName, SourceOfGpus

CoverageName = Literal["READ", "STALE", "SILENT", "UNKNOWN"]


class GpuPlace(BaseModel):
    """Where a card or a slice is. What is null of the slice is so of a whole card."""

    cluster_id: uuid.UUID
    cluster_name: str
    node_name: str
    gpu_index: int | None
    gpu_uuid: str | None
    gpu_name: str | None
    gpu_instance_id: int | None
    compute_instance_id: int | None


class GpuClaimView(GpuPlace):
    """One pod's hold on a card or a slice, while it lasts."""

    profile: str | None = Field(description="Of the slice; null of a whole card.")
    weight: float = Field(description="The part of a whole card that it is, from 0 to 1.")
    namespace: str
    pod: str
    container: str
    owner: str = Field(description="What the pod belongs to, as its name tells.")
    since: datetime
    idle_since: datetime | None = Field(
        description="Since when nothing was done on it; null while it works, or nobody knows."
    )
    idle_gpu_hours: float | None = Field(
        description="Hours of a whole card since then: of a slice by its size, of one that is held "
        "in turns the holder's part."
    )
    holds_memory: bool | None = Field(
        description="Whether memory is kept all the same; null where that is not known."
    )
    holders: int = Field(description="How many hold it at once, in turns.")
    stale: bool = Field(description="Its node is not read any more: nobody knows how it is now.")


class GpuMissing(BaseModel):
    """A card that is not in its node's newest reading, and not yet taken for gone."""

    uuid: str | None
    index: int | None
    name: str | None
    since: datetime


class GpuNodeDetail(GpuNodeView):
    attached: int | None = Field(description="Cards that the driver counts, where it says so.")
    lost: list[str] = Field(description="Addresses of cards that the driver cannot reach.")
    missing: list[GpuMissing]
    claims: list[GpuClaimView]


class HealthCounts(BaseModel):
    CRITICAL: int = 0
    WARNING: int = 0
    INFO: int = 0
    OK: int = 0


class GpuFigures(BaseModel):
    """Cards added up, each once, however it is divided.

    What moves is of cards that are read now: those of stale nodes are in `gpus`, `stale` and
    `by_health` alone. A figure that no card tells is null.
    """

    gpus: int
    stale: int = Field(description="Cards of nodes that are not read any more.")
    missing: int = Field(description="Not in `gpus`: cards that the newest reading is without.")
    lost: int = Field(description="Cards that do not answer, or have fallen off the bus.")
    by_health: HealthCounts = Field(
        description="Of CRITICAL also cards of which nothing but the address is known: they are in "
        "`lost` too, and in no other figure."
    )
    allocated: float = Field(description="In whole cards; slices count by their size.")
    free: int = Field(description="Cards of which nothing is given away.")
    idle: int = Field(description="Cards that are held, in whole or in part, and do nothing.")
    shared: int = Field(description="Cards on which several pods take turns.")
    in_slices: int = Field(description="Cards with MIG switched on.")
    busy_percent: float | None = Field(description="The mean use of cards that tell it.")
    busy_measured: int = Field(description="How many tell it.")
    memory_used_mb: int | None = Field(description="Of cards that tell both, used and total.")
    memory_total_mb: int | None
    power_draw_watts: float | None
    power_limit_watts: float | None = Field(
        description="Null unless all cards tell it whose power is counted."
    )
    power_measured: int = Field(description="How many cards tell their power.")


class GpuModelFigures(GpuFigures):
    model: str | None = Field(description="Null of cards that do not tell it.")


class GpuProfileFigures(BaseModel):
    """Slices of one profile on cards of one model. Power is a card's alone."""

    model: str | None
    profile: str | None
    slices: int
    allocated: int = Field(description="Slices that some pod holds.")
    idle: int = Field(description="Slices that are held and do nothing.")
    shared: int
    busy_percent: float | None = Field(description="The mean use of slices that tell it.")
    busy_measured: int
    memory_used_mb: int | None = Field(description="Of slices that tell both, used and total.")
    memory_total_mb: int | None


class MissingMetric(BaseModel):
    """A series that no card of the cluster has: a line in the DCGM exporter's table adds it."""

    metric: str
    words: str = Field(description="What is not known without it.")
    csv_line: str


class GpuClusterFigures(GpuFigures):
    """`coverage`: READ; STALE, when it was read once and is no more; SILENT, where Kubernetes has
    GPUs and nobody tells of them; UNKNOWN, where it is not even known whether there are GPUs."""

    cluster_id: uuid.UUID
    cluster_name: str
    coverage: CoverageName
    source: SourceOfGpus | None
    last_updated: datetime | None
    problem: str = Field(description="What is wrong with the reading of it; empty if nothing.")
    missing_metrics: list[MissingMetric]
    nodes: int
    stale_nodes: int
    gpus_in_kubernetes: int | None = Field(description="By Kubernetes; null if it is not known.")


class GpuCoverage(BaseModel):
    """How many clusters are in the figures; those without GPUs are in none of these but the
    first and the last."""

    clusters: int
    read: int
    stale: int
    silent: int
    unknown: int
    without_gpus: int


class FindingCount(BaseModel):
    code: str
    severity: HealthName
    gpus: int


class GpuSummary(GpuFigures):
    at: datetime
    nodes: int
    stale_nodes: int
    coverage: GpuCoverage
    findings: list[FindingCount] = Field(description="The worst first.")
    by_model: list[GpuModelFigures]
    by_mig_profile: list[GpuProfileFigures]
    by_cluster: list[GpuClusterFigures] = Field(
        description="Those without GPUs are left out, if that is known of them."
    )
