"""Importing a kubeconfig: one result per context, all of it in one transaction.

A cluster is known by its API server's address and its authority, never by its name: nine contexts
of one cluster make one cluster, and the first that can be used is the one that is taken.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from apps.clusters.actions import credentials, registration
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.errors import InvalidClusterName
from apps.clusters.kube import kubeconfig
from apps.clusters.kube.identity import Address, address_of, authorities_of, may_share
from apps.clusters.kube.kubeconfig import Access, Refused
from apps.clusters.models import Cluster, Credential
from apps.clusters.models.cluster import NAME
from apps.clusters.models.credential import AuthType
from apps.clusters.rules import check_api_server_url, check_labels
from apps.clusters.vault import store as vault
from apps.clusters.vault.secrets import Secrets
from apps.errors import DomainError

LONGEST_URL = 512
LONGEST_DISPLAY_NAME = 128
# Any number will do, as long as nothing else of ours takes the same advisory lock.
TURN = 0x696D706F7274


class ImportStatus(StrEnum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    EXISTS = "EXISTS"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the importing person chose. No `contexts` are all of them.

    `names` are by context, and for new clusters alone; the rest are named by prefix and context.
    """

    contexts: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    update: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one context, or would have. Without a `name` no choice could help it."""

    context: str
    status: ImportStatus
    reason: str = ""
    name: str = ""
    api_server_url: str = ""
    cluster_id: UUID | None = None


@dataclass(slots=True)
class _Known:
    """A registered cluster; `context` is the one of this file that was taken for it."""

    cluster_id: UUID
    name: str
    authorities: frozenset[str]
    context: str = ""


def import_contexts(text: str, wishes: Wishes) -> list[Imported]:
    """Register what a kubeconfig describes; raise KubeconfigUnusable if it describes nothing.

    A context that is refused spoils no other. Anything that nobody foresaw spoils all, and
    nothing stays. A dry run does everything and takes it back.
    """
    labels = dict(wishes.labels)
    check_labels(labels)
    found = kubeconfig.read(text)
    wanted = [one for one in found if not wishes.contexts or one.context in wishes.contexts]
    with transaction.atomic():
        _wait_for_turn()
        registry = _load_registry()
        if wishes.update:
            _warm(wanted, registry)
        results = [_import_one(one, wishes, registry) for one in wanted]
        if wishes.dry_run:
            transaction.set_rollback(True)
            results = _unwritten(results)
    named = wishes.contexts | wishes.names.keys()
    missing = sorted(named - {one.context for one in found})
    return results + [
        Imported(name, ImportStatus.REFUSED, f'The file has no context "{name}".')
        for name in missing
    ]


def read_labels(pairs: Iterable[str]) -> dict[str, str]:
    """Read labels as people type them: key=value each."""
    labels = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValidationError(f"{pair!r} is no label. Write key=value.")
        labels[key.strip()] = value.strip()
    check_labels(labels)
    return labels


def suggest_name(prefix: str, context: str) -> str:
    """Make a name of a cluster from the name of a context; it may still be too short."""
    wanted = f"{prefix}{context}".lower()
    words = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in wanted).split()
    return "-".join(words)[:63].strip("-")


def _wait_for_turn() -> None:
    """Two imports of one file at once would both find its clusters missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])


def _load_registry() -> dict[Address, list[_Known]]:
    registry: dict[Address, list[_Known]] = {}
    rows = Cluster.objects.values_list("pk", "name", "api_server_url", "credential__ca_bundle")
    for pk, name, url, ca_bundle in rows.order_by("created_at"):
        known = _Known(pk, name, authorities_of(ca_bundle or ""))
        registry.setdefault(address_of(url), []).append(known)
    return registry


def _warm(wanted: Iterable[Access | Refused], registry: Mapping[Address, list[_Known]]) -> None:
    """Get ready to open what is stored of these: one by one it would take a call for each."""
    servers = {address_of(one.server) for one in wanted if isinstance(one, Access)}
    known = [one.cluster_id for address in servers for one in registry.get(address, ())]
    vault.warm(Credential.objects.filter(pk__in=known))


