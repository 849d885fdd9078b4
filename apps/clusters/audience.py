"""Tells streaming whose events a person may see."""

from uuid import UUID

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.streaming.audience import Audience


def visible_ids(user_id: UUID) -> Audience | None:
    """Return the audience of this user, or None if the account is gone or disabled."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    if user.is_superuser:
        return Audience(everything=True)
    ids = Cluster.objects.visible_to(user).values_list("pk", flat=True)
    return Audience(cluster_ids=frozenset(map(str, ids)))
