"""Tells streaming whose events a person may see."""

from uuid import UUID

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Rights
from apps.streaming.audience import Audience


def visible_ids(user_id: UUID) -> Audience | None:
    """Return the audience of this user, or None if the account is gone or disabled."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    if user.is_superuser:
        return Audience(everything=True)
    rights = Rights.of(user)
    clusters = list(Cluster.objects.visible_to(user).only("environment", "labels"))
    held = {
        str(one.pk): names for one in clusters if (names := rights.namespaces_on(one)) is not None
    }
    return Audience(
        cluster_ids=frozenset(str(one.pk) for one in clusters),
        held_ids=frozenset(held),
        namespaces=frozenset((pk, name) for pk, names in held.items() for name in names),
    )
