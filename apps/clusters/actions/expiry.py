"""Tells of credentials that end: once ahead of it, and once when it came."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.clusters import events
from apps.clusters.models import Credential
from apps.clusters.models.credential import ExpiryTold
from apps.streaming.publish import publish


def tell_expiries() -> int:
    """Publish each expiry that is not told yet; return how many. Two workers tell each once."""
    now = timezone.now()
    warned = now + timedelta(days=settings.EXPIRY_WARNING_DAYS)
    ending = Credential.objects.filter(cluster__enabled=True, expires_at__lte=warned)
    told = 0
    for credential in ending.exclude(expiry_told=ExpiryTold.EXPIRED).select_related("cluster"):
        expired = credential.expires_at is not None and credential.expires_at <= now
        level = ExpiryTold.EXPIRED if expired else ExpiryTold.SOON
        if credential.expiry_told != level:
            told += _tell(credential, level)
    return told


@transaction.atomic
def _tell(credential: Credential, level: ExpiryTold) -> int:
    """Tell at this level, unless another worker has, or another credential took its place."""
    noted = Credential.objects.filter(
        pk=credential.pk,
        expires_at=credential.expires_at,
        expiry_told=credential.expiry_told,
    ).update(expiry_told=level)
    if noted:
        publish(events.credentials_expiring(credential, expired=level == ExpiryTold.EXPIRED))
    return noted
