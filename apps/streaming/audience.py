"""Whose events a person may see. The answer comes from the app that EVENT_AUDIENCE names."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Audience:
    """The clusters of one person; an event of no cluster is for everybody."""

    everything: bool = False
    cluster_ids: frozenset[str] = frozenset()

    def may_see(self, cluster_id: str) -> bool:
        return self.everything or not cluster_id or cluster_id in self.cluster_ids


async def audience_of(user_id: UUID) -> Audience | None:
    """Return what this user may see now, or None if the account is gone or disabled."""
    return await sync_to_async(_lookup(settings.EVENT_AUDIENCE))(user_id)


@lru_cache(maxsize=4)
def _lookup(path: str) -> Callable[[UUID], Audience | None]:
    lookup: Callable[[UUID], Audience | None] = import_string(path)
    return lookup
