"""Which clusters a question goes to, and why some are left out."""

from collections.abc import Sequence
from dataclasses import fields
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import User
from apps.clusters.connection import MADE_OF, Connection, connect_all
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import State
from apps.clusters.models.grant import Rights
from apps.observability.errors import NothingToAsk
from apps.observability.federation import wishes
from apps.observability.federation.outcome import Target

# After so many intervals without a check, what is known is no longer known.
RECENT_INTERVALS = 3
# What it takes, besides, to say whether a cluster is away and what somebody sees of it.
JUDGED_BY = ("state", "schedule__checked_at", "environment", "labels")


_FIELDS = tuple(one.name for one in fields(Connection))


def choose(user: User, cluster_ids: Sequence[UUID]) -> list[Connection]:
    """Return the named clusters, or all enabled ones that `user` may see, by name.

    Those that were found to be offline a moment ago are marked as away, and not to be asked unless
    that is wished. Each is marked with the namespaces that `user` is held to there.

    A named cluster that is not there, or hidden, is refused: an answer that silently left it out
    would read as if it had been asked.
    """
    clusters = Cluster.objects.visible_to(user).enabled().select_related("credential", "schedule")
    clusters = clusters.only(*MADE_OF, *JUDGED_BY)
    if cluster_ids:
        clusters = clusters.filter(pk__in=cluster_ids)
    chosen = list(clusters.order_by("name"))
    connections = connect_all(chosen)
    missing = set(cluster_ids) - {connection.cluster_id for connection in connections}
    if missing:
        raise NothingToAsk(
            f"There is no enabled cluster {min(missing)}, or none that you may see. Leave "
            "cluster_ids empty to ask all."
        )
    rights = Rights.of(user)
    return [
        _marked(
            connection,
            away="" if wishes.current().ask_offline else _why_away(cluster),
            namespaces=rights.namespaces_on(cluster),
        )
        for cluster, connection in zip(chosen, connections, strict=True)
    ]


def _why_away(cluster: Cluster) -> str:
    checked_at = cluster.schedule.checked_at
    if cluster.state != State.OFFLINE or checked_at is None:
        return ""
    age = (timezone.now() - checked_at).total_seconds()
    if age > RECENT_INTERVALS * settings.CHECK_INTERVALS[cluster.cluster_type]:
        return ""
    return f"it was found offline {max(0, age):.0f} s ago; ask offline clusters too to try it"


def _marked(connection: Connection, away: str, namespaces: frozenset[str] | None) -> Target:
    told = {name: getattr(connection, name) for name in _FIELDS}
    return Target(**told, away=away, namespaces=namespaces)
