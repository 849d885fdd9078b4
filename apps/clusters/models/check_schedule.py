"""When each cluster is checked and discovered, next and last: the row that each round writes."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone

from apps.clusters.models.cluster import Cluster


class CheckScheduleQuerySet(models.QuerySet["CheckSchedule"]):
    def due_at(self, moment: datetime) -> Self:
        return self.filter(cluster__enabled=True, next_check_at__lte=moment)

    def discovery_due_at(self, moment: datetime) -> Self:
        return self.filter(cluster__enabled=True, next_discovery_at__lte=moment)


class CheckSchedule(models.Model):
    """Apart from Cluster, so that polling neither bloats the registry nor meets its edits."""

    cluster = models.OneToOneField(
        Cluster, on_delete=models.CASCADE, primary_key=True, related_name="schedule"
    )
    next_check_at = models.DateTimeField(db_index=True)
    checked_at = models.DateTimeField(null=True)
    latency_ms = models.PositiveIntegerField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    next_discovery_at = models.DateTimeField(db_index=True, default=timezone.now)
    discovered_at = models.DateTimeField(null=True)

    objects = CheckScheduleQuerySet.as_manager()

    def __str__(self) -> str:
        return f"schedule of {self.cluster_id}"
