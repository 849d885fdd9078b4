"""Brings the simulated fleet into the registry, by the same actions as everybody else."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from apps.clusters.actions import registration
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.errors import BoxClosed
from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.secrets import Secrets
from apps.clusters.vault.store import unlock
from apps.simulator.fleet import Member

CHOSEN = (
    "name",
    "display_name",
    "cluster_type",
    "platform",
    "region",
    "environment",
    "labels",
)


def register(members: Sequence[Member]) -> list[Cluster]:
    """Register each member; of one that is registered, renew addresses and keys alone.

    The rest may have been changed by a person since.
    """
    return [_register(member) for member in members]


@transaction.atomic
def _register(member: Member) -> Cluster:
    addresses = {
        "api_server_url": member.api_server_url,
        "prometheus_url": member.prometheus_url or "",
    }
    credential = NewCredential(
        Secrets(token=member.token, prometheus_token=member.prometheus_token or ""),
        member.ca_bundle,
    )
    cluster = Cluster.objects.filter(name=member.name).first()
    if cluster is None:
        fields: dict[str, Any] = {name: getattr(member, name) for name in CHOSEN}
        return registration.register({**fields, **addresses}, credential)
    moved = any(getattr(cluster, name) != url for name, url in addresses.items())
    if not moved and _has(cluster, credential):
        return cluster
    # A token goes with its address: a stored one is never sent to a new place.
    return registration.change(cluster, addresses, credential)


def _has(cluster: Cluster, credential: NewCredential) -> bool:
    kept = Credential.objects.filter(cluster=cluster).first()
    try:
        return (
            kept is not None
            and kept.ca_bundle == credential.ca_bundle
            and unlock(kept) == credential.secrets
        )
    except BoxClosed:
        return False  # The keys of var/ were lost; these are sealed by the new ones.
