"""Which clusters a question goes to, and why some are left out."""

from collections.abc import Sequence
from uuid import UUID

from apps.accounts.models import User
from apps.clusters.connection import Connection, connect_all
from apps.clusters.models import Cluster
from apps.observability.errors import NothingToAsk


def choose(user: User, cluster_ids: Sequence[UUID]) -> list[Connection]:
    """Return the named clusters, or all enabled ones that `user` may see, by name.

    A named cluster that is not there, or hidden, is refused: an answer that silently left it out
    would read as if it had been asked.
    """
    clusters = Cluster.objects.visible_to(user).enabled().select_related("credential")
    if cluster_ids:
        clusters = clusters.filter(pk__in=cluster_ids)
    connections = connect_all(list(clusters.order_by("name")))
    missing = set(cluster_ids) - {connection.cluster_id for connection in connections}
    if missing:
        raise NothingToAsk(
            f"There is no enabled cluster {min(missing)}, or none that you may see. Leave "
            "cluster_ids empty to ask all."
        )
    return connections
