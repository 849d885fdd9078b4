"""Who was given GPUs, since when, and what was made of them.

A claim is a time of one pod with one card or slice, written when it begins, rests, works again and
ends. Its hours are added up from samples every 5 minutes, so that what was held and not used is
read and not worked out.
"""

from typing import TYPE_CHECKING, Self

from django.db import models

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Grant
from apps.observability.models.gpu import GpuCard, GpuNode

if TYPE_CHECKING:
    from apps.accounts.models import User


def _held_by(user: "User") -> models.Q:
    """Return what is of clusters `user` may see, and there of the namespaces held."""
    if user.is_superuser:
        return models.Q(cluster_id__in=Cluster.objects.values("pk"))
    seen = models.Q(pk__in=[])
    for grant in Grant.objects.held_by(user):
        scope = models.Q(cluster_id__in=Cluster.objects.filter(grant.scope()).values("pk"))
        if grant.namespaces:
            scope &= models.Q(namespace__in=grant.namespaces)
        seen |= scope
    return seen


class GpuClaimQuerySet(models.QuerySet["GpuClaim"]):
    def visible_to(self, user: "User") -> Self:
        """Narrow to claims of clusters that `user` may see, and of the namespaces held there."""
        return self.filter(_held_by(user))

    def open(self) -> Self:
        return self.filter(until=None)


class GpuClaim(models.Model):
    """One pod's hold on one card or slice: never begun before it was seen."""

    cluster = models.ForeignKey(
        Cluster, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    node = models.ForeignKey(GpuNode, on_delete=models.CASCADE, related_name="claims")
    card = models.ForeignKey(
        GpuCard, on_delete=models.CASCADE, related_name="claims", db_index=False
    )
    # As in the history: the card's, or that of its slice.
    unit = models.BigIntegerField()
    # The part of a whole card, from 0 to 1, and the slice's profile where it is one.
    weight = models.FloatField()
    profile = models.TextField(default="")
    namespace = models.TextField()
    pod = models.TextField()
    container = models.TextField(default="")
    # What the pod belongs to, as its name tells.
    owner = models.TextField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    # Since when nothing was done on it while it was held; null while it works, or nobody knows.
    idle_since = models.DateTimeField(null=True)
    # Whether memory was kept all the same, when that was seen last; null where it is not known.
    holds_memory = models.BooleanField(null=True)
    # How many hold it at once, in turns. Of them nobody can say who uses it.
    holders = models.PositiveSmallIntegerField(default=1)

    objects = GpuClaimQuerySet.as_manager()

    class Meta:
        verbose_name = "GPU claim"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "namespace", "pod", "container"],
                condition=models.Q(until=None),
                name="one_open_claim_a_holder",
            )
        ]
        indexes = [
            models.Index(
                fields=["cluster", "namespace"],
                condition=models.Q(until=None),
                name="gpu_claims_open",
            ),
            models.Index(fields=["node", "until"], name="gpu_claims_of_a_node"),
        ]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.pod} {self.unit}"


class GpuHoursQuerySet(models.QuerySet["GpuHours"]):
    def visible_to(self, user: "User") -> Self:
        """Narrow to hours of clusters that `user` may see, and of the namespaces held there."""
        return self.filter(_held_by(user))


class GpuHours(models.Model):
    """GPU-hours, of whole cards, that one owner held in one hour of the clock (`use.tally`).

    A row for each model of cards, which have their prices. `held` = `used` + `wasted` +
    `unmeasured`. `kwh` is the owner's part of the cards' energy, by weight and number of holders
    (`energy.attributed`).
    """

    pk = models.CompositePrimaryKey("cluster", "hour", "namespace", "owner", "model")
    cluster = models.ForeignKey(
        Cluster, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    hour = models.DateTimeField()
    namespace = models.TextField()
    owner = models.TextField()
    # The cards' name; empty of those that do not tell it.
    model = models.TextField(default="", db_default="")
    held = models.FloatField()
    used = models.FloatField()
    wasted = models.FloatField()
    unmeasured = models.FloatField()
    kwh = models.FloatField()

    objects = GpuHoursQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.namespace} {self.owner} {self.hour:%F %R} {self.held:g}"


class GpuLedger(models.Model):
    """Until when samples are added up: moved on in the transaction that adds, never twice."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_gpu_ledger")
        ]

    def __str__(self) -> str:
        return f"until {self.until:%F %R}"
