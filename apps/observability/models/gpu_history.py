"""What the GPUs did: 24 hours at 15 seconds, 90 days at 5 minutes, and when cards came and went.

A row is a node at a moment, with arrays over its units. One row a card and sample would be 46
million rows a day for 8,000 cards, and packed hours would have to be rewritten with each sample.

A unit is a card, `id * 256`, or a slice of it, `id * 256 + 1 + GPU instance * 16 + compute
instance`: slices need no table, and no array moves when a card goes. What is cut anew under the
same numbers goes on in the same unit; it was given back in between.

Sizes, of 1,000 nodes with 8 whole cards: a sample is one row of 0.33 kB, 5.8 million rows and 2.1
GB a day with the index, of which two to three days lie about; 5 minutes are one row of 0.6 kB,
0.3 million rows and 0.2 GB a day, 17 GB in 90 days. Slices add 26 and 50 bytes each.
"""

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from apps.clusters.models import Cluster
from apps.observability.models.gpu import GpuNode

if TYPE_CHECKING:
    from apps.accounts.models import User

UNITS = 256
BUCKET_SECONDS, SPAN_SECONDS = 15, 300


def _of_a_node() -> "models.ForeignKey[GpuNode, GpuNode]":
    return models.ForeignKey(
        GpuNode, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )


def _whole() -> "ArrayField[list[int | None], list[int | None]]":
    return ArrayField(models.IntegerField(null=True))


def _real() -> "ArrayField[list[float | None], list[float | None]]":
    return ArrayField(models.FloatField(null=True))


class GpuSample(models.Model):
    """One reading of a node; `at` is the begin of its 15 seconds. Null is what was not told.

    Power and temperature are a card's alone; use and memory are a slice's too.
    """

    pk = models.CompositePrimaryKey("node", "at")
    node = _of_a_node()
    at = models.DateTimeField()
    units = ArrayField(models.BigIntegerField())
    busy = _real()
    memory_used_mb = _whole()
    power_watts = _real()
    temperature_celsius = _whole()

    class Meta:
        indexes = [BrinIndex(fields=["at"], name="gpu_samples_by_time")]

    def __str__(self) -> str:
        return f"{self.node_id} {self.at:%F %T}"


class GpuSpan(models.Model):
    """The samples of a node's 5 minutes from `at` on: means, and what was highest.

    `joules` is the energy under the samples (`energy.from_power`), and `seconds` what it was
    measured over.
    """

    pk = models.CompositePrimaryKey("node", "at")
    node = _of_a_node()
    at = models.DateTimeField()
    units = ArrayField(models.BigIntegerField())
    busy = _real()
    busy_highest = _real()
    memory_used_mb = _real()
    memory_highest_mb = _whole()
    power_watts = _real()
    temperature_highest_celsius = _whole()
    joules = _real()
    seconds = _real()

    class Meta:
        indexes = [BrinIndex(fields=["at"], name="gpu_spans_by_time")]

    def __str__(self) -> str:
        return f"{self.node_id} {self.at:%F %R}"


class GpuChangeKind(models.TextChoices):
    APPEARED = "APPEARED", "Seen for the first time"
    RETURNED = "RETURNED", "Seen again"
    MOVED = "MOVED", "Seen in another node"
    GONE = "GONE", "No longer seen"
    DRIVER_CHANGED = "DRIVER_CHANGED", "The node has another driver"


class GpuChangeQuerySet(models.QuerySet["GpuChange"]):
    def visible_to(self, user: "User") -> Self:
        """Narrow to clusters that `user` may see: which cards there are is not of a namespace."""
        return self.filter(cluster_id__in=Cluster.objects.visible_to(user).values("pk"))


class GpuChange(models.Model):
    """A change of the inventory. Of a driver's change there is one for the node, of no card."""

    cluster = models.ForeignKey(
        Cluster, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=14, choices=GpuChangeKind)
    node_name = models.TextField()
    uuid = models.TextField(default="")
    name = models.TextField(default="")
    # The node it came from, or the driver's versions.
    before = models.TextField(default="")
    after = models.TextField(default="")

    objects = GpuChangeQuerySet.as_manager()

    class Meta:
        verbose_name = "GPU change"
        indexes = [
            models.Index(fields=["cluster", "-at"], name="gpu_changes_of_a_cluster"),
            models.Index(fields=["uuid", "-at"], name="gpu_changes_of_a_card"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid or self.node_name}"
