"""Renewal of boxes that are sealed with an older key, or kept in the store of before."""

from dataclasses import dataclass

from django.conf import settings

from apps.clusters.models import Credential
from apps.clusters.vault import store
from apps.sealing import key_names, key_of


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a credential's row is to name in place of `old`; the same box if only `holds` is new."""

    old: str
    new: str
    holds: list[str]


def renew(credential: Credential, *, move: bool, pretend: bool) -> Renewal | None:
    """Make a new box of the same secrets if the credential needs one; None if it is fine as it is.

    With `move` it belongs into the store that is chosen now. To `pretend` is to open it alone.
    Raises BoxClosed or CredentialStoreAway.
    """
    old = credential.sealed
    if is_current(old, move=move) and credential.holds:
        return None
    text = store.vault_of(old).open(credential.cluster_id, old)
    holds = store.read(text).names()
    if is_current(old, move=move):
        return Renewal(old, old, holds) if holds != credential.holds else None
    if pretend:
        return Renewal(old, old, holds)
    vault = store.chosen() if move else store.vault_of(old)
    # The text as it is: a newer version of the platform may have put more into it than we know.
    return Renewal(old, vault.put(credential.cluster_id, text), holds)


def is_current(box: str, *, move: bool) -> bool:
    """Whether a box is where it belongs, and sealed with the key that seals now."""
    keeper = store.keeper_of(box)
    if move and keeper != settings.CREDENTIAL_STORE:
        return False
    return keeper == "kubernetes" or key_of(box) == key_names()[0]
