"""Brings the simulated fleet into the registry, by the same actions as everybody else."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from apps.clusters.actions import credentials, registration
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.models import Cluster
from apps.clusters.vault.database import Secrets
from apps.simulator.fleet import Member

PLAIN = (
    "name",
    "display_name",
    "cluster_type",
    "platform",
    "region",
    "environment",
    "labels",
    "api_server_url",
)


def register(members: Sequence[Member]) -> list[Cluster]:
    """Register each member, or bring one that is registered up to date. Safe to run twice."""
    return [_register(member) for member in members]


@transaction.atomic
def _register(member: Member) -> Cluster:
    fields: dict[str, Any] = {name: getattr(member, name) for name in PLAIN}
    fields["prometheus_url"] = member.prometheus_url or ""
    credential = NewCredential(
        Secrets(token=member.token, prometheus_token=member.prometheus_token or ""),
        member.ca_bundle,
    )
    cluster = Cluster.objects.filter(name=member.name).first()
    if cluster is None:
        return registration.register(fields, credential)
    credentials.store(cluster, credential)
    return registration.change(cluster, fields)
