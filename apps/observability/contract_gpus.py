"""How a node with GPUs looks from outside. A value that a card does not report is null, never 0."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

SourceOfGpus = Literal["NVIDIA_SMI", "DCGM"]
HealthName = Literal["OK", "INFO", "WARNING", "CRITICAL"]


class GpuHolder(BaseModel):
    """A pod that was given a card or a slice; the container where the source knows it."""

    namespace: str
    pod: str
    container: str
    certain: bool = Field(
        description="False: the pod holds as many cards as it is shown with, and which is a guess."
    )


class GpuProcessView(BaseModel):
    pid: int = Field(description="The host's.")
    process_name: str | None
    used_memory_mb: int | None
    type: Literal["COMPUTE", "GRAPHICS", "MIXED"] | None
    namespace: str | None = Field(description="Of its pod; null where that is not known.")
    pod: str | None
    gpu_instance_id: int | None = Field(description="The slice it is on; null on a whole card.")
    compute_instance_id: int | None


class GpuSlice(BaseModel):
    """A MIG instance. Power, temperature and clocks are the card's: no slice has its own."""

    gpu_instance_id: int | None
    compute_instance_id: int | None
    index: int | None
    uuid: str | None
    profile: str | None
    memory_total_mb: int | None
    memory_used_mb: int | None
    memory_free_mb: int | None
    utilization_gpu_percent: float | None
    holders: list[GpuHolder]


class EccErrors(BaseModel):
    corrected: int | None
    uncorrected: int | None


class GpuEcc(BaseModel):
    volatile: EccErrors = Field(description="Since the driver was loaded.")
    aggregate: EccErrors = Field(description="In the card's life.")


class GpuFinding(BaseModel):
    code: str
    severity: HealthName
    words: str
    do: str = Field(description="What to do about it; empty where nothing is to be done.")


class GpuView(BaseModel):
    """One card. Memory is in MiB, as the card counts it."""

    index: int | None
    uuid: str | None
    name: str | None
    driver_version: str | None
    cuda_version: str | None
    memory_total_mb: int | None
    memory_used_mb: int | None
    memory_free_mb: int | None
    utilization_gpu_percent: float | None = Field(description="Null of a card in slices.")
    utilization_memory_percent: float | None
    busy_percent: float | None = Field(
        description="The use of the card; of one in slices the sum of theirs by their size."
    )
    temperature_celsius: int | None
    power_draw_watts: float | None
    power_limit_watts: float | None
    fan_speed_percent: int | None
    ecc_errors: GpuEcc
    throttle_reasons: list[str] | None
    xid_errors: list[int] | None
    mig_enabled: bool | None
    mig_instances: list[GpuSlice] | None
    processes: list[GpuProcessView] | None
    processes_left_out: int = Field(
        0, description="So many more there are than fit here; the node itself has them all."
    )
    holders: list[GpuHolder]
    allocated: float = Field(description="What of it was given away, from 0 to 1.")
    shared: bool = Field(description="Several pods take turns on it, or on a slice of it.")
    health: HealthName
    findings: list[GpuFinding]
    errors: list[str] = Field(description="What of this card could not be read.")


class GpuNodeView(BaseModel):
    """A node and its cards, as they were read last."""

    cluster_id: uuid.UUID
    cluster_name: str
    node_name: str
    gpus: list[GpuView]
    source: SourceOfGpus
    last_updated: datetime | None
    stale: bool
    errors: list[str] = Field(description="What could not be read, or why nothing could.")
    findings: list[GpuFinding] = Field(
        description="What is wrong with the node itself: cards that the driver counts and cannot "
        "reach, and of which nothing but the address is known."
    )
