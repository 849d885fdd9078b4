"""Delivers once more what was delivered, or given up."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts import audit
from apps.observability.errors import NO_SUCH_NOTIFICATION, NotDelivered, NotificationNotFound
from apps.observability.models.delivery import Notification, Status


@transaction.atomic
def redeliver(notification_id: UUID) -> None:
    """Have it tried again at once, and for as long as a new one."""
    rows = Notification.objects.select_for_update(of=("self",)).select_related("receiver")
    held = rows.filter(pk=notification_id).first()
    if held is None:
        raise NotificationNotFound(NO_SUCH_NOTIFICATION)
    if held.closed_at is None:
        raise NotDelivered("It is still gathering, and goes out by itself.")
    if not held.receiver.enabled:
        raise NotDelivered(f"The receiver {held.receiver.name} is switched off. Enable it first.")
    now = timezone.now()
    held.status, held.attempts, held.due_at, held.delivered_at = Status.PENDING, 0, now, None
    held.give_up_at = now + timedelta(hours=settings.NOTIFICATION_GIVE_UP_HOURS)
    held.save(update_fields=["status", "attempts", "due_at", "delivered_at", "give_up_at"])
    audit.note("redelivered", "notification", held.pk, held.receiver.name)
