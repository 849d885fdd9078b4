"""How a cluster looks from outside: the same in an answer and in an event."""

import uuid
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.utils import timezone
from pydantic import BaseModel, Field

from apps.clusters.expiry import warn_until
from apps.clusters.health import COSTS
from apps.clusters.models import CheckSchedule, Cluster, Credential, HealthCheck

StateName = Literal["ONLINE", "DEGRADED", "OFFLINE", "UNKNOWN", "PROVISIONING"]
ConnectivityName = Literal["CONNECTED", "INTERMITTENT", "DISCONNECTED"]
ClusterTypeName = Literal["HUB", "SPOKE", "EDGE", "FAR_EDGE"]
PlatformName = Literal["OPENSHIFT", "KUBERNETES", "MICROSHIFT"]
EnvironmentName = Literal["PRODUCTION", "STAGING", "DEVELOPMENT", "LAB"]
PermissionName = Literal["view", "operate", "admin"]
CnfTypeName = Literal["VDU", "VCU", "UPF", "AMF", "SMF", "OTHER"]
AuthTypeName = Literal["SERVICE_ACCOUNT", "KUBECONFIG", "OIDC"]
FailureStageName = Literal[
    "CREDENTIAL",
    "DNS",
    "TCP",
    "TLS",
    "AUTH",
    "API",
    "PROMETHEUS",
    "ALERTMANAGER",
    "LOKI",
    "TEMPO",
]


class ClusterStatus(BaseModel):
    """The last conclusion about a cluster. A part that is not configured is null.

    `failure_stage` is how far the check came, null if all went well, and `remedy` what to do about
    it. UNKNOWN: never checked, or not checkable for a reason on our own side, which `last_error`
    then says. The certificate is the one that the API server last showed.
    """

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
    failure_stage: FailureStageName | None
    remedy: str
    certificate_expires_at: datetime | None
    certificate_expires_soon: bool
    checked_at: datetime | None
    latency_ms: int | None
    check_interval_seconds: float


class ClusterEndpoints(BaseModel):
    """Where the parts answer. The replicas of Prometheus hold the same as the one it names."""

    prometheus_url: str | None
    prometheus_replica_urls: list[str]
    alertmanager_url: str | None
    tempo_url: str | None
    loki_url: str | None
    korrel8r_url: str | None


class Capabilities(BaseModel):
    """What discovery concluded. Null is unknown: what would tell it could not be read.

    `evidence` says by field from what each was concluded, or why it is unknown;
    `suggested_endpoints` offers addresses for endpoints that are still empty.
    """

    platform: PlatformName | None
    platform_version: str | None
    kubernetes_version: str | None
    node_count: int | None
    has_gpu_nodes: bool | None
    gpu_count: int | None
    gpu_types: list[str]
    has_prometheus: bool | None
    has_thanos: bool | None
    has_tempo: bool | None
    has_loki: bool | None
    has_service_mesh: bool | None
    has_cnf_workloads: bool | None
    cnf_types: list[CnfTypeName]
    evidence: dict[str, str]
    suggested_endpoints: dict[str, str]
    discovered_at: datetime | None = None


class CredentialView(BaseModel):
    """What may be known of a credential. `validated_at`: when the API server last took it on trial.

    `refresh_problem` says why an identity provider gave no new token, and what to do.
    """

    auth_type: AuthTypeName
    stored_at: datetime
    validated_at: datetime | None
    expires_at: datetime | None
    expires_soon: bool
    refresh_problem: str


class ClusterView(BaseModel):
    """A cluster, without anything that opens it."""

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
    capabilities: Capabilities | None
    endpoints: ClusterEndpoints
    labels: dict[str, str]
    credentials: CredentialView | None
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
    failure_stage: FailureStageName | None


PARTS = tuple(COSTS)
HEALTH_FIELDS = tuple(f"{part}_healthy" for part in PARTS)
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
    "labels",
    "enabled",
    "created_at",
    "updated_at",
)
_STATUS = (
    "state",
    "state_since",
    "health_score",
    "connectivity",
    "last_error",
    "remedy",
    "certificate_expires_at",
    *HEALTH_FIELDS,
)
_CHECK = tuple(name for name in PastCheck.model_fields if name != "failure_stage")


def schedule_of(cluster: Cluster) -> CheckSchedule | None:
    return getattr(cluster, "schedule", None)


def ends_soon(moment: datetime | None) -> bool:
    """Whether it is time to warn of what ends then, or has ended."""
    return moment is not None and moment <= warn_until(timezone.now())


def describe_status(cluster: Cluster) -> ClusterStatus:
    schedule = schedule_of(cluster)
    return ClusterStatus.model_validate(
        {name: getattr(cluster, name) for name in _STATUS}
        | {
            "failure_stage": cluster.failure_stage or None,
            "certificate_expires_soon": ends_soon(cluster.certificate_expires_at),
            "checked_at": schedule and schedule.checked_at,
            "latency_ms": schedule and schedule.latency_ms,
            "check_interval_seconds": settings.CHECK_INTERVALS[cluster.cluster_type],
        }
    )


def describe_capabilities(cluster: Cluster) -> Capabilities | None:
    """What is set is no longer suggested. The time is kept apart: it changes without the rest."""
    if cluster.capabilities is None:
        return None
    schedule = schedule_of(cluster)
    suggested = {
        name: url
        for name, url in cluster.capabilities["suggested_endpoints"].items()
        if not getattr(cluster, name)
    }
    return Capabilities.model_validate(
        cluster.capabilities
        | {"suggested_endpoints": suggested, "discovered_at": schedule and schedule.discovered_at}
    )


def describe_credential(cluster: Cluster) -> CredentialView | None:
    credential: Credential | None = getattr(cluster, "credential", None)
    if credential is None:
        return None
    return CredentialView.model_validate(
        {
            "auth_type": credential.auth_type,
            "stored_at": credential.updated_at,
            "validated_at": credential.validated_at,
            "expires_at": credential.expires_at,
            "expires_soon": ends_soon(credential.expires_at),
            "refresh_problem": credential.refresh_problem,
        }
    )


def describe(cluster: Cluster) -> ClusterView:
    """Build the view of a cluster that was read `with_particulars` (else it costs queries)."""
    return ClusterView.model_validate(_fields_of(cluster))


def answer(cluster: Cluster, permissions: list[PermissionName]) -> ClusterAnswer:
    return ClusterAnswer.model_validate(_fields_of(cluster) | {"permissions": permissions})


def _fields_of(cluster: Cluster) -> dict[str, Any]:
    schedule = schedule_of(cluster)
    return {name: getattr(cluster, name) for name in _PLAIN} | {
        "display_name": cluster.display_name or cluster.name,
        "status": describe_status(cluster),
        "capabilities": describe_capabilities(cluster),
        "credentials": describe_credential(cluster),
        "endpoints": {
            name: value if isinstance(value, list) else value or None
            for name, value in ((name, getattr(cluster, name)) for name in _ENDPOINTS)
        },
        "last_seen_at": schedule and schedule.last_seen_at,
    }


def entity_tag(cluster: Cluster) -> str:
    """Return the ETag of what people have described; checks come and go without changing it."""
    return f'"{cluster.generation}"'


def describe_check(check: HealthCheck) -> PastCheck:
    return PastCheck.model_validate(
        {name: getattr(check, name) for name in _CHECK}
        | {"failure_stage": check.failure_stage or None}
    )
