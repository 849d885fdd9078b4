"""What the indicators came to: each minute, each hour, and last of all.

Nothing here holds a foreign key in PostgreSQL: it would lock the registry with every day that comes
or goes. Minutes and hours lie in partitions by days, which are dropped whole.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from apps.clusters.models import Cluster
from apps.observability.models.indicator import Indicator


class State(models.TextChoices):
    OK = "OK", "OK"
    WARNING = "WARNING", "Warning"
    CRITICAL = "CRITICAL", "Critical"


def _of_a_cluster() -> "models.ForeignKey[Cluster, Cluster]":
    return models.ForeignKey(
        Cluster, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )


def _of_an_indicator() -> "models.ForeignKey[Indicator, Indicator]":
    return models.ForeignKey(
        Indicator, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )


class IndicatorSample(models.Model):
    """One value; `at` is the full minute whose round asked for it."""

    pk = models.CompositePrimaryKey("cluster", "indicator", "at")
    cluster = _of_a_cluster()
    indicator = _of_an_indicator()
    at = models.DateTimeField()
    value = models.FloatField()

    class Meta:
        indexes = [BrinIndex(fields=["at"], name="indicator_samples_by_time")]

    def __str__(self) -> str:
        return f"{self.cluster_id} {self.indicator_id} {self.at:%F %R} {self.value:g}"


class IndicatorHour(models.Model):
    """The samples of one full hour."""

    pk = models.CompositePrimaryKey("cluster", "indicator", "hour")
    cluster = _of_a_cluster()
    indicator = _of_an_indicator()
    hour = models.DateTimeField()
    minimum = models.FloatField()
    maximum = models.FloatField()
    average = models.FloatField()
    last = models.FloatField()

    def __str__(self) -> str:
        return f"{self.cluster_id} {self.indicator_id} {self.hour:%F %R} {self.average:g}"


class IndicatorReading(models.Model):
    """The newest value, and what the watchers were told last."""

    pk = models.CompositePrimaryKey("cluster", "indicator")
    cluster = _of_a_cluster()
    indicator = _of_an_indicator()
    at = models.DateTimeField()
    value = models.FloatField()
    state = models.CharField(max_length=8, choices=State)
    told_value = models.FloatField()

    def __str__(self) -> str:
        return f"{self.cluster_id} {self.indicator_id} {self.value:g} {self.state}"
