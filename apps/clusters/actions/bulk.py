"""The same change to many clusters: each for itself, with a result of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.clusters.actions import registration
from apps.clusters.errors import NO_SUCH_CLUSTER, ClusterNotFound
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Rights, Role, reaches
from apps.clusters.rules import check_labels
from apps.errors import DomainError


class Operation(StrEnum):
    ENABLE = "ENABLE"
    DISABLE = "DISABLE"
    LABEL = "LABEL"
    DELETE = "DELETE"


class Status(StrEnum):
    DONE = "DONE"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"
    NOT_FOUND = "NOT_FOUND"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to each; labels are set and taken away by LABEL alone."""

    operation: Operation
    labels: Mapping[str, str] = field(default_factory=dict)
    remove_labels: frozenset[str] = frozenset()

    def fields_for(self, cluster: Cluster) -> dict[str, Any]:
        if self.operation != Operation.LABEL:
            return {"enabled": self.operation == Operation.ENABLE}
        kept = {key: cluster.labels[key] for key in cluster.labels.keys() - self.remove_labels}
        labels = kept | dict(self.labels)
        check_labels(labels)
        return {"labels": labels}


@dataclass(frozen=True, slots=True)
class Result:
    cluster_id: UUID
    status: Status
    reason: str = ""


def carry_out(
    order: Order, ids: Iterable[UUID], visible: Mapping[UUID, Cluster], rights: Rights
) -> list[Result]:
    """Do `order` to each of `ids` once, and say what became of it.

    Each is committed before the next is begun: what is told as done stays done whatever happens
    later, no cluster is locked while another one waits, and sent again the order does the rest.
    """
    results = []
    for cluster_id in dict.fromkeys(ids):
        cluster = visible.get(cluster_id)
        if cluster is None:
            results.append(Result(cluster_id, Status.NOT_FOUND, NO_SUCH_CLUSTER))
        elif not reaches(rights.role_on(cluster), Role.ADMIN):
            reason = f"This takes the role admin on {cluster.name}."
            results.append(Result(cluster_id, Status.REFUSED, reason))
        else:
            results.append(_try(order, cluster))
    return results


def _try(order: Order, cluster: Cluster) -> Result:
    try:
        return Result(cluster.pk, _do(order, cluster))
    except ClusterNotFound as gone:
        return Result(cluster.pk, Status.NOT_FOUND, gone.message)
    except DomainError as refused:
        return Result(cluster.pk, Status.REFUSED, refused.message)
    except ValidationError as refused:
        return Result(cluster.pk, Status.REFUSED, " ".join(refused.messages))


@transaction.atomic
def _do(order: Order, cluster: Cluster) -> Status:
    # Labels are merged with those of now, so nobody else's are lost.
    held = registration.hold(cluster.pk)
    if order.operation == Operation.DELETE:
        registration.retire(held)
        return Status.DONE
    fields = order.fields_for(held)
    if all(getattr(held, name) == value for name, value in fields.items()):
        return Status.UNCHANGED
    registration.rewrite(held, fields)
    return Status.DONE
