"""What of the GPUs one person sees: of which clusters, and there of whose pods."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, Value

from apps.accounts.models import User
from apps.clusters.errors import NO_SUCH_CLUSTER, ClusterNotFound
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Rights
from apps.observability.errors import NO_GPU_NODES, NoGpuNodes
from apps.observability.models import GpuCard, GpuNode
from apps.observability.models.gpu import ROUNDS_MISSED, GpuCardQuerySet, GpuNodeQuerySet

# Of a cluster: a label's key, and its value; None is any.
Label = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Sight:
    """Clusters by their id, and of those where one is held to namespaces, these."""

    user: User
    clusters: dict[UUID, Cluster]
    held_to: dict[UUID, frozenset[str]]

    def name_of(self, cluster_id: UUID) -> str:
        return self.clusters[cluster_id].name

    def nodes(self) -> GpuNodeQuerySet:
        return GpuNode.objects.visible_to(self.user).filter(cluster_id__in=self.clusters)

    def cards(self) -> GpuCardQuerySet:
        """Those that are there, and those that only the newest reading is without."""
        seen = GpuCard.objects.visible_to(self.user).present()
        return seen.filter(cluster_id__in=self.clusters)


def of(user: User, cluster_ids: Iterable[UUID] = (), labels: Iterable[Label] = ()) -> Sight:
    """Return what `user` sees of the named clusters, or of all that are enabled.

    One that is hidden is not there, and refused; so are named ones that are all without GPUs.
    """
    wanted = set(cluster_ids)
    visible = Cluster.objects.visible_to(user)
    visible = visible.filter(pk__in=wanted) if wanted else visible.enabled()
    found = {one.pk: one for one in visible.order_by("name").only("name", "environment", "labels")}
    if wanted - found.keys():
        raise ClusterNotFound(NO_SUCH_CLUSTER)
    if wanted and not GpuNode.objects.visible_to(user).filter(cluster_id__in=wanted).exists():
        raise NoGpuNodes(NO_GPU_NODES)
    labels = tuple(labels)
    found = {pk: one for pk, one in found.items() if _carries(one, labels)}
    rights = Rights.of(user)
    held_to = {
        pk: names for pk, one in found.items() if (names := rights.namespaces_on(one)) is not None
    }
    return Sight(user, found, held_to)


def is_fresh(now: datetime) -> Q:
    """Return whether what has `last_updated` and `interval` is not stale, as `models.is_stale`."""
    missed = Value(timedelta(seconds=ROUNDS_MISSED))
    lasts = ExpressionWrapper(F("interval") * missed, output_field=DurationField())
    oldest = ExpressionWrapper(Value(now) - lasts, output_field=DateTimeField())
    return Q(last_updated__gte=oldest)


def _carries(cluster: Cluster, labels: Iterable[Label]) -> bool:
    carried: dict[str, Any] = cluster.labels
    return all(key in carried and (value is None or carried[key] == value) for key, value in labels)
