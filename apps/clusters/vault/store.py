"""Where secrets are kept: one box per credential, in the store that the installation chose.

A credential's row names its box, so whoever reads the row and opens the box has one whole
credential, old or new, and never half of each. A new box is put beside the old one, the row is
pointed at it in the caller's transaction, and once that is committed the old box is let go.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction

from apps.clusters.errors import BoxClosed, BoxGone, CredentialStoreAway
from apps.clusters.models import CheckSchedule, Cluster, Credential
from apps.clusters.vault.database import DatabaseVault
from apps.clusters.vault.kubernetes_secrets import PREFIX, KubernetesVault
from apps.clusters.vault.secrets import Secrets
from apps.errors import DomainError

logger = logging.getLogger(__name__)


class Vault(Protocol):
    """One place that keeps boxes. A box is the short text by which it is found again."""

    def put(self, cluster_id: UUID, text: str) -> str:
        """Keep `text` beside what is kept of this cluster already; return its box.

        It is kept for good when this returns. Raises CredentialStoreAway if it is not.
        """

    def open(self, cluster_id: UUID, box: str) -> str:
        """Return what was put into `box`; raise BoxClosed if it does not open now."""

    def warm(self, boxes: Iterable[tuple[UUID, str]]) -> None:
        """Get ready to open all of these, which together may cost less than one by one."""

    def let_go(self, cluster_id: UUID, box: str) -> None:
        """Forget `box`, which no row names any more. Raises CredentialStoreAway if it stays."""

    def sweep(self) -> int:
        """Remove the boxes that no row names nor is about to; return how many those were."""


VAULTS: dict[str, Callable[[], Vault]] = {"database": DatabaseVault, "kubernetes": KubernetesVault}


def chosen() -> Vault:
    return VAULTS[settings.CREDENTIAL_STORE]()


def keeper_of(box: str) -> str:
    """Return the name of the store that made `box`."""
    return "kubernetes" if box.startswith(PREFIX) else "database"


def vault_of(box: str) -> Vault:
    """Return the store that made `box`: after a change of the setting, old boxes still open."""
    return VAULTS[keeper_of(box)]()


def read(text: str) -> Secrets:
    """Read what was put into a box, or raise BoxClosed."""
    try:
        return Secrets.from_text(text)
    except msgspec.DecodeError:
        raise BoxClosed(
            "What is kept is no credential of ours: somebody wrote over it. Store it anew."
        ) from None


@contextmanager
def put_ahead(cluster_id: UUID, secrets: Secrets | None) -> Iterator[str]:
    """Put `secrets` into a box that is to be stored within, once rows are locked.

    A store on the network may take its time, and nobody else should wait for it. What is then
    refused is let go; after any other error nobody knows whether the row was committed.
    """
    box = chosen().put(cluster_id, secrets.as_text()) if secrets else ""
    try:
        yield box
    except DomainError:
        _forget(cluster_id, box)
        raise


def store(cluster: Cluster, secrets: Secrets, box: str = "", **clear: object) -> Credential:
    """Point the credential of `cluster` at a box with `secrets`: a new one, or the one put ahead.

    `clear` are the columns that are no secrets. Raises CredentialStoreAway. A store on the network
    may take its time: lock as little as possible before.
    """
    box = box or chosen().put(cluster.pk, secrets.as_text())
    with transaction.atomic():
        # The schedule's row first, as a check does: the other way round the two could deadlock.
        list(CheckSchedule.objects.select_for_update().filter(pk=cluster.pk))
        let_go_on_commit(cluster.pk, _held_box(cluster.pk))
        credential = Credential(cluster=cluster, sealed=box, holds=secrets.names(), **clear)
        credential.save()
    return credential


def swap(credential: Credential, secrets: Secrets, **clear: object) -> bool:
    """Put `secrets` in place of those that `credential` was read with, and set `clear`.

    False if another credential was stored since, which then stays. Raises CredentialStoreAway.
    """
    old, new = credential.sealed, chosen().put(credential.cluster_id, secrets.as_text())
    with transaction.atomic():
        changed = Credential.objects.filter(pk=credential.pk, sealed=old).update(
            sealed=new, holds=secrets.names(), **clear
        )
        let_go_on_commit(credential.cluster_id, old if changed else new)
    return bool(changed)


def let_go(cluster_id: UUID) -> None:
    """Forget what is kept of a cluster, once the transaction commits that deletes its row."""
    let_go_on_commit(cluster_id, _held_box(cluster_id))


def unlock(credential: Credential) -> Secrets:
    """Return the secrets of a credential, or raise BoxClosed.

    If they were replaced after its row was read, `credential` is read anew, as a whole.
    """
    try:
        return _open(credential)
    except BoxGone:
        read = credential.sealed
        try:
            credential.refresh_from_db()
        except Credential.DoesNotExist:
            raise BoxGone("The credential was removed.") from None
        if credential.sealed == read:
            raise
        return _open(credential)


def warm(credentials: Iterable[Credential]) -> None:
    """Get ready to unlock all of these."""
    boxes = [(credential.cluster_id, credential.sealed) for credential in credentials]
    for make in VAULTS.values():
        make().warm(boxes)


def sweep() -> int:
    """Remove what rolled-back transactions and an API that was away have left; return how many."""
    try:
        return sum(make().sweep() for make in VAULTS.values())
    except CredentialStoreAway as away:
        logger.warning("The credentials' store is not swept this time. %s", away.message)
        return 0


def _open(credential: Credential) -> Secrets:
    box = credential.sealed
    return read(vault_of(box).open(credential.cluster_id, box))


def _held_box(cluster_id: UUID) -> str:
    """Return the box of the row, which is ours until the commit, or nothing."""
    rows = Credential.objects.select_for_update(no_key=True).filter(pk=cluster_id)
    return rows.values_list("sealed", flat=True).first() or ""


def let_go_on_commit(cluster_id: UUID, box: str) -> None:
    """Forget `box` once the transaction commits, after which no row names it any more."""

    if box:
        transaction.on_commit(lambda: _forget(cluster_id, box), robust=True)


def _forget(cluster_id: UUID, box: str) -> None:
    try:
        if box:
            vault_of(box).let_go(cluster_id, box)
    except CredentialStoreAway as away:
        # Nobody uses it any more, and the sweep finds it.
        logger.warning("An old credential of %s stays for now: %s", cluster_id, away.message)
