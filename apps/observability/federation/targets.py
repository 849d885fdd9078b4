"""Which clusters a question goes to, and why some are left out."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import User
from apps.clusters.connected import COLUMNS, connect_rows, loaded
from apps.clusters.connection import Connection
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import State
from apps.clusters.models.grant import Rights
from apps.observability.errors import NothingToAsk
from apps.observability.federation import wishes
from apps.observability.federation.outcome import Target

# After so many intervals without a check, what is known is no longer known.
RECENT_INTERVALS = 3
# What it takes, besides, to say whether a cluster is away, and what grants are matched against.
JUDGED_BY = ("state", "schedule__checked_at")
MATCHED_BY = ("environment", "labels")


def choose(user: User, cluster_ids: Sequence[UUID]) -> list[Connection]:
    """Return the named clusters, or all enabled ones that `user` may see, by name.

    Those that were found to be offline a moment ago are marked as away, and not to be asked unless
    that is wished. Each is marked with the namespaces that `user` is held to there.

    A named cluster that is not there, or hidden, is refused: an answer that silently left it out
    would read as if it had been asked.
    """
    rights = Rights.of(user)
    clusters = Cluster.objects.visible_to(user).enabled()
    if cluster_ids:
        clusters = clusters.filter(pk__in=cluster_ids)
    columns = (*COLUMNS, *JUDGED_BY, *(() if rights.superuser else MATCHED_BY))
    rows = list(clusters.order_by("name").values_list(*columns))
    missing = set(cluster_ids) - {row[0] for row in rows}
    if missing:
        raise NothingToAsk(
            f"There is no enabled cluster {min(missing)}, or none that you may see. Leave "
            "cluster_ids empty to ask all."
        )
    end = len(COLUMNS)
    connections = connect_rows([row[:end] for row in rows])
    asks_offline = wishes.current().ask_offline
    return [
        Target.of(
            connection,
            away="" if asks_offline else _why_away(connection.cluster_type, *row[end : end + 2]),
            namespaces=_held_to(rights, row[0], *row[end + 2 :]),
        )
        for row, connection in zip(rows, connections, strict=True)
    ]


def _why_away(cluster_type: str, state: str, checked_at: datetime | None) -> str:
    if state != State.OFFLINE or checked_at is None:
        return ""
    age = (timezone.now() - checked_at).total_seconds()
    if age > RECENT_INTERVALS * settings.CHECK_INTERVALS[cluster_type]:
        return ""
    return f"it was found offline {max(0, age):.0f} s ago; ask offline clusters too to try it"


def _held_to(rights: Rights, *matched: object) -> frozenset[str] | None:
    if rights.superuser:
        return None
    # Whoever has no grant any more by now is held to no namespace at all.
    cluster = loaded(Cluster, dict(zip(("pk", *MATCHED_BY), matched, strict=True)))
    return rights.namespaces_on(cluster)
