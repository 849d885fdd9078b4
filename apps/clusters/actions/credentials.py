"""Keys to clusters go in here, and never come out to a person again."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.accounts import audit
from apps.clusters import events
from apps.clusters.connection import TOKEN_OF
from apps.clusters.errors import (
    NO_SUCH_CLUSTER,
    BoxAway,
    BoxClosed,
    ClusterNotFound,
    CredentialsInvalid,
    CredentialStoreAway,
)
from apps.clusters.expiry import Expiry, earliest
from apps.clusters.kube.identity import address_of
from apps.clusters.models import CheckSchedule, Cluster, Credential
from apps.clusters.models.check_schedule import DUE
from apps.clusters.models.credential import AuthType
from apps.clusters.oidc import Provider, check_address
from apps.clusters.vault import store as vault
from apps.clusters.vault.secrets import Secrets
from apps.http import trust
from apps.streaming.publish import publish

# What may stand in an Authorization header; a pasted "..." or line break may not.
_TOKEN = re.compile(r"[\x21-\x7e]*\Z")
# All that signs in at an API server, or brings what does.
_OIDC = {"oidc_client_secret", "oidc_refresh_token"}
SIGN_IN = {"token", "client_certificate", "client_key", *_OIDC}
# What people may send of each, at every door.
LONGEST_SECRET = 16 * 1024
LONGEST_BUNDLE = 256 * 1024
PART_TOKENS = tuple(dict.fromkeys(TOKEN_OF.values()))
_TOKEN_BY_URL = {"api_server_url": "token"} | {
    f"{part}_url": token for part, token in TOKEN_OF.items()
}


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What signs in at the API server, the CA it is good for, and tokens of other parts.

    `expires_at` is the end that a person states; what the secrets say of themselves is read from
    them. `provider` is where a token is asked for if there is none of its own.
    """

    secrets: Secrets = field(default_factory=Secrets)
    ca_bundle: str = ""
    server_name: str = ""
    auth_type: AuthType = AuthType.SERVICE_ACCOUNT
    expires_at: datetime | None = None
    provider: Provider | None = None

    @property
    def signs_in(self) -> bool:
        """Whether it holds anything for the API server; else it is about other parts alone."""
        return bool(SIGN_IN & set(self.secrets.names()))

    def ending(self) -> Expiry | None:
        """Return what of it ends first. A token that an identity provider renews does not."""
        lasting = asdict(self.secrets)
        if self.auth_type == AuthType.OIDC:
            lasting |= {"token": "", "oidc_refresh_token": ""}
        return earliest(lasting, self.expires_at)


@transaction.atomic
def store(cluster: Cluster, credential: NewCredential, box: str = "") -> None:
    """Replace what opens `cluster`; it is tried out in the next rounds, and may show more.

    `box` is where its secrets were put ahead, if they were.
    """
    refuse_unusable(credential)
    refresh_at = timezone.now() if credential.auth_type == AuthType.OIDC else None
    columns = columns_of(credential) | {"refresh_at": refresh_at}
    vault.store(cluster, credential.secrets, box, **columns)
    # The row of the schedule is ours since then: a cluster that is there now will stay.
    if not Cluster.objects.filter(pk=cluster.pk).exists():
        raise ClusterNotFound(NO_SUCH_CLUSTER)
    CheckSchedule.objects.filter(pk=cluster.pk).bring_forward(*DUE)
    tell(cluster, "stored", credential.secrets.names())


def remove(cluster: Cluster) -> None:
    """Forget what opens `cluster`. A second time there is nothing to do, and nothing to tell."""
    with transaction.atomic():
        # The schedule's row first, as a check does: the other way round the two could deadlock.
        list(CheckSchedule.objects.select_for_update().filter(pk=cluster.pk))
        vault.let_go(cluster.pk)
        deleted, _ = Credential.objects.filter(pk=cluster.pk).delete()
        if deleted:
            CheckSchedule.objects.filter(pk=cluster.pk).bring_forward(*DUE)
            tell(cluster, "removed", [])


def tell(cluster: Cluster, what: str, holds: list[str]) -> None:
    """Note and publish that another credential opens `cluster`."""
    audit.note(what, "credential", cluster.pk, cluster.name, holds=holds)
    publish(events.credentials_updated(cluster))


def columns_of(credential: NewCredential) -> dict[str, Any]:
    """Return what of it is no secret, as columns of its row."""
    ending = credential.ending()
    return {
        "ca_bundle": credential.ca_bundle,
        "server_name": credential.server_name,
        "auth_type": credential.auth_type,
        "oidc": asdict(credential.provider) if credential.provider else {},
        "expires_at": ending and ending.at,
        "expires_with": ending.name if ending else "",
        "stated_expires_at": credential.expires_at,
    }


def provider_of(stored: Credential) -> Provider | None:
    return Provider(**stored.oidc) if stored.oidc else None


def merge(cluster: Cluster, typed: NewCredential) -> NewCredential:
    """Return what is stored with what was typed over it: an empty box keeps what is."""
    stored = Credential.objects.filter(cluster=cluster).first()
    return typed if stored is None else merge_over(stored, typed)


