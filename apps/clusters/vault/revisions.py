"""Revisions of a credential in its Secret `cluster-creds-<id>`: one data key for each.

A revision is never written over. It begins with the second in which it was made, so that the
sweep knows what a rolled-back transaction left from what somebody is just about to commit.
"""

import asyncio
import base64
import re
import secrets
import time
from typing import Any
from uuid import UUID

from apps.clusters.vault import secret_api
from apps.clusters.vault.secret_api import Away, Held, Moved, Namespace

REVISION = re.compile(r"[0-9a-f]{32}\Z")
NAME = "cluster-creds-"
OURS = {
    "app.kubernetes.io/managed-by": "aiops-nextgen",
    "app.kubernetes.io/component": "cluster-credential",
}
INSTANCE = "app.kubernetes.io/instance"
# Of two that change one Secret at once one gets through, so this many others may be quicker.
ATTEMPTS = 8
PUT_SECONDS = 20.0
# How often a change is tried again of which no answer came, and nothing is to be seen.
LOSSES = 1
# Whoever needs longer from the box to the commit loses the box; an import of a thousand contexts
# in one transaction does not.
UNCOMMITTED_SECONDS = 3600.0


def new() -> str:
    return f"{int(time.time()):08x}{secrets.token_hex(12)}"


def is_old(revision: str) -> bool:
    """Whether nobody can be about to commit a row that names it."""
    return time.time() - int(revision[:8], 16) > UNCOMMITTED_SECONDS


def name_of(cluster_id: UUID) -> str:
    return f"{NAME}{cluster_id}"


def cluster_of(held: Held) -> UUID | None:
    try:
        return UUID(held.name.removeprefix(NAME)) if held.name.startswith(NAME) else None
    except ValueError:
        return None


def of(held: Held) -> list[str]:
    """Return the revisions in a Secret; other keys in it are somebody else's."""
    return [key for key in held.data if REVISION.match(key)]


async def put(
    namespace: Namespace, cluster_id: UUID, revision: str, text: str, instance: str
) -> None:
    """Add a revision beside the others. It is there when this returns."""
    try:
        async with asyncio.timeout(PUT_SECONDS):
            await _put(namespace, cluster_id, {revision: _encoded(text)}, instance)
    except TimeoutError:
        reason = f"The Kubernetes API that keeps our credentials took more than {PUT_SECONDS:g} s."
        raise Away(reason, unsure=True, silent=True) from None


async def _put(
    namespace: Namespace, cluster_id: UUID, added: dict[str, str], instance: str
) -> None:
    lost: Away | None = None
    losses = 0
    for _ in range(ATTEMPTS):
        held = await _read_back(namespace, cluster_id, lost)
        if held is not None and added.items() <= held.data.items():
            return
        if lost is not None and losses > LOSSES:
            raise lost.surely()
        try:
            if held is None:
                await secret_api.create(namespace, _fresh(namespace, cluster_id, added, instance))
            else:
                await secret_api.replace(namespace, _with(held, {**held.data, **added}, instance))
        except Moved:
            continue
        except Away as away:
            if not away.unsure:
                raise
            # It may have happened all the same: the next look at it tells.
            lost, losses = away, losses + 1
            continue
        return
    raise _contended(cluster_id)


async def _read_back(namespace: Namespace, cluster_id: UUID, lost: Away | None) -> Held | None:
    try:
        return await secret_api.read(namespace, name_of(cluster_id))
    except Away as away:
        # Of a change that was never sent it is known that nothing came of it.
        raise lost or away.surely() from None


async def let_go(namespace: Namespace, cluster_id: UUID, revision: str) -> None:
    """Remove a revision, and with the last one the Secret; what is gone already is fine."""
    for _ in range(ATTEMPTS):
        held = await secret_api.read(namespace, name_of(cluster_id))
        if held is None or revision not in held.data or await drop(namespace, held, [revision]):
            return
    raise _contended(cluster_id)


async def drop(namespace: Namespace, held: Held, revisions: list[str]) -> bool:
    """Remove revisions from a Secret as it was read; False if it has changed since."""
    rest = {key: value for key, value in held.data.items() if key not in revisions}
    try:
        if rest:
            await secret_api.replace(namespace, _with(held, rest))
        else:
            await secret_api.delete(namespace, held)
    except Moved:
        return False
    return True


async def listed(namespace: Namespace, instance: str = "") -> list[Held]:
    """Return all Secrets of the platform, or of one installation of it."""
    labels = OURS | ({INSTANCE: instance} if instance else {})
    return [held async for page in secret_api.pages(namespace, labels) for held in page]


def _fresh(
    namespace: Namespace, cluster_id: UUID, data: dict[str, str], instance: str
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name_of(cluster_id),
            "namespace": namespace.name,
            "labels": OURS | {INSTANCE: instance},
        },
        "type": "Opaque",
        "data": data,
    }


def _with(held: Held, data: dict[str, str], instance: str = "") -> dict[str, Any]:
    """Return the Secret with other data; labels and keys of others stay as they are."""
    about = held.whole["metadata"]
    labels = (about.get("labels") or {}) | OURS | ({INSTANCE: instance} if instance else {})
    return {**held.whole, "metadata": {**about, "labels": labels}, "data": data}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _contended(cluster_id: UUID) -> Away:
    return Away(f"Somebody else keeps changing the Secret {name_of(cluster_id)}. Try again.")
