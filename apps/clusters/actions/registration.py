"""Bringing a cluster in, changing it, and letting it go."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.clusters import events
from apps.clusters.actions import credentials
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.errors import ClusterAlreadyExists
from apps.clusters.models import CheckSchedule, Cluster
from apps.streaming.publish import publish


@transaction.atomic
def register(fields: Mapping[str, Any], credential: NewCredential | None = None) -> Cluster:
    """Register a cluster from validated model fields; its first check is due at once.

    Not idempotent on purpose: a second registration of a name is refused with
    ClusterAlreadyExists, so that nobody overwrites another's cluster by accident.
    """
    cluster = Cluster(**fields)
    try:
        with transaction.atomic():
            cluster.save(force_insert=True)
    except IntegrityError as error:
        if not Cluster.objects.filter(name=cluster.name).exists():
            raise
        raise ClusterAlreadyExists(
            f"A cluster named {cluster.name} is registered already. Choose another name, or "
            "change the existing one."
        ) from error
    return admit(cluster, credential)


@transaction.atomic
def admit(cluster: Cluster, credential: NewCredential | None = None) -> Cluster:
    """Put a cluster that has just been saved under watch, and tell everybody."""
    cluster.schedule = CheckSchedule.objects.create(cluster=cluster, next_check_at=timezone.now())
    if credential is not None:
        credentials.store(cluster, credential)
    publish(events.registered(cluster))
    return cluster


@transaction.atomic
def change(cluster: Cluster, fields: Mapping[str, Any]) -> Cluster:
    """Set `fields`; a change of nothing writes and tells nothing."""
    changed = [name for name, value in fields.items() if getattr(cluster, name) != value]
    if changed:
        for name in changed:
            setattr(cluster, name, fields[name])
        cluster.save(update_fields=[*changed, "updated_at"])
        announce_change(cluster)
    return cluster


def announce_change(cluster: Cluster) -> None:
    """A changed address or switch makes the last conclusion old: check soon, and tell everybody."""
    CheckSchedule.objects.filter(pk=cluster.pk).update(next_check_at=timezone.now())
    publish(events.updated(Cluster.objects.select_related("schedule").get(pk=cluster.pk)))


@transaction.atomic
def retire(cluster: Cluster) -> None:
    """Forget a cluster with all that belongs to it."""
    cluster_id = cluster.pk
    cluster.delete()
    publish(events.deleted(cluster_id, cluster.name))
