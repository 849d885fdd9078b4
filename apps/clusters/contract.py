"""How a cluster looks from outside: the same in an answer and in an event."""

import uuid
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from pydantic import BaseModel, Field

from apps.clusters.models import CheckSchedule, Cluster, HealthCheck

StateName = Literal["ONLINE", "DEGRADED", "OFFLINE", "UNKNOWN", "PROVISIONING"]
ConnectivityName = Literal["CONNECTED", "INTERMITTENT", "DISCONNECTED"]
ClusterTypeName = Literal["HUB", "SPOKE", "EDGE", "FAR_EDGE"]
PlatformName = Literal["OPENSHIFT", "KUBERNETES", "MICROSHIFT"]
EnvironmentName = Literal["PRODUCTION", "STAGING", "DEVELOPMENT", "LAB"]
PermissionName = Literal["view", "operate", "admin"]


class ClusterStatus(BaseModel):
    """The last conclusion about a cluster. A part that is not configured is null."""

    state: StateName
    state_since: datetime | None
    health_score: int = Field(ge=0, le=100)
    connectivity: ConnectivityName
    api_server_healthy: bool | None
    prometheus_healthy: bool | None
    tempo_healthy: bool | None
    loki_healthy: bool | None
    alertmanager_healthy: bool | None
    last_error: str
    checked_at: datetime | None
    latency_ms: int | None
    check_interval_seconds: float


class ClusterEndpoints(BaseModel):
    prometheus_url: str | None
    alertmanager_url: str | None
    tempo_url: str | None
    loki_url: str | None
    korrel8r_url: str | None


class ClusterView(BaseModel):
    """A cluster, without anything of its credentials."""

    id: uuid.UUID
    name: str
    display_name: str
    api_server_url: str
    cluster_type: ClusterTypeName
    platform: PlatformName
    platform_version: str
    region: str
    environment: EnvironmentName
    status: ClusterStatus
    capabilities: dict[str, Any] | None
    endpoints: ClusterEndpoints
    labels: dict[str, str]
    enabled: bool
    created_at: datetime
    updated_at: datetime
    last_seen_at: datetime | None


class ClusterAnswer(ClusterView):
    """A cluster, with what the asking user may do to it."""

    permissions: list[PermissionName]


class PastCheck(BaseModel):
    id: int
    checked_at: datetime
    state: StateName
    health_score: int
    latency_ms: int | None
    api_server_healthy: bool | None
    prometheus_healthy: bool | None
    tempo_healthy: bool | None
    loki_healthy: bool | None
    alertmanager_healthy: bool | None
    error: str


PARTS = ("api_server", "prometheus", "tempo", "loki", "alertmanager")
_HEALTH_FIELDS = tuple(f"{part}_healthy" for part in PARTS)
_ENDPOINTS = tuple(ClusterEndpoints.model_fields)
_PLAIN = (
    "id",
    "name",
    "api_server_url",
    "cluster_type",
    "platform",
    "platform_version",
    "region",
    "environment",
    "capabilities",
    "labels",
    "enabled",
    "created_at",
    "updated_at",
)
_STATUS = ("state", "state_since", "health_score", "connectivity", "last_error", *_HEALTH_FIELDS)


def schedule_of(cluster: Cluster) -> CheckSchedule | None:
    return getattr(cluster, "schedule", None)


def describe_status(cluster: Cluster) -> ClusterStatus:
    schedule = schedule_of(cluster)
    return ClusterStatus.model_validate(
        {name: getattr(cluster, name) for name in _STATUS}
        | {
            "checked_at": schedule and schedule.checked_at,
            "latency_ms": schedule and schedule.latency_ms,
            "check_interval_seconds": settings.CHECK_INTERVALS[cluster.cluster_type],
        }
    )


def describe(cluster: Cluster) -> ClusterView:
    """Build the view of a cluster whose `schedule` is loaded (else it costs a query)."""
    return ClusterView.model_validate(_fields_of(cluster))


def answer(cluster: Cluster, permissions: list[PermissionName]) -> ClusterAnswer:
    return ClusterAnswer.model_validate(_fields_of(cluster) | {"permissions": permissions})


def _fields_of(cluster: Cluster) -> dict[str, Any]:
    schedule = schedule_of(cluster)
    return {name: getattr(cluster, name) for name in _PLAIN} | {
        "display_name": cluster.display_name or cluster.name,
        "status": describe_status(cluster),
        "endpoints": {name: getattr(cluster, name) or None for name in _ENDPOINTS},
        "last_seen_at": schedule and schedule.last_seen_at,
    }


def describe_check(check: HealthCheck) -> PastCheck:
    return PastCheck.model_validate(check, from_attributes=True)
