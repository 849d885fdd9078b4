"""An indicator: one number that says how a cluster fares, and when that number is worth a look."""

import re

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from apps.clusters.models.cluster import Platform

NAME = re.compile(r"^[a-z][a-z0-9-]{1,61}[a-z0-9]\Z")


class Direction(models.TextChoices):
    ABOVE = "ABOVE", "At the threshold or above"
    BELOW = "BELOW", "At the threshold or below"


class Indicator(models.Model):
    """One number of each cluster, asked for every minute.

    A built-in one comes with the project and is renewed by its next version, unless somebody has
    `edited` it. Whether it is enabled is for people alone to say.
    """

    name = models.CharField(
        max_length=63,
        unique=True,
        validators=[
            RegexValidator(
                NAME,
                "Use 3 to 63 lower-case letters, digits and hyphens; begin with a letter and end "
                "with a letter or digit.",
            )
        ],
    )
    title = models.CharField(max_length=100)
    description = models.TextField(max_length=1000, blank=True)
    unit = models.CharField(max_length=32, blank=True, help_text="%, s, ns, W, pods, ...")
    query = models.TextField(
        "PromQL",
        max_length=4096,
        help_text="Asked of each cluster for itself. It must come to one number.",
    )
    query_openshift = models.TextField(
        "PromQL on OpenShift", max_length=4096, blank=True, help_text="Empty: as everywhere."
    )
    query_kubernetes = models.TextField("PromQL on Kubernetes", max_length=4096, blank=True)
    query_microshift = models.TextField("PromQL on MicroShift", max_length=4096, blank=True)
    warning = models.FloatField(null=True, blank=True)
    critical = models.FloatField(null=True, blank=True)
    direction = models.CharField(max_length=8, choices=Direction, default=Direction.ABOVE)
    significance = models.FloatField(
        null=True,
        blank=True,
        default=0.25,
        validators=[MinValueValidator(0.001)],
        help_text="A change by this part of the value told last (or of the warning threshold, if "
        "that is larger) is told as an event: 0.25 is a quarter. Empty: only thresholds are.",
    )
    enabled = models.BooleanField(default=True)
    built_in = models.BooleanField(default=False, editable=False)
    edited = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title

    def query_on(self, platform: str) -> str:
        """Return what to ask a cluster of this platform."""
        own = {
            Platform.OPENSHIFT.value: self.query_openshift,
            Platform.KUBERNETES.value: self.query_kubernetes,
            Platform.MICROSHIFT.value: self.query_microshift,
        }
        return own.get(platform) or self.query
