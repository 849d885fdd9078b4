"""What past checks found: one row a check, in partitions by days, the old ones dropped."""

from django.db import models

from apps.clusters.models.cluster import Cluster, FailureStage, State


class HealthCheck(models.Model):
    id = models.BigAutoField(primary_key=True)
    # PostgreSQL holds no foreign key here: it would lock the registry with every day that comes or
    # goes. Whoever writes holds the schedule's row, which goes with the cluster.
    cluster = models.ForeignKey(
        Cluster,
        on_delete=models.CASCADE,
        related_name="health_checks",
        db_constraint=False,
        db_index=False,
    )
    checked_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State)
    health_score = models.PositiveSmallIntegerField()
    latency_ms = models.PositiveIntegerField(null=True)
    api_server_healthy = models.BooleanField(null=True)
    prometheus_healthy = models.BooleanField(null=True)
    tempo_healthy = models.BooleanField(null=True)
    loki_healthy = models.BooleanField(null=True)
    alertmanager_healthy = models.BooleanField(null=True)
    error = models.CharField(max_length=500, blank=True)
    failure_stage = models.CharField(max_length=16, choices=FailureStage, blank=True)

    class Meta:
        ordering = ["-checked_at"]
        constraints = [
            # Its index, read backwards, also serves "the last checks of this cluster".
            models.UniqueConstraint(fields=["cluster", "checked_at"], name="one_row_a_check")
        ]
        indexes = [models.Index(fields=["checked_at"])]

    def __str__(self) -> str:
        return f"{self.cluster_id} {self.checked_at:%F %T} {self.state}"
