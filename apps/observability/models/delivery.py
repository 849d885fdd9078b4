"""What is to be told, what was, and how that went."""

import uuid

from django.db import models

from apps.observability.models.notification import Receiver, Route


class Status(models.TextChoices):
    PENDING = "PENDING", "Pending"
    DELIVERED = "DELIVERED", "Delivered"
    FAILED = "FAILED", "Failed, tried again later"
    GIVEN_UP = "GIVEN_UP", "Given up"


GATHERING = models.Q(closed_at__isnull=True)
OPEN = models.Q(closed_at__isnull=False, status__in=[Status.PENDING, Status.FAILED])


class Notification(models.Model):
    """One message to one receiver. Until `closed_at` it gathers what happens in its group.

    Its id is that of the message, the same for every attempt: by it a receiver knows a double.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Null for a test, and where the route is gone.
    route = models.ForeignKey(
        Route, on_delete=models.SET_NULL, null=True, related_name="notifications"
    )
    receiver = models.ForeignKey(Receiver, on_delete=models.CASCADE, related_name="notifications")
    group_key = models.CharField(max_length=64, default="")
    group_labels = models.JSONField(default=dict)
    is_test = models.BooleanField(default=False)
    # How often something fired and was over, and the first of these alerts, by their ids.
    fired = models.PositiveIntegerField(default=0)
    resolved = models.PositiveIntegerField(default=0)
    alert_ids = models.JSONField(default=list)
    # What is said, from when it is closed on.
    content = models.JSONField(default=dict)
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField()
    # When it is closed or tried next; while somebody tries it, when he is believed to be dead.
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    give_up_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    # Since it was last asked for.
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["route", "group_key"], condition=GATHERING, name="one_gathers_for_a_group"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=GATHERING, name="notifications_gathering"),
            models.Index(fields=["due_at"], condition=OPEN, name="notifications_to_deliver"),
            models.Index(
                fields=["route", "group_key", "-closed_at"], name="notifications_of_a_group"
            ),
            models.Index(fields=["-created_at", "id"], name="notifications_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.created_at:%F %T}"


class DeliveryAttempt(models.Model):
    """One try. `status_code` is null where no answer came, and for e-mail."""

    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, related_name="deliveries"
    )
    at = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True)
    # Empty where it was taken.
    error = models.CharField(max_length=300, default="")
    duration_ms = models.PositiveIntegerField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.error or 'delivered'}"
