"""What is told of GPUs over time and by who uses them: processes, history, hours and their cost."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from apps.observability.contract_gpu_answers import GpuClaimView, GpuPlace

ChangeName = Literal["APPEARED", "RETURNED", "MOVED", "GONE", "DRIVER_CHANGED"]
MEASURED = "Null where nothing was measured."


class GpuProcessRow(GpuPlace):
    """A process on one card: one that is on several is as many rows."""

    pid: int = Field(description="The host's.")
    process_name: str | None
    used_memory_mb: int | None
    type: Literal["COMPUTE", "GRAPHICS", "MIXED"] | None
    namespace: str | None = Field(description="Of its pod; null where that is not known.")
    pod: str | None
    container: str | None
    stale: bool = Field(description="Its node is not read any more: it may be over.")


class GpuUnitHistory(BaseModel):
    """A card, or a slice of one, with a value for each time of `at`."""

    gpu_index: int | None
    gpu_uuid: str | None
    gpu_name: str | None
    gpu_instance_id: int | None = Field(description="Null of a whole card.")
    compute_instance_id: int | None
    profile: str | None = Field(description="Of a slice that is there now.")
    present: bool = Field(description="Whether it is there now.")
    busy_percent: list[float | None] = Field(description=f"The mean. {MEASURED}")
    busy_percent_highest: list[float | None]
    memory_used_mb: list[float | None] = Field(description="The mean.")
    memory_used_mb_highest: list[int | None]
    power_draw_watts: list[float | None] | None = Field(
        description="The mean. Null of a slice: power and temperature are the card's alone."
    )
    temperature_celsius: list[int | None] | None = Field(description="The highest.")


class GpuChangeView(BaseModel):
    """A card that came or went, or another driver, which is of no card."""

    at: datetime
    kind: ChangeName
    uuid: str | None
    name: str | None
    before: str = Field(description="The node it came from, or the driver's version.")
    after: str


class GpuHistory(BaseModel):
    cluster_id: uuid.UUID
    cluster_name: str
    node_name: str
    since: datetime
    until: datetime
    resolution_seconds: int
    at: list[datetime] = Field(description="The begin of each step.")
    series: list[GpuUnitHistory]
    changes: list[GpuChangeView] = Field(description="Of the node in this time, newest first.")


class GpuHoursFigures(BaseModel):
    """GPU-hours, of whole cards: a slice counts by its size, one of n holders in turns an n-th.

    held = used + wasted + unmeasured. Costs are null where a price is not set.
    """

    held_gpu_hours: float
    used_gpu_hours: float = Field(description="Held hours by how busy the card was.")
    wasted_gpu_hours: float
    unmeasured_gpu_hours: float = Field(description="Nobody knows how busy the card was.")
    kwh: float | None = Field(
        description="By the cards' power, parted among those who held them; null if not measured."
    )
    cost: float | None = Field(description="Of the hours held, by the price of a GPU-hour.")
    wasted_cost: float | None = Field(description="Of the hours wasted.")
    energy_cost: float | None = Field(description="Of the energy, by the price of a kWh.")


class GpuClusterHours(GpuHoursFigures):
    cluster_id: uuid.UUID
    cluster_name: str


class GpuNamespaceHours(GpuClusterHours):
    namespace: str


class GpuOwnerHours(GpuNamespaceHours):
    owner: str = Field(description="What the pods belong to, as their names tell.")


class GpuModelHours(GpuHoursFigures):
    model: str | None


class IdleGpu(GpuClaimView):
    idle_cost: float | None = Field(description="Of `idle_gpu_hours`, by the price of the model.")


class GpuWaste(GpuHoursFigures):
    """Hours are those of the clock: an hour that has begun before `until` is counted."""

    since: datetime
    until: datetime
    added_up_until: datetime | None = Field(
        description="What was since then is in no sum yet; null if nothing ever was."
    )
    currency: str | None = Field(description="Of all costs, as ISO 4217 writes it.")
    by_model: list[GpuModelHours] = Field(description="Here and below, most waste first.")
    by_cluster: list[GpuClusterHours]
    by_namespace: list[GpuNamespaceHours] = Field(description="No more than 200.")
    namespaces: int = Field(description="How many there are in all.")
    by_owner: list[GpuOwnerHours] = Field(description="No more than 200.")
    owners: int = Field(description="How many there are in all.")
    idle: list[IdleGpu] = Field(
        description="Cards and slices that are held and idle now, the most hours first; no more "
        "than 200."
    )
    idle_holds: int = Field(description="How many such holds there are in all.")
    idle_gpus: float = Field(description="What they come to, in whole cards.")
