"""Tells of credentials that end: once ahead of it, and once when it came."""

import logging
from itertools import islice

from django.db import transaction
from django.utils import timezone

from apps.clusters import events
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.errors import BoxClosed
from apps.clusters.expiry import warn_until
from apps.clusters.models import Credential
from apps.clusters.models.credential import AuthType, ExpiryTold
from apps.clusters.vault import store as vault
from apps.streaming.publish import publish

logger = logging.getLogger(__name__)

AT_ONCE = 500


def tell_expiries() -> int:
    """Publish each expiry that is not told yet; return how many. Two workers tell each once."""
    _read_old_ones()
    now = timezone.now()
    warned = warn_until(now)
    ending = Credential.objects.filter(cluster__enabled=True, expires_at__lte=warned)
    untold = ending.exclude(expiry_told=ExpiryTold.EXPIRED).select_related("cluster")
    told = 0
    # What was made on one day ends on one day: no boxes, and never a whole fleet in memory.
    for credential in untold.defer("sealed", "ca_bundle", "oidc").iterator(AT_ONCE):
        expired = credential.expires_at is not None and credential.expires_at <= now
        level = ExpiryTold.EXPIRED if expired else ExpiryTold.SOON
        if credential.expiry_told != level:
            told += _tell(credential, level)
    return told


def _read_old_ones() -> None:
    """Read when those end that were stored before anybody asked; they name nothing they hold."""
    rows = Credential.objects.filter(holds=[]).iterator(AT_ONCE)
    while batch := list(islice(rows, AT_ONCE)):
        vault.warm(batch)
        for stored in batch:
            _read(stored)


def _read(stored: Credential) -> None:
    try:
        secrets = vault.unlock(stored)
    except BoxClosed as closed:
        logger.warning("When %s ends cannot be read: %s", stored, closed)
        return
    if not secrets.names():
        return  # It holds an authority alone, and always will.
    known = NewCredential(
        secrets,
        auth_type=AuthType(stored.auth_type),
        expires_at=stored.stated_expires_at,
    )
    ending = known.ending()
    Credential.objects.filter(pk=stored.pk, sealed=stored.sealed).update(
        holds=secrets.names(),
        expires_at=ending.at if ending else None,
        expires_with=ending.name if ending else "",
    )


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
