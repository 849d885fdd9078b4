"""Alerts of all clusters, those that are over too: one row for each time one fired.

No foreign key in PostgreSQL points at the registry: a storm would lock the clusters' rows, and a
cluster that is deleted would take an hour to forget. What is left of it is swept later.
"""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Grant

if TYPE_CHECKING:
    from apps.accounts.models import User


class State(models.TextChoices):
    FIRING = "FIRING", "Firing"
    PENDING = "PENDING", "Pending"
    RESOLVED = "RESOLVED", "Resolved"


class Severity(models.TextChoices):
    CRITICAL = "CRITICAL", "Critical"
    WARNING = "WARNING", "Warning"
    INFO = "INFO", "Info"


class Source(models.TextChoices):
    """Who told us of it last."""

    WEBHOOK = "WEBHOOK", "Alertmanager's webhook"
    ALERTMANAGER = "ALERTMANAGER", "Alertmanager, when asked"
    PROMETHEUS = "PROMETHEUS", "Prometheus, when asked"
    PLATFORM = "PLATFORM", "This platform"


class Ending(models.TextChoices):
    """How it is known that it is over."""

    TOLD = "TOLD", "Alertmanager said so"
    VANISHED = "VANISHED", "Alertmanager no longer has it"
    RECOVERED = "RECOVERED", "What was watched for came back"


RESOLVED = models.Q(state=State.RESOLVED)


class AlertQuerySet(models.QuerySet["Alert"]):
    def visible_to(self, user: "User") -> Self:
        """Narrow to the alerts of clusters that `user` may see, and of the namespaces held there.

        One without a namespace, such as that of a node, is nothing for who is held to some.
        """
        known = self.filter(cluster_id__in=Cluster.objects.values("pk"))
        if user.is_superuser:
            return known
        seen = models.Q(pk__in=[])
        for grant in Grant.objects.held_by(user):
            scope = models.Q(cluster_id__in=Cluster.objects.filter(grant.scope()).values("pk"))
            if grant.namespaces:
                scope &= models.Q(namespace__in=grant.namespaces)
            seen |= scope
        return known.filter(seen)

    def active(self) -> Self:
        return self.exclude(state=State.RESOLVED)


class Alert(models.Model):
    """One alert from when it fired until it was over; `fingerprint` is Alertmanager's.

    What fires again after it was over has another `starts_at`, and is another row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cluster = models.ForeignKey(
        Cluster, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    fingerprint = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    # Null while it is not over.
    ends_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State)
    severity = models.CharField(max_length=8, choices=Severity)
    alertname = models.TextField()
    # The label of that name, cut where it is longer than any name is; empty where there is none.
    namespace = models.TextField(default="")
    labels = models.JSONField()
    annotations = models.JSONField(default=dict)
    generator_url = models.TextField(default="")
    receivers = ArrayField(models.TextField(), default=list)
    # Ids of the silences, and fingerprints of the alerts, that keep it from being sent.
    silenced_by = ArrayField(models.TextField(), default=list)
    inhibited_by = ArrayField(models.TextField(), default=list)
    source = models.CharField(max_length=12, choices=Source)
    ending = models.CharField(max_length=9, choices=Ending, default="")

    # While it is not over; who is done with it is in its story.
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True)
    acknowledgement = models.TextField(default="")
    # When somebody first took it, which stays once it is over.
    taken_at = models.DateTimeField(null=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    first_received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()
    # Its newest change of state, by our clock.
    changed_at = models.DateTimeField()
    # What may be searched once it is over: its name, the values of its labels, its annotations.
    words = SearchVectorField(null=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint", "cluster", "starts_at"], name="one_row_each_time_it_fired"
            ),
            models.CheckConstraint(
                condition=models.Q(state=State.RESOLVED, ends_at__isnull=False)
                | ~models.Q(state=State.RESOLVED) & models.Q(ends_at__isnull=True),
                name="only_what_is_over_has_an_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["cluster", "starts_at"], condition=~RESOLVED, name="alerts_not_over"
            ),
            models.Index(fields=["-ends_at", "id"], condition=RESOLVED, name="alerts_over"),
            # All that the figures are of, so that no row is read for them.
            models.Index(
                fields=["-ends_at", "id"],
                include=["cluster", "severity", "alertname", "namespace", "starts_at", "taken_at"],
                condition=RESOLVED,
                name="alerts_over_with_figures",
            ),
            models.Index(
                fields=["cluster", "-ends_at"], condition=RESOLVED, name="alerts_over_by_cluster"
            ),
            models.Index(
                fields=["alertname", "-ends_at"], condition=RESOLVED, name="alerts_over_by_name"
            ),
            models.Index(
                fields=["namespace", "-ends_at"],
                include=["cluster", "id", "severity"],
                condition=RESOLVED,
                name="alerts_over_in_namespaces",
            ),
            models.Index(
                fields=["severity", "-ends_at"], condition=RESOLVED, name="alerts_over_by_severity"
            ),
            models.Index(
                fields=["-ends_at"],
                condition=RESOLVED & models.Q(taken_at__isnull=False),
                name="alerts_over_that_were_taken",
            ),
            GinIndex(
                fields=["labels"],
                opclasses=["jsonb_path_ops"],
                condition=RESOLVED,
                name="alerts_over_by_label",
            ),
            GinIndex(fields=["words"], condition=RESOLVED, name="alerts_over_by_word"),
        ]

    def __str__(self) -> str:
        return f"{self.alertname} {self.state} since {self.starts_at:%F %T}"

    @property
    def silenced(self) -> bool:
        return bool(self.silenced_by)
