"""Bringing a cluster in, changing it, and letting it go."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts import audit
from apps.clusters import events
from apps.clusters.actions import credentials
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.errors import ClusterAlreadyExists
from apps.clusters.models import CheckSchedule, Cluster
from apps.streaming.publish import publish


@transaction.atomic
def register(fields: Mapping[str, Any], credential: NewCredential | None = None) -> Cluster:
    """Register a cluster from validated model fields; it is checked and discovered at once.

    Not idempotent on purpose: a second registration of a name is refused with
    ClusterAlreadyExists, so that nobody overwrites another's cluster by accident.
    """
    cluster = Cluster(**fields)
    with _one_of_a_name(cluster.name):
        cluster.save(force_insert=True)
    cluster.schedule = CheckSchedule.objects.create(cluster=cluster, next_check_at=timezone.now())
    if credential is not None:
        credentials.store(cluster, credential)
    audit.note("registered", "cluster", cluster.pk, cluster.name, at=cluster.api_server_url)
    publish(events.registered(cluster))
    return cluster


@transaction.atomic
def change(
    cluster: Cluster, fields: Mapping[str, Any], credential: NewCredential | None = None
) -> Cluster:
    """Set `fields` and replace the credential; a change of nothing writes and tells nothing.

    A changed address or switch makes the last conclusion old, so the cluster is checked soon;
    at another address there may be another cluster.
    """
    credentials.refuse_to_follow(cluster, fields, credential)
    if credential is not None:
        credentials.store(cluster, credential)
    changed = [name for name, value in fields.items() if getattr(cluster, name) != value]
    if changed:
        # The schedule's row first, as a check does: the other way round the two could deadlock.
        now = timezone.now()
        CheckSchedule.objects.filter(pk=cluster.pk).update(next_check_at=now)
        if "api_server_url" in changed:
            CheckSchedule.objects.filter(pk=cluster.pk).update(next_discovery_at=now)
        before = {name: getattr(cluster, name) for name in changed}
        for name in changed:
            setattr(cluster, name, fields[name])
        with _one_of_a_name(cluster.name):
            cluster.save(update_fields=[*changed, "updated_at"])
        Cluster.objects.filter(pk=cluster.pk).update(generation=F("generation") + 1)
        changes = {name: [before[name], fields[name]] for name in changed}
        audit.note("changed", "cluster", cluster.pk, cluster.name, **changes)
        publish(events.updated(Cluster.objects.select_related("schedule").get(pk=cluster.pk)))
    return cluster


@transaction.atomic
def retire(cluster: Cluster) -> None:
    """Forget a cluster with all that belongs to it."""
    list(CheckSchedule.objects.select_for_update().filter(pk=cluster.pk))
    cluster_id = cluster.pk
    cluster.delete()
    audit.note("retired", "cluster", cluster_id, cluster.name)
    publish(events.deleted(cluster_id, cluster.name))


@contextmanager
def _one_of_a_name(name: str) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if not Cluster.objects.filter(name=name).exists():
            raise
        raise ClusterAlreadyExists(
            f"A cluster named {name} is registered already. Choose another name, or change the "
            "existing one."
        ) from error
