"""Keys to clusters go in here, and never come out to a person again."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from apps.accounts import audit
from apps.clusters import events
from apps.clusters.connection import TOKEN_OF
from apps.clusters.errors import BoxClosed, CredentialsInvalid
from apps.clusters.models import CheckSchedule, Cluster, Credential
from apps.clusters.models.credential import AuthType
from apps.clusters.vault import store as vault
from apps.clusters.vault.secrets import Secrets
from apps.http import trust
from apps.streaming.publish import publish

# What may stand in an Authorization header; a pasted "..." or line break may not.
_TOKEN = re.compile(r"[\x21-\x7e]*\Z")
_TOKEN_BY_URL = {"api_server_url": "token"} | {
    f"{part}_url": token for part, token in TOKEN_OF.items()
}


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What signs in at the API server, the CA it is good for, and tokens of other parts."""

    secrets: Secrets = field(default_factory=Secrets)
    ca_bundle: str = ""
    server_name: str = ""
    auth_type: AuthType = AuthType.SERVICE_ACCOUNT


@transaction.atomic
def store(cluster: Cluster, credential: NewCredential) -> None:
    """Replace what opens `cluster`; it is tried out in the next rounds, and may show more."""
    refuse_unusable(credential)
    vault.store(
        cluster,
        credential.secrets,
        ca_bundle=credential.ca_bundle,
        server_name=credential.server_name,
        auth_type=credential.auth_type,
    )
    now = timezone.now()
    CheckSchedule.objects.filter(pk=cluster.pk).update(next_check_at=now, next_discovery_at=now)
    audit.note("stored", "credential", cluster.pk, cluster.name, holds=credential.secrets.names())
    publish(events.credentials_updated(cluster))


def merge(cluster: Cluster, typed: NewCredential) -> NewCredential:
    """Return what is stored with what was typed over it: an empty box keeps what is."""
    stored = Credential.objects.filter(cluster=cluster).first()
    if stored is None:
        return typed
    try:
        secrets = vault.unlock(stored)
    except BoxClosed:
        # What cannot be opened cannot be kept either.
        secrets = Secrets()
    given = {name: value for name, value in asdict(typed.secrets).items() if value}
    auth_type = AuthType(stored.auth_type)
    if typed.secrets.token:
        # An API server believes a client certificate first, so the new token would do nothing.
        secrets = replace(secrets, client_certificate="", client_key="")
        auth_type = typed.auth_type
    return NewCredential(
        replace(secrets, **given),
        typed.ca_bundle or stored.ca_bundle,
        typed.server_name or stored.server_name,
        auth_type,
    )


def refuse_unusable(credential: NewCredential) -> None:
    """Raise CredentialsInvalid for what could never open anything."""
    secrets = credential.secrets
    for name, token in asdict(secrets).items():
        if name.endswith("token") and not _TOKEN.match(token):
            raise CredentialsInvalid(
                f"{name} holds a character that no token has. Copy it again, without line breaks."
            )
    try:
        trust(credential.ca_bundle)
    except (ssl.SSLError, ValueError):
        raise CredentialsInvalid(
            "ca_bundle is not a PEM certificate. Paste the whole block, with its BEGIN and END "
            "lines."
        ) from None
    try:
        trust(credential.ca_bundle, secrets.client_certificate, secrets.client_key)
    except (ssl.SSLError, ValueError):
        raise CredentialsInvalid(
            "client_certificate and client_key are no pair of PEM that TLS takes: encrypted, too "
            "short, or of two different keys. Copy both again."
        ) from None


def refuse_to_follow(
    cluster: Cluster, fields: Mapping[str, Any], typed: NewCredential | None
) -> None:
    """Raise CredentialsInvalid if a stored token would go to an address it was not stored for.

    Whoever may change an address could otherwise collect the token that he may not read.
    """
    stored = Credential.objects.filter(cluster=cluster).first()
    if stored is None:
        return
    try:
        kept = vault.unlock(stored)
    except BoxClosed:
        return
    given = typed.secrets if typed else Secrets()
    for url_name, token_name in _TOKEN_BY_URL.items():
        old, new = getattr(cluster, url_name), fields.get(url_name)
        moved = bool(new) and _origin(old) != _origin(str(new))
        if moved and getattr(kept, token_name) and not getattr(given, token_name):
            raise CredentialsInvalid(
                f"{url_name} moves to another host, and the stored {token_name} would follow it. "
                f"Send the {token_name} anew together with the address."
            )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
