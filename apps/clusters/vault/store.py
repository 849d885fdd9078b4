"""Where secrets are kept: one box per credential, in the store that the installation chose.

A credential's row names its box, so whoever reads the row and opens the box has one whole
credential, old or new, and never half of each. A new box is put beside the old one, the row is
pointed at it in the caller's transaction, and then the old box is let go.
"""

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.database import DatabaseVault
from apps.clusters.vault.secrets import Secrets


class Vault(Protocol):
    """One place that keeps boxes. A box is the short text by which it is found again."""

    def put(self, cluster_id: UUID, text: str) -> str:
        """Keep `text` beside what is kept of this cluster already; return its box.

        It is kept for good when this returns. Raises CredentialStoreAway if it is not.
        """

    def open(self, cluster_id: UUID, box: str) -> str:
        """Return what was put into `box`; raise BoxClosed if it does not open now."""

    def keep_only(self, cluster_id: UUID, box: str) -> None:
        """Let go of all other boxes of this cluster, and of `box` too if it is empty."""


VAULTS: dict[str, Callable[[], Vault]] = {"database": DatabaseVault}


def chosen() -> Vault:
    return VAULTS[settings.CREDENTIAL_STORE]()


def vault_of(box: str) -> Vault:
    """Return the store that made `box`: after a change of the setting, old boxes still open."""
    return VAULTS["database"]()


def store(cluster: Cluster, secrets: Secrets, **clear: object) -> Credential:
    """Put `secrets` into a new box and point the credential of `cluster` at it.

    `clear` are the columns that are no secrets. Call it before any row is locked: a store on the
    network may take its time.
    """
    box = chosen().put(cluster.pk, secrets.as_text())
    credential = Credential(cluster=cluster, sealed=box, holds=secrets.names(), **clear)
    credential.save()
    transaction.on_commit(lambda: vault_of(box).keep_only(cluster.pk, box), robust=True)
    return credential


def unlock(credential: Credential) -> Secrets:
    """Return the secrets of a credential, or raise BoxClosed."""
    box = credential.sealed
    return Secrets.from_text(vault_of(box).open(credential.cluster_id, box))
