"""What is known now of the GPUs of all clusters: of each cluster, of each node, of each card.

A row is written only when what it tells has changed. When it was read is written once a cluster and
round: a thousand nodes that read as before cost one row.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Coalesce

from apps.clusters.models import Cluster

if TYPE_CHECKING:
    from apps.accounts.models import User

# Of so many rounds each may fail before what is known is taken for the past's.
ROUNDS_MISSED = 3


class GpuSource(models.TextChoices):
    NVIDIA_SMI = "NVIDIA_SMI", "nvidia-smi, run in the driver's pod"
    DCGM = "DCGM", "The DCGM exporter's series"


class GpuFeed(models.Model):
    """How the GPUs of one cluster are asked for, and what came of it last."""

    cluster = models.OneToOneField(
        Cluster, on_delete=models.CASCADE, primary_key=True, related_name="gpu_feed"
    )
    # Empty where nothing was ever read.
    source = models.CharField(max_length=10, choices=GpuSource, default="")
    # When its Prometheus was asked for series.
    asked_at = models.DateTimeField(null=True)
    # When the newest reading was made that brought anything.
    read_at = models.DateTimeField(null=True)
    interval_seconds = models.PositiveSmallIntegerField(default=15)
    # Why the last round brought nothing, or not all; empty where all is well.
    problem = models.TextField(default="")

    class Meta:
        verbose_name = "GPU feed"

    def __str__(self) -> str:
        return f"{self.cluster_id} {self.source}"


class GpuNodeQuerySet(models.QuerySet["GpuNode"]):
    def visible_to(self, user: "User") -> Self:
        """Narrow to the nodes of clusters that `user` may see.

        Nodes, cards and their figures are the cluster's, and are seen by who is held to some of
        its namespaces too. Whose pods and processes are on a card is not: those are narrowed where
        they are shown, and claims and hours by their own `visible_to`.
        """
        return self.filter(cluster_id__in=Cluster.objects.visible_to(user).values("pk"))

    def with_times(self) -> Self:
        """Add `last_updated`, and `interval` in seconds, which `is_stale` goes by."""
        return self.annotate(
            last_updated=Coalesce("read_at", "cluster__gpu_feed__read_at"),
            interval=models.F("cluster__gpu_feed__interval_seconds"),
        )

    def read_after(self, moment: datetime) -> Self:
        as_its_cluster = models.Q(read_at=None, cluster__gpu_feed__read_at__gt=moment)
        return self.filter(models.Q(read_at__gt=moment) | as_its_cluster)


class GpuNode(models.Model):
    """A node with GPUs, as it was read last. No foreign key in PostgreSQL points at the registry:
    what is left of a cluster that was deleted is swept later.
    """

    cluster = models.ForeignKey(
        Cluster, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    node_name = models.TextField()
    source = models.CharField(max_length=10, choices=GpuSource)
    # When it was read, where that is not when its cluster was: it was missing in the newest round,
    # or was read in between. Null is the usual: `last_updated` is then that of the cluster's feed.
    read_at = models.DateTimeField(null=True)
    driver_version = models.TextField(default="")
    cuda_version = models.TextField("CUDA version", default="")
    # Cards that the driver counts, where it says so, and the addresses of those that are silent.
    attached = models.PositiveSmallIntegerField(null=True)
    lost = ArrayField(models.TextField(), default=list)
    # What could not be read, or why nothing could, in words.
    errors = ArrayField(models.TextField(), default=list)
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    if TYPE_CHECKING:
        # Of rows that were asked for `with_times`.
        last_updated: datetime | None
        interval: int | None

    objects = GpuNodeQuerySet.as_manager()

    class Meta:
        verbose_name = "GPU node"
        constraints = [
            models.UniqueConstraint(fields=["cluster", "node_name"], name="one_row_a_gpu_node")
        ]

    def __str__(self) -> str:
        return self.node_name


class GpuCardQuerySet(models.QuerySet["GpuCard"]):
    def visible_to(self, user: "User") -> Self:
        """As the nodes: the figures are for all who may see the cluster. `parts` and `holders` hold
        what is of namespaces, and are narrowed with `stored.narrowed` before they are shown.
        """
        return self.filter(cluster_id__in=Cluster.objects.visible_to(user).values("pk"))

    def present(self) -> Self:
        """Leave out those that are gone, of which the row stays while history names them."""
        return self.filter(gone_at=None)


class GpuCard(models.Model):
    """One card as it was read last: typed what lists are filtered, sorted and added up by.

    The rest is JSON in two parts, which are changed apart from each other: `facts` seldom change;
    `parts` (slices, processes, clocks) do with each reading of a card that works. Both lie in the
    row where there is room: to keep them out of it made a round's updates slower.
    `gpus.stored` makes a `reading.Gpu` of a row again.
    """

    node = models.ForeignKey(GpuNode, on_delete=models.CASCADE, related_name="cards")
    # As that of the node.
    cluster = models.ForeignKey(
        Cluster, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    # Within its node: the UUID; the address or the index of a card that does not tell it.
    key = models.TextField()
    uuid = models.TextField("UUID", default="")
    index = models.PositiveSmallIntegerField(null=True)
    name = models.TextField(default="")
    bus_id = models.TextField("PCI address", default="")

    memory_total_mb = models.PositiveIntegerField(null=True)
    memory_used_mb = models.PositiveIntegerField(null=True)
    memory_free_mb = models.PositiveIntegerField(null=True)
    # As the card says it, to a tenth; what is in slices has none.
    utilization_gpu_percent = models.FloatField(null=True)
    utilization_memory_percent = models.FloatField(null=True)
    # The same of a whole card; of one in slices, the sum of theirs by their weights.
    busy_percent = models.FloatField(null=True)
    temperature_celsius = models.SmallIntegerField(null=True)
    # To a tenth.
    power_draw_watts = models.FloatField(null=True)
    power_limit_watts = models.FloatField(null=True)
    fan_speed_percent = models.SmallIntegerField(null=True)

    mig_enabled = models.BooleanField(null=True)
    # What of it was given away, from 0 to 1; by turns to several pods at once where `shared`.
    allocated = models.FloatField(default=0.0)
    shared = models.BooleanField(default=False)
    # Namespaces of pods that were given it or run on it, of slices too.
    namespaces = ArrayField(models.TextField(), default=list)
    # `xids.Severity`, and the findings it is the worst of: [{code, severity, words, do}].
    severity = models.PositiveSmallIntegerField(default=0)
    findings = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    parts = models.JSONField(default=dict)

    # What is compared with a new reading in place of the columns themselves.
    facts_digest = models.BinaryField(max_length=8)
    figures_digest = models.BinaryField(max_length=8)
    # Use, memory, power and temperature as they were told to the watchers last.
    told = ArrayField(models.FloatField(null=True), default=list)

    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    # Since when its node is read without it; it is gone once that lasts.
    missing_since = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    objects = GpuCardQuerySet.as_manager()

    class Meta:
        verbose_name = "GPU"
        constraints = [models.UniqueConstraint(fields=["node", "key"], name="one_row_a_gpu")]
        indexes = [models.Index(fields=["uuid"], name="gpus_by_uuid")]

    def __str__(self) -> str:
        return self.key


def is_stale(last_updated: datetime | None, interval: float | None, now: datetime) -> bool:
    """Whether a node's reading is the past's: older than ROUNDS_MISSED intervals."""
    if last_updated is None or interval is None:
        return True
    return now - last_updated > timedelta(seconds=ROUNDS_MISSED * interval)
