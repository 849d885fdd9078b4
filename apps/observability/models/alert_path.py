"""Whether alerts of a cluster find their way to us."""

from django.db import models

from apps.clusters.models import Cluster


class AlertPath(models.Model):
    """What is known of the way from one cluster's Alertmanager, or its Prometheus, to here."""

    cluster = models.OneToOneField(
        Cluster, on_delete=models.CASCADE, primary_key=True, related_name="alert_path"
    )
    # When its Alertmanager last posted something that was stored.
    last_webhook_at = models.DateTimeField(null=True)
    # When a round last tried to ask, and when what was asked last answered.
    tried_at = models.DateTimeField(null=True)
    last_polled_at = models.DateTimeField(null=True)
    # Why it could not be asked the last time; empty where it could.
    problem = models.TextField(default="")
    # Of each server that answers under the address: when it started by its own clock, and when
    # that was first seen by ours.
    starts = models.JSONField(default=dict, db_default={})
    # When the always-firing alert was last seen; null where it never was.
    watchdog_seen_at = models.DateTimeField(null=True)
    # Since when nothing shows that alerts still come this way; null while something does.
    silent_since = models.DateTimeField(null=True)
    # The newest group that came without all of its alerts, and how many were left out.
    truncated_at = models.DateTimeField(null=True)
    truncated_alerts = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.cluster_id} since {self.last_webhook_at or self.last_polled_at or '-'}"