def _import_one(
    one: Access | Refused, wishes: Wishes, registry: dict[Address, list[_Known]]
) -> Imported:
    if isinstance(one, Refused):
        return Imported(one.context, ImportStatus.REFUSED, one.reason)
    name = wishes.names.get(one.context) or suggest_name(wishes.prefix, one.context)
    try:
        _check_server(one.server)
        here = registry.setdefault(address_of(one.server), [])
        known = _recognise(one, here)
        if known is not None:
            return _meet(known, one, wishes)
        return _create(one, name, wishes, here)
    except DomainError as refused:
        reason = refused.message
    except ValidationError as refused:
        reason = " ".join(refused.messages)
    return Imported(
        one.context,
        ImportStatus.REFUSED,
        f'Context "{one.context}": {reason}',
        name,
        one.server[:LONGEST_URL],
    )


def _check_server(url: str) -> None:
    if len(url) > LONGEST_URL:
        raise ValidationError("The server's address is too long.")
    check_api_server_url(url)


def _recognise(access: Access, here: list[_Known]) -> _Known | None:
    """Find the cluster at this address, one with the very authority before one with none."""
    authorities = authorities_of(access.ca_bundle)
    alike = [known for known in here if may_share(known.authorities, authorities)]
    sure = [known for known in alike if known.authorities & authorities]
    return next(iter(sure or alike), None)


def _create(access: Access, name: str, wishes: Wishes, here: list[_Known]) -> Imported:
    if not NAME.match(name):
        raise InvalidClusterName(
            f"{name!r} cannot name a cluster. Choose a name of 3 to 63 lower-case letters, digits "
            "and hyphens."
        )
    fields = {
        "name": name,
        "display_name": access.context[:LONGEST_DISPLAY_NAME],
        "api_server_url": access.server,
        "labels": dict(wishes.labels),
    }
    credential = _storable(_credential_of(access, NewCredential()), wishes)
    cluster = registration.register(fields, credential)
    here.append(_Known(cluster.pk, name, authorities_of(access.ca_bundle), access.context))
    return Imported(
        access.context,
        ImportStatus.CREATED,
        name=name,
        api_server_url=access.server,
        cluster_id=cluster.pk,
    )


def _meet(known: _Known, access: Access, wishes: Wishes) -> Imported:
    status = ImportStatus.EXISTS
    if known.context:
        reason = (
            f'Context "{access.context}" reaches the same cluster as context "{known.context}" of '
            "this file. One of them is taken."
        )
    elif not wishes.update:
        reason = f"{known.name} is registered already. An update would renew its credential."
    elif _renew(known.cluster_id, access, wishes):
        status, reason = ImportStatus.UPDATED, ""
        known.context = access.context
    else:
        reason = f"{known.name} has this credential and these labels already."
        known.context = access.context
    return Imported(access.context, status, reason, known.name, access.server, known.cluster_id)


def _renew(cluster_id: UUID, access: Access, wishes: Wishes) -> bool:
    """Bring credential and labels up to date; return whether anything had to change."""
    cluster = Cluster.objects.get(pk=cluster_id)
    if held := Credential.objects.filter(pk=cluster_id).first():
        credentials.refuse_to_lose_the_rest(held, _credential_of(access, NewCredential()))
    stored = credentials.merge_over(held, NewCredential()) if held else NewCredential()
    renewed = _credential_of(access, stored)
    fields = {"labels": cluster.labels | dict(wishes.labels)}
    if renewed == stored and fields["labels"] == cluster.labels:
        return False
    credential = _storable(renewed, wishes) if renewed != stored else None
    registration.change(cluster, fields, credential)
    return True


def _storable(credential: NewCredential, wishes: Wishes) -> NewCredential | None:
    """In a dry run, only see whether it could be stored: a store may lie outside the database."""
    if not wishes.dry_run:
        return credential
    credentials.refuse_unusable(credential)
    return None


def _credential_of(access: Access, stored: NewCredential) -> NewCredential:
    """What a context signs in with; tokens of other parts stay as they are stored."""
    kept: Secrets = stored.secrets
    secrets = replace(
        kept,
        token=access.token,
        client_certificate=access.client_certificate,
        client_key=access.client_key,
        oidc_client_secret="",
        oidc_refresh_token="",
    )
    ca_bundle = access.ca_bundle or stored.ca_bundle
    renewed = NewCredential(secrets, ca_bundle, access.tls_server_name, AuthType.KUBECONFIG)
    # An end that a person stated was that of what signed in then.
    return replace(renewed, expires_at=stored.expires_at) if secrets == kept else renewed


def _unwritten(results: list[Imported]) -> list[Imported]:
    """Take back the ids of clusters that were created only to see whether they could be."""
    created = {one.cluster_id for one in results if one.status == ImportStatus.CREATED}
    return [replace(one, cluster_id=None) if one.cluster_id in created else one for one in results]
