"""The audit trail: who did what to which object, from where. Rows are added, and never changed."""

from django.db import models


class Door(models.TextChoices):
    REST = "REST", "REST API"
    ADMIN = "ADMIN", "Admin"
    COMMAND = "COMMAND", "Command line"


class AuditEvent(models.Model):
    """One thing done. The actor and the object are named, not linked: they may be gone by now.

    A trigger in the database refuses every UPDATE and DELETE.
    """

    id = models.BigAutoField(primary_key=True)
    happened_at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=150)
    door = models.CharField(max_length=16, choices=Door)
    address = models.GenericIPAddressField(null=True)
    action = models.CharField(max_length=64)
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=255, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-happened_at", "-id"]
        indexes = [models.Index(fields=["object_type", "object_id"])]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.object_name or self.object_id}"
