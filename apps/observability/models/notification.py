"""Who is told of alerts, and of which ones."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.clusters.rules import check_labels
from apps.observability.models.alert import Severity
from apps.sealed_fields import SealedField

MOST_ADDRESSES, MOST_GROUP_LABELS, MOST_MATCHERS = 20, 10, 20
SHORTEST_INTERVAL, LONGEST_INTERVAL, LONGEST_WAIT = 10, 86_400, 3600


def usual_group() -> list[str]:
    return ["cluster", "alertname"]


class Kind(models.TextChoices):
    WEBHOOK = "WEBHOOK", "Webhook"
    SLACK = "SLACK", "Slack, or what takes its messages"
    EMAIL = "EMAIL", "E-mail"


class Receiver(models.Model):
    """Somebody who is told. Its address is a secret: whoever knows Slack's may write there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(
        max_length=100,
        unique=True,
        error_messages={"unique": "There is a receiver of this name already."},
    )
    kind = models.CharField(max_length=8, choices=Kind)
    # The whole address, and what a webhook is signed with.
    url = SealedField()
    signing_secret = SealedField()
    # What may be shown of the address: whose it is.
    host = models.CharField(max_length=300, default="", editable=False)
    ca_bundle = models.TextField("CA bundle (PEM)", blank=True, default="")
    email_addresses = ArrayField(models.EmailField(), default=list, blank=True, size=MOST_ADDRESSES)
    enabled = models.BooleanField(default=True)
    # Why it was switched off, where nobody did that.
    problem = models.CharField(max_length=300, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Route(models.Model):
    """Which alerts go to a receiver, and what of them makes one notification.

    Routes are tried by position. The first that takes an alert is the last, unless it `continues`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(
        max_length=100,
        unique=True,
        error_messages={"unique": "There is a route of this name already."},
    )
    position = models.PositiveIntegerField(default=100)
    receiver = models.ForeignKey(Receiver, on_delete=models.PROTECT, related_name="routes")
    severities = ArrayField(
        models.CharField(max_length=8, choices=Severity),
        default=list,
        blank=True,
        help_text="Only these; empty: all.",
    )
    cluster_labels = models.JSONField(
        default=dict,
        blank=True,
        validators=[check_labels],
        help_text='Labels that the cluster must carry: {"team": "red"}',
    )
    alert_labels = models.JSONField(
        default=dict,
        blank=True,
        help_text='Labels that the alert must have: {"namespace": "shop-*"}; * is any text.',
    )
    group_by = ArrayField(
        models.CharField(max_length=200),
        default=usual_group,
        blank=True,
        size=MOST_GROUP_LABELS,
        help_text="What is alike in these labels is told together; cluster is the cluster's name.",
    )
    group_wait_seconds = models.PositiveIntegerField(
        default=30, validators=[MaxValueValidator(LONGEST_WAIT)]
    )
    interval_seconds = models.PositiveIntegerField(
        default=300,
        validators=[MinValueValidator(SHORTEST_INTERVAL), MaxValueValidator(LONGEST_INTERVAL)],
    )
    tells_resolved = models.BooleanField(default=True)
    continues = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name
