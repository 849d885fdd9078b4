"""What people did about an alert, and what is still to be told of it."""

from django.conf import settings
from django.db import models

from apps.observability.models.alert import Alert


class Deed(models.TextChoices):
    COMMENTED = "COMMENTED", "Commented"
    ACKNOWLEDGED = "ACKNOWLEDGED", "Acknowledged"
    RELEASED = "RELEASED", "Released"
    ASSIGNED = "ASSIGNED", "Assigned"
    SILENCED = "SILENCED", "Silenced"


class AlertEntry(models.Model):
    """One thing that somebody did, in the order it was done. Nothing is edited afterwards."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="story")
    at = models.DateTimeField()
    # Null where nobody did it, or whoever did is gone.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    deed = models.CharField(max_length=12, choices=Deed)
    text = models.TextField(default="")

    class Meta:
        ordering = ["at", "id"]
        verbose_name_plural = "alert entries"

    def __str__(self) -> str:
        return f"{self.get_deed_display()} {self.at:%F %T}"


class Change(models.TextChoices):
    FIRED = "FIRED", "Fired"
    RESOLVED = "RESOLVED", "Resolved"


class AlertChange(models.Model):
    """A change of state that notifications are still to be made of; written with the alert."""

    id = models.BigAutoField(primary_key=True)
    alert = models.ForeignKey(
        Alert, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    change = models.CharField(max_length=8, choices=Change)
    at = models.DateTimeField()
    # It fired while silenced, inhibited or taken by somebody; told if it outlasts that.
    held = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["alert"], condition=models.Q(held=True), name="changes_held_back")
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.change}"
