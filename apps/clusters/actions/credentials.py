"""Keys to clusters go in here, and never come out to a person again."""

import ssl
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from apps.clusters import events
from apps.clusters.errors import CredentialsInvalid
from apps.clusters.models import CheckSchedule, Cluster
from apps.clusters.vault import database as vault
from apps.clusters.vault.database import Secrets
from apps.http import trust
from apps.streaming.publish import publish


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A service account's token, the CA it is good for, and tokens of other parts."""

    secrets: Secrets = field(default_factory=Secrets)
    ca_bundle: str = ""


@transaction.atomic
def store(cluster: Cluster, credential: NewCredential) -> None:
    """Replace what opens `cluster`; it is tried out in the next round of checks."""
    refuse_unusable(credential)
    vault.store(cluster, credential.secrets, credential.ca_bundle)
    CheckSchedule.objects.filter(pk=cluster.pk).update(next_check_at=timezone.now())
    publish(events.credentials_updated(cluster))


def refuse_unusable(credential: NewCredential) -> None:
    """Raise CredentialsInvalid for what could never open anything."""
    try:
        trust(credential.ca_bundle)
    except (ssl.SSLError, ValueError):
        raise CredentialsInvalid(
            "ca_bundle is not a PEM certificate. Paste the whole block, with its BEGIN and END "
            "lines."
        ) from None
