"""How indicators and saved queries look from outside."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

StateName = Literal["OK", "WARNING", "CRITICAL", "UNKNOWN"]
REMARK = "Why there is nothing to see, where your grants hold you to namespaces; else empty."


class IndicatorValue(BaseModel):
    """The newest value of a cluster.

    UNKNOWN: there was none in the last minutes, which `stale` tells, or never any; then the cluster
    has nothing of the kind, or does not answer. What is kept from you is UNKNOWN to you, too.
    """

    cluster_id: uuid.UUID
    cluster_name: str
    remark: str = Field(description=REMARK)
    value: float | None
    state: StateName
    at: datetime | None
    stale: bool


class IndicatorThresholds(BaseModel):
    warning: float | None
    critical: float | None
    direction: Literal["ABOVE", "BELOW"]


class IndicatorView(BaseModel):
    name: str
    title: str
    description: str
    unit: str
    thresholds: IndicatorThresholds
    values: list[IndicatorValue]


class IndicatorPoint(BaseModel):
    """A minute, or an hour of which `value` is the mean; then the others are its extremes."""

    at: datetime
    value: float
    minimum: float
    maximum: float
    last: float


class IndicatorLine(BaseModel):
    cluster_id: uuid.UUID
    cluster_name: str
    remark: str = Field(description=REMARK)
    points: list[IndicatorPoint]


class IndicatorSeries(BaseModel):
    name: str
    title: str
    unit: str
    thresholds: IndicatorThresholds
    since: datetime
    resolution_seconds: Literal[60, 3600]
    series: list[IndicatorLine]


class QueryScope(BaseModel):
    """The clusters a saved query is for: all, or those named, and that carry the labels.

    Of the named ones only those are listed that you may see.
    """

    all_clusters: bool
    cluster_ids: list[uuid.UUID]
    labels: dict[str, str]


class SavedQueryView(BaseModel):
    id: uuid.UUID
    name: str
    description: str
    query: str
    unit: str
    scope: QueryScope
    shared: bool
    owner: str
    permissions: list[Literal["view", "change"]] = Field(
        description="What you may do; a shared query is changed by its owner or an admin."
    )
    created_at: datetime
    updated_at: datetime
