"""What a cluster's Alertmanager signs in with: shown once when it is made, kept as a digest."""

import hmac
import secrets
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models.token import digest_of
from apps.clusters.actions import registration
from apps.clusters.models import Cluster

PREFIX = "aiops_wh_"


@transaction.atomic
def rotate_each(clusters: Iterable[Cluster]) -> dict[UUID, str]:
    """Make a new token for each of these, or for none: what was made would else be lost unseen.

    Locked in the order in which verdicts lock them, or the two could deadlock.
    """
    return {one.pk: rotate(one) for one in sorted(clusters, key=lambda one: one.pk)}


@transaction.atomic
def rotate(cluster: Cluster) -> str:
    """Make a new token and end the old one at once. The answer is its only appearance."""
    token = f"{PREFIX}{secrets.token_urlsafe(32)}"
    held = registration.hold(cluster.pk)
    held.webhook_token_digest = digest(held.pk, token)
    held.webhook_token_made_at = timezone.now()
    # Not what a person described, so neither the generation nor the time of that moves on.
    held.save(update_fields=["webhook_token_digest", "webhook_token_made_at"])
    audit.note("rotated", "webhook token", held.pk, held.name)
    return token


def verify(cluster: Cluster, presented: str) -> bool:
    """Whether this is the cluster's token; it takes as long for a wrong one as for the right one.

    A cluster that was never given a token lets nobody in.
    """
    return hmac.compare_digest(cluster.webhook_token_digest, digest(cluster.pk, presented))


def digest(cluster_id: UUID, token: str) -> str:
    """Bound to its cluster: a digest that is copied to another row opens nothing there."""
    return digest_of(f"webhook:{cluster_id}:{token}")