def merge_over(stored: Credential, typed: NewCredential) -> NewCredential:
    try:
        secrets = vault.unlock(stored)
    except BoxAway as away:
        # It will open again: to store without it now would be to lose it.
        raise CredentialStoreAway(str(away)) from None
    except BoxClosed:
        # What cannot be opened cannot be kept either.
        secrets = Secrets()
    given = {name: value for name, value in asdict(typed.secrets).items() if value}
    anew = typed.signs_in
    if anew:
        # Whole or not at all: an API server believes a client certificate before a token, so a
        # new token beside an old certificate would do nothing.
        secrets = replace(secrets, **dict.fromkeys(SIGN_IN, ""))
    return NewCredential(
        replace(secrets, **given),
        typed.ca_bundle or stored.ca_bundle,
        typed.server_name or stored.server_name,
        typed.auth_type if anew else AuthType(stored.auth_type),
        typed.expires_at or (None if anew else stored.stated_expires_at),
        typed.provider if anew else provider_of(stored),
    )


def refuse_to_lose_the_rest(stored: Credential, typed: NewCredential) -> None:
    """Raise CredentialsInvalid if what `typed` leaves as it is cannot be opened now.

    A box that is closed for want of a key may open again, unless another takes its place.
    """
    if typed.signs_in and not _kept(stored, typed):
        return
    try:
        vault.unlock(stored)
    except BoxAway as away:
        raise CredentialStoreAway(str(away)) from None
    except BoxClosed as closed:
        raise CredentialsInvalid(
            f"The rest of the stored credential cannot be kept: {closed} Or store a whole one."
        ) from None


def _kept(stored: Credential, typed: NewCredential) -> set[str]:
    """Return the tokens of other parts that stay; of an old row nobody knows whether there are."""
    held = set(stored.holds or PART_TOKENS) & set(PART_TOKENS)
    return held - set(typed.secrets.names())


def refuse_without_sign_in(credential: NewCredential) -> None:
    """Raise CredentialsInvalid for tokens of other parts alone, stored in place of a whole."""
    if not credential.signs_in:
        raise CredentialsInvalid(
            "Nothing of this signs in at the API server, and it would take the place of all that "
            "is stored. Give what signs in with it, or rotate, which keeps the rest."
        )


def refuse_unusable(credential: NewCredential) -> None:
    """Raise CredentialsInvalid for what could never open anything."""
    secrets = credential.secrets
    if credential.expires_at and credential.expires_at <= timezone.now():
        raise CredentialsInvalid("expires_at is past. Leave it out, or give the end that is to be.")
    if credential.provider or credential.auth_type == AuthType.OIDC:
        _refuse_provider(credential.provider or Provider(), secrets)
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


def _refuse_provider(provider: Provider, secrets: Secrets) -> None:
    if not (provider.client_id and provider.address):
        raise CredentialsInvalid("OIDC takes a client_id, and an issuer_url or a token_url.")
    if not (secrets.oidc_client_secret or secrets.oidc_refresh_token):
        raise CredentialsInvalid("OIDC takes a client_secret or a refresh_token, or both.")
    try:
        check_address(provider.address)
    except ValidationError as refused:
        raise CredentialsInvalid(f"oidc: {' '.join(refused.messages)}") from None
    try:
        trust(provider.ca_bundle)
    except (ssl.SSLError, ValueError):
        raise CredentialsInvalid("The ca_bundle of oidc is not a PEM certificate.") from None


def refuse_to_follow(
    cluster: Cluster, fields: Mapping[str, Any], typed: NewCredential | None
) -> None:
    """Raise CredentialsInvalid if a stored token would go to an address it was not stored for.

    Whoever may change an address could otherwise collect the token that he may not read.
    """
    stored = Credential.objects.filter(cluster=cluster).first()
    if stored is None:
        return
    kept = _names_in(stored)
    given = typed.secrets if typed else Secrets()
    known = {_origin(url) for url in (cluster.prometheus_url, *cluster.prometheus_replica_urls)}
    replicas = fields.get("prometheus_replica_urls") or ()
    strangers = {_origin(str(url)) for url in replicas} - known
    if strangers and "prometheus_token" in kept and not given.prometheus_token:
        raise CredentialsInvalid(
            "prometheus_replica_urls names another host, and the stored prometheus_token would be "
            "shown there. Send the prometheus_token anew together with the address."
        )
    for url_name, token_name in _TOKEN_BY_URL.items():
        old, new = getattr(cluster, url_name), fields.get(url_name)
        moved = bool(new) and _origin(old) != _origin(str(new))
        # What an identity provider gives next would follow as what it gave last.
        following = {"token", *_OIDC} if url_name == "api_server_url" else {token_name}
        anew = SIGN_IN if url_name == "api_server_url" else {token_name}
        if moved and following & kept and not anew & set(given.names()):
            raise CredentialsInvalid(
                f"{url_name} moves to another host, and the stored {token_name} would follow it. "
                f"Send the {token_name} anew together with the address."
            )


def _names_in(stored: Credential) -> set[str]:
    """Return what a credential holds. One that is closed now may open again at the new address."""
    if stored.holds:
        return set(stored.holds)
    try:
        return set(vault.unlock(stored).names())
    except BoxClosed:
        return set(asdict(Secrets()))


def _origin(url: str) -> tuple[str, str, int]:
    host, port, _ = address_of(url)
    return urlsplit(url).scheme, host, port
