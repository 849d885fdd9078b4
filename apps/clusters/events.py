"""The events of the registry."""

import uuid
from datetime import datetime

from pydantic import BaseModel

from apps.clusters.contract import (
    Capabilities,
    ClusterStatus,
    ClusterView,
    StateName,
    describe,
    describe_capabilities,
    describe_status,
)
from apps.clusters.models import Cluster, Credential
from apps.streaming.catalogue import declare
from apps.streaming.envelope import Event

SOURCE = "clusters"


class StatusChanged(BaseModel):
    old_state: StateName
    new_state: StateName
    health_score: int
    reason: str
    status: ClusterStatus


class CapabilitiesChanged(BaseModel):
    capabilities: Capabilities | None


class ClusterReference(BaseModel):
    cluster_id: uuid.UUID


class CredentialsExpiring(BaseModel):
    """Sent once some days ahead, and once at the end itself."""

    cluster_id: uuid.UUID
    expires_at: datetime
    expired: bool


REGISTERED = declare("CLUSTER_REGISTERED", ClusterView)
UPDATED = declare("CLUSTER_UPDATED", ClusterView)
DELETED = declare("CLUSTER_DELETED", ClusterReference)
CREDENTIALS_UPDATED = declare("CLUSTER_CREDENTIALS_UPDATED", ClusterReference)
CREDENTIALS_EXPIRING = declare("CLUSTER_CREDENTIALS_EXPIRING", CredentialsExpiring)
STATUS_CHANGED = declare("CLUSTER_STATUS_CHANGED", StatusChanged)
CAPABILITIES_CHANGED = declare("CLUSTER_CAPABILITIES_CHANGED", CapabilitiesChanged)


def registered(cluster: Cluster) -> Event:
    return Event(REGISTERED, describe(cluster), SOURCE, cluster.pk, cluster.name, widens=True)


def updated(cluster: Cluster) -> Event:
    return Event(UPDATED, describe(cluster), SOURCE, cluster.pk, cluster.name, widens=True)


def deleted(cluster_id: uuid.UUID, name: str) -> Event:
    return Event(DELETED, ClusterReference(cluster_id=cluster_id), SOURCE, cluster_id, name)


def credentials_updated(cluster: Cluster) -> Event:
    payload = ClusterReference(cluster_id=cluster.pk)
    return Event(CREDENTIALS_UPDATED, payload, SOURCE, cluster.pk, cluster.name)


def credentials_expiring(credential: Credential, *, expired: bool) -> Event:
    cluster = credential.cluster
    payload = CredentialsExpiring(
        cluster_id=cluster.pk, expires_at=credential.expires_at, expired=expired
    )
    return Event(CREDENTIALS_EXPIRING, payload, SOURCE, cluster.pk, cluster.name)


def status_changed(cluster: Cluster, old_state: str) -> Event:
    status = describe_status(cluster)
    payload = StatusChanged(
        old_state=old_state,
        new_state=status.state,
        health_score=status.health_score,
        reason=status.last_error,
        status=status,
    )
    return Event(STATUS_CHANGED, payload, SOURCE, cluster.pk, cluster.name)


def capabilities_changed(cluster: Cluster) -> Event:
    payload = CapabilitiesChanged(capabilities=describe_capabilities(cluster))
    return Event(CAPABILITIES_CHANGED, payload, SOURCE, cluster.pk, cluster.name)
