"""Whose events a person may see. The answer comes from the app that EVENT_AUDIENCE names."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils.module_loading import import_string

from apps.accounts.entry import Entry


@dataclass(frozen=True, slots=True)
class Audience:
    """The clusters of one person; an event of no cluster is for everybody.

    Of the `held_ids` among them the person sees some namespaces alone: (cluster, namespace).
    """

    everything: bool = False
    cluster_ids: frozenset[str] = frozenset()
    held_ids: frozenset[str] = frozenset()
    namespaces: frozenset[tuple[str, str]] = frozenset()

    def may_see(
        self, cluster_id: str, of_whole_cluster: bool = False, namespace: str | None = None
    ) -> bool:
        if self.everything or not cluster_id:
            return True
        if cluster_id not in self.cluster_ids:
            return False
        if cluster_id not in self.held_ids:
            return True
        if namespace is not None:
            return (cluster_id, namespace) in self.namespaces
        return not of_whole_cluster


async def audience_by(entry: Entry) -> Audience | None:
    """Return what the person who came in by `entry` may see now, or None once that is over."""

    def look() -> Audience | None:
        return _lookup(settings.EVENT_AUDIENCE)(entry.user_id) if entry.still_counts() else None

    found: Audience | None = await database_sync_to_async(look)()
    return found


async def audiences_of(user_ids: Iterable[UUID]) -> dict[UUID, Audience]:
    """Return what each of these users may see now; nothing, if the account is disabled."""

    def look() -> dict[UUID, Audience]:
        lookup = _lookup(settings.EVENT_AUDIENCE)
        return {user_id: lookup(user_id) or Audience() for user_id in user_ids}

    found: dict[UUID, Audience] = await database_sync_to_async(look)()
    return found


@lru_cache(maxsize=4)
def _lookup(path: str) -> Callable[[UUID], Audience | None]:
    lookup: Callable[[UUID], Audience | None] = import_string(path)
    return lookup
