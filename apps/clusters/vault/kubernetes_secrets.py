"""Credentials in Kubernetes Secrets: a box reads `k8s.<revision>`, of the cluster's own Secret.

Here the network is left behind: every method may be called wherever the ORM may.
"""

import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings

from apps.clusters.errors import BoxAway, BoxGone, CredentialStoreAway
from apps.clusters.models import Credential
from apps.clusters.vault import revisions, secret_api
from apps.clusters.vault.installation import installation
from apps.clusters.vault.opened import OPENED
from apps.clusters.vault.secret_api import Away, Held, Namespace, Unclear

logger = logging.getLogger(__name__)

PREFIX = "k8s."
# So few boxes are asked for one by one; of more, the list costs less.
FEW = 4

P = ParamSpec("P")
T = TypeVar("T")


class KubernetesVault:
    def put(self, cluster_id: UUID, text: str) -> str:
        # An import of a hundred contexts would wait for each, with its transaction open.
        if reason := OPENED.pausing():
            raise _not_stored(Away(reason))
        instance, revision = installation(), revisions.new()
        try:
            _ask(revisions.put, cluster_id, revision, text, instance)
        except Away as away:
            if away.silent:
                OPENED.pause(away.reason)
            raise _not_stored(away) from None
        OPENED.keep((cluster_id, f"{PREFIX}{revision}"), text)
        return f"{PREFIX}{revision}"

    def open(self, cluster_id: UUID, box: str) -> str:
        kept = OPENED.find((cluster_id, box))
        fresh = kept is not None and kept.fresh
        text = kept.text if kept and fresh else self._look(cluster_id, box)
        if text is None:
            raise BoxGone(
                f"The Secret {revisions.name_of(cluster_id)} does not hold it any more: somebody "
                "deleted it or wrote over it. Store the credential anew."
            )
        return text

    def _look(self, cluster_id: UUID, box: str) -> str | None:
        """Read the box; while the store is away, what it held lately is still right."""
        reason = OPENED.pausing()
        if not reason:
            try:
                held = _ask(secret_api.read, revisions.name_of(cluster_id))
            except Away as away:
                reason = away.reason
                if not isinstance(away, Unclear):
                    OPENED.pause(reason)
        if reason:
            kept = OPENED.find((cluster_id, box))
            if kept and kept.text:
                return kept.text
            raise BoxAway(f"Our own store of credentials is away. {reason}")
        text = held.text(box.removeprefix(PREFIX)) if held else None
        OPENED.keep((cluster_id, box), text)
        return text

    def warm(self, boxes: Iterable[tuple[UUID, str]]) -> None:
        wanted = OPENED.stale(box for box in boxes if box[1].startswith(PREFIX))
        if len(wanted) <= FEW or OPENED.pausing():
            return
        try:
            listed = _ask(revisions.listed)
        except Away as away:
            # Without the right to list them they still open one by one.
            logger.warning("The credentials could not be listed. %s", away.reason)
            return
        for held in listed:
            _remember(held)
        for box in OPENED.stale(wanted):
            OPENED.keep(box, None)

    def let_go(self, cluster_id: UUID, box: str) -> None:
        OPENED.drop((cluster_id, box))
        revision = box.removeprefix(PREFIX)
        try:
            _ask(revisions.let_go, cluster_id, revision)
        except Away as away:
            raise CredentialStoreAway(away.reason) from None

    def sweep(self) -> int:
        if settings.CREDENTIAL_STORE != "kubernetes" and not (
            Credential.objects.filter(sealed__startswith=PREFIX).exists()
        ):
            return 0
        instance = installation()
        try:
            listed = _ask(revisions.listed, instance)
            # Read after the Secrets: whatever was committed meanwhile has its row by now.
            rows = Credential.objects.filter(sealed__startswith=PREFIX)
            named = dict(rows.values_list("cluster_id", "sealed"))
            strays = [(held, found) for held in listed if (found := _strays(held, named))]
            return _ask(_drop_all, strays)
        except Away as away:
            raise CredentialStoreAway(away.reason) from None


def _ask(
    work: Callable[Concatenate[Namespace, P], Coroutine[Any, Any, T]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Do `work` on the loop of the server or worker that we are in, or on one of its own."""
    return async_to_sync(work)(Namespace.of_settings(), *args, **kwargs)


def _not_stored(away: Away) -> CredentialStoreAway:
    state = "It is not known whether it was kept" if away.unsure else "Nothing was stored"
    return CredentialStoreAway(
        f"{away.reason} {state}, and what was stored before is still in use."
    )


def _remember(held: Held) -> None:
    cluster_id = revisions.cluster_of(held)
    if cluster_id is not None:
        for revision in revisions.of(held):
            OPENED.keep((cluster_id, f"{PREFIX}{revision}"), held.text(revision))


def _strays(held: Held, named: dict[UUID, str]) -> list[str]:
    """Return the revisions that no row names, and none is about to."""
    cluster_id = revisions.cluster_of(held)
    if cluster_id is None:
        return []
    row = named.get(cluster_id, "").removeprefix(PREFIX)
    return [one for one in revisions.of(held) if one != row and revisions.is_old(one)]


async def _drop_all(namespace: Namespace, strays: list[tuple[Held, list[str]]]) -> int:
    """Drop them where nobody came between; the rest is there for the next sweep."""
    gone = 0
    for held, found in strays:
        gone += len(found) if await revisions.drop(namespace, held, found) else 0
    return gone
