"""Bringing a cluster in, changing it, and letting it go."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts import audit
from apps.clusters import events
from apps.clusters.actions import credentials
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.contract import entity_tag
from apps.clusters.errors import (
    NO_SUCH_CLUSTER,
    ClusterAlreadyExists,
    ClusterChanged,
    ClusterNotFound,
)
from apps.clusters.models import CheckSchedule, Cluster
from apps.clusters.models.check_schedule import DUE
from apps.clusters.vault import store as vault
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


def change(
    cluster: Cluster,
    fields: Mapping[str, Any],
    credential: NewCredential | None = None,
    only_if: Collection[int] | None = None,
) -> Cluster:
    """Set `fields` and replace the credential; a change of nothing writes and tells nothing.

    `only_if` names the generations that the caller has read and would change; of another one
    ClusterChanged is raised. A changed address or switch makes the last conclusion old, so the
    cluster is checked soon; at another address there may be another cluster.
    """
    if credential is not None:
        credentials.refuse_unusable(credential)
    secrets = credential.secrets if credential else None
    with vault.put_ahead(cluster.pk, secrets) as box, transaction.atomic():
        return rewrite(hold(cluster.pk, only_if), fields, credential, box)


def rewrite(
    held: Cluster,
    fields: Mapping[str, Any],
    credential: NewCredential | None = None,
    box: str = "",
) -> Cluster:
    """Do what `change` says to a cluster that is held already, in the same transaction."""
    before = {
        name: getattr(held, name) for name, new in fields.items() if getattr(held, name) != new
    }
    if any(name.endswith(("_url", "_urls")) for name in before):
        credentials.refuse_to_follow(held, fields, credential)
    if credential is not None:
        credentials.store(held, credential, box)
    if before:
        due = DUE if "api_server_url" in before else ("next_check_at",)
        CheckSchedule.objects.filter(pk=held.pk).bring_forward(*due)
        for name in before:
            setattr(held, name, fields[name])
        held.generation += 1
        with _one_of_a_name(held.name) if "name" in before else nullcontext():
            held.save(update_fields=[*before, "generation", "updated_at"])
        changes = {name: [old, fields[name]] for name, old in before.items()}
        audit.note("changed", "cluster", held.pk, held.name, **changes)
        publish(events.updated(Cluster.objects.with_particulars().get(pk=held.pk)))
    return held


@transaction.atomic
def retire(cluster: Cluster, only_if: Collection[int] | None = None) -> None:
    """Forget a cluster with all that belongs to it; `only_if` as for a change."""
    try:
        held = hold(cluster.pk, only_if)
    except ClusterNotFound:
        return  # Two let it go at once; it goes, and is told, once.
    cluster_id = held.pk
    vault.let_go(cluster_id)
    held.delete()
    audit.note("retired", "cluster", cluster_id, held.name)
    publish(events.deleted(cluster_id, held.name))


def hold(cluster_id: UUID, only_if: Collection[int] | None = None) -> Cluster:
    """Keep a cluster from every other change until the commit, and return it as it is now.

    The schedule's row first, as a check does: the other way round the two could deadlock. Of the
    cluster's row not the key: a row that refers to it, as a credential does, need not wait.
    """
    list(CheckSchedule.objects.select_for_update().filter(pk=cluster_id))
    held = Cluster.objects.select_for_update(no_key=True).filter(pk=cluster_id).first()
    if held is None:
        raise ClusterNotFound(NO_SUCH_CLUSTER)
    if only_if is not None and held.generation not in only_if:
        raise ClusterChanged(
            "Somebody changed this cluster since you read it. Read it again, and send your change "
            "with its new ETag.",
            {"etag": entity_tag(held)},
        )
    return held


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
