"""Brings the simulated fleet into the registry, by the same actions as everybody else."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from apps.clusters.actions import registration, webhook_tokens
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.errors import BoxClosed
from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.secrets import Secrets
from apps.clusters.vault.store import unlock
from apps.simulator.alertmanager import Webhook
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


def subscribe(cluster: Cluster, webhook: Webhook, platform: str) -> None:
    """Have the cluster's alerts told to us at `platform`, with a token of its own.

    A token that still opens stays, whoever made it; one that a person ended is made anew.
    """
    token = webhook.token.read_text() if webhook.token.exists() else ""
    if not webhook_tokens.verify(cluster, token):
        token = webhook_tokens.rotate(cluster)
    webhook.put(f"{platform.rstrip('/')}/api/v1/alerts/webhook/{cluster.pk}", token)


@transaction.atomic
def _register(member: Member) -> Cluster:
    addresses = {
        "api_server_url": member.api_server_url,
        "prometheus_url": member.prometheus_url or "",
        "alertmanager_url": member.alertmanager_url or "",
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
