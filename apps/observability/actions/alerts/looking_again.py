"""Asks some clusters what fires now, between two rounds: something was just done to them."""

from collections.abc import Sequence
from uuid import UUID

from asgiref.sync import sync_to_async

from apps.clusters.connected import COLUMNS, connect_rows
from apps.clusters.connection import Connection
from apps.clusters.models import Cluster
from apps.observability.actions.alerts import reconciling
from apps.observability.collect import alerts
from apps.observability.federation.fan_out import ask_each
from apps.observability.federation.outcome import Answer


async def look_again(cluster_ids: Sequence[UUID]) -> int:
    """Bring our alerts up to what these say; count those that answered.

    One that does not is asked again in the next round, which notes it.
    """
    targets = await sync_to_async(_targets)(cluster_ids)
    outcomes = await ask_each(
        targets,
        alerts.ask,
        deadline=reconciling.ROUND_SECONDS,
        at_once=reconciling.AT_ONCE,
    )
    heard = [one.value for one in outcomes if isinstance(one, Answer)]
    answered = [one for one in heard if one.firing is not None]
    await sync_to_async(reconciling.settle)(answered)
    return len(answered)


def _targets(cluster_ids: Sequence[UUID]) -> list[Connection]:
    # In one order, as a round has it: the rows of alerts are locked in it.
    enabled = Cluster.objects.enabled().filter(pk__in=cluster_ids).order_by("pk")
    return connect_rows(list(enabled.values_list(*COLUMNS)))
