"""A cluster under watch, as a person described it, and the last thing we concluded about it."""

import re
import uuid
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from apps.clusters.rules import check_api_server_url, check_endpoint_url, check_labels

if TYPE_CHECKING:
    from apps.accounts.models import User

MOST_REPLICAS = 4
NAME = re.compile(r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\Z")
# As a number: as JSON null would be more than any.
GPU_COUNT = Cast(KT("capabilities__gpu_count"), models.IntegerField())


class ClusterType(models.TextChoices):
    HUB = "HUB", "Hub"
    SPOKE = "SPOKE", "Spoke"
    EDGE = "EDGE", "Edge"
    FAR_EDGE = "FAR_EDGE", "Far edge"


class Platform(models.TextChoices):
    OPENSHIFT = "OPENSHIFT", "OpenShift"
    KUBERNETES = "KUBERNETES", "Kubernetes"
    MICROSHIFT = "MICROSHIFT", "MicroShift"


class Environment(models.TextChoices):
    PRODUCTION = "PRODUCTION", "Production"
    STAGING = "STAGING", "Staging"
    DEVELOPMENT = "DEVELOPMENT", "Development"
    LAB = "LAB", "Lab"


class State(models.TextChoices):
    ONLINE = "ONLINE", "Online"
    DEGRADED = "DEGRADED", "Degraded"
    OFFLINE = "OFFLINE", "Offline"
    UNKNOWN = "UNKNOWN", "Unknown"
    PROVISIONING = "PROVISIONING", "Provisioning"


class Connectivity(models.TextChoices):
    CONNECTED = "CONNECTED", "Connected"
    INTERMITTENT = "INTERMITTENT", "Intermittent"
    DISCONNECTED = "DISCONNECTED", "Disconnected"


class FailureStage(models.TextChoices):
    """How far a check came, in the order in which it goes; the first that failed is named."""

    CREDENTIAL = "CREDENTIAL", "Our own store of credentials"
    DNS = "DNS", "Name"
    TCP = "TCP", "Connection"
    TLS = "TLS", "Certificate"
    AUTH = "AUTH", "Sign-in"
    API = "API", "API server"
    PROMETHEUS = "PROMETHEUS", "Prometheus"
    ALERTMANAGER = "ALERTMANAGER", "Alertmanager"
    LOKI = "LOKI", "Loki"
    TEMPO = "TEMPO", "Tempo"


class ClusterQuerySet(models.QuerySet["Cluster"]):
    def enabled(self) -> Self:
        return self.filter(enabled=True)

    def with_particulars(self) -> Self:
        """Load what the view of a cluster shows from other tables, and no box of secrets."""
        related = self.select_related("schedule", "credential")
        return related.defer("credential__sealed", "credential__ca_bundle", "credential__oidc")

    def visible_to(self, user: "User") -> Self:
        """Narrow to what `user` may see. Every read made for a person starts here."""
        from apps.clusters.models.grant import Grant

        if user.is_superuser:
            return self
        scopes = [grant.scope() for grant in Grant.objects.held_by(user)]
        if not scopes:
            return self.none()
        anywhere = models.Q()
        for scope in scopes:
            anywhere |= scope
        return self.filter(pk__in=Cluster.objects.filter(anywhere).values("pk"))


class Cluster(models.Model):
    """One registered cluster.

    The status fields change only by `actions.health.record_many`: one UPDATE of all rows that
    change, under the locks of their schedules. What changes with every check (when, how fast)
    lives in CheckSchedule, so that this row is quiet.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(
        max_length=63,
        unique=True,
        validators=[
            RegexValidator(
                NAME,
                "Use 3 to 63 lower-case letters, digits and hyphens; begin and end with a "
                "letter or digit.",
            )
        ],
    )
    display_name = models.CharField(max_length=128, blank=True)
    api_server_url = models.CharField(
        "API server URL", max_length=512, validators=[check_api_server_url]
    )
    cluster_type = models.CharField(max_length=16, choices=ClusterType, default=ClusterType.SPOKE)
    platform = models.CharField(max_length=16, choices=Platform, default=Platform.OPENSHIFT)
    platform_version = models.CharField(max_length=64, blank=True)
    region = models.CharField(max_length=64, blank=True)
    environment = models.CharField(
        max_length=16, choices=Environment, default=Environment.DEVELOPMENT
    )
    prometheus_url = models.CharField(
        "Prometheus URL", max_length=512, blank=True, validators=[check_endpoint_url]
    )
    # Prometheus servers come in pairs that scrape the same: whichever answers first is believed.
    prometheus_replica_urls = ArrayField(
        models.CharField(max_length=512, validators=[check_endpoint_url]),
        verbose_name="other Prometheus URLs",
        size=MOST_REPLICAS,
        default=list,
        blank=True,
        help_text="Servers that hold the same as the one above, with commas between them.",
    )
    alertmanager_url = models.CharField(
        "Alertmanager URL", max_length=512, blank=True, validators=[check_endpoint_url]
    )
    tempo_url = models.CharField(
        "Tempo URL", max_length=512, blank=True, validators=[check_endpoint_url]
    )
    loki_url = models.CharField(
        "Loki URL", max_length=512, blank=True, validators=[check_endpoint_url]
    )
    korrel8r_url = models.CharField(
        "Korrel8r URL", max_length=512, blank=True, validators=[check_endpoint_url]
    )
    labels = models.JSONField(default=dict, blank=True, validators=[check_labels])
    capabilities = models.JSONField(null=True, blank=True, editable=False)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    state = models.CharField(max_length=16, choices=State, default=State.UNKNOWN, editable=False)
    state_since = models.DateTimeField(null=True, editable=False)
    health_score = models.PositiveSmallIntegerField(default=0, editable=False)
    connectivity = models.CharField(
        max_length=16, choices=Connectivity, default=Connectivity.DISCONNECTED, editable=False
    )
    api_server_healthy = models.BooleanField(null=True, editable=False)
    prometheus_healthy = models.BooleanField(null=True, editable=False)
    tempo_healthy = models.BooleanField(null=True, editable=False)
    loki_healthy = models.BooleanField(null=True, editable=False)
    alertmanager_healthy = models.BooleanField(null=True, editable=False)
    last_error = models.CharField(max_length=500, blank=True, editable=False)
    failure_stage = models.CharField(
        max_length=16, choices=FailureStage, blank=True, editable=False
    )
    remedy = models.CharField(max_length=300, blank=True, editable=False)
    # Of the certificate that the API server showed at the last handshake.
    certificate_expires_at = models.DateTimeField(null=True, editable=False)
    # Counts the changes that people make; a client says by it which description it has read.
    generation = models.PositiveBigIntegerField(default=1, editable=False)
    # What Alertmanager signs in with; the token itself is shown once and kept nowhere.
    webhook_token_digest = models.CharField(max_length=64, blank=True, editable=False)
    webhook_token_made_at = models.DateTimeField(null=True, editable=False)

    objects = ClusterQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["state"]), models.Index(fields=["cluster_type"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="cluster_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(health_score__lte=100), name="cluster_score_is_a_percentage"
            ),
        ]

    def __str__(self) -> str:
        return self.name
