"""The events of the indicators, of alerts, and of GPUs."""

from typing import Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, Field

from apps.observability.collect.judging import change_percent
from apps.observability.contract_alerts import AlertView, describe
from apps.observability.contract_gpus import GpuNodeView
from apps.observability.models import Alert, Indicator
from apps.observability.models.reading import State
from apps.streaming.catalogue import declare
from apps.streaming.envelope import Event

SOURCE = "observability"


class MetricUpdate(BaseModel):
    """An indicator of a cluster has come to another state, or far from the value told last."""

    metric_name: str
    labels: dict[str, str]
    unit: str
    value: float
    previous_value: float | None = Field(description="The value that was told last.")
    change_percent: float | None = Field(description="Null where there was none, or it was 0.")
    threshold_breached: Literal["WARNING", "CRITICAL"] | None


METRIC_UPDATE = declare("METRIC_UPDATE", MetricUpdate, of_whole_cluster=True)


def metric_update(
    indicator: Indicator,
    cluster: tuple[UUID, str],
    value: float,
    previous: float | None,
    state: State,
) -> Event:
    cluster_id, name = cluster
    payload = MetricUpdate(
        metric_name=indicator.name,
        labels={"cluster": name},
        unit=indicator.unit,
        value=value,
        previous_value=previous,
        change_percent=None if previous is None else change_percent(previous, value),
        threshold_breached=None if state == State.OK else state.value,
    )
    return Event(METRIC_UPDATE, payload, SOURCE, cluster_id, name, coalesces_as=indicator.name)


class AlertTold(AlertView):
    """An alert that fires, or is over now."""

    duration_seconds: float | None = Field(
        description="From its start to its end, by the clock of its cluster; null while it fires."
    )


ALERT_FIRED = declare("ALERT_FIRED", AlertTold)
ALERT_RESOLVED = declare("ALERT_RESOLVED", AlertTold)
_TYPE_OF = {"FIRED": ALERT_FIRED, "RESOLVED": ALERT_RESOLVED}


def alert_changed(
    change: str, cluster_id: UUID, cluster_name: str, namespace: str, told: str
) -> Event:
    """Tell of a FIRED or RESOLVED alert; `told` is an AlertTold, written as JSON by PostgreSQL."""
    return Event(
        _TYPE_OF[change],
        orjson.Fragment(told),
        SOURCE,
        cluster_id,
        cluster_name,
        namespace=namespace,
    )


ALERT_UPDATED = declare("ALERT_UPDATED", AlertView)


def alert_updated(alert: Alert) -> Event:
    """Somebody did something about an alert: took it, let it go, handed it on, wrote of it."""
    return Event(
        ALERT_UPDATED,
        describe(alert),
        SOURCE,
        alert.cluster_id,
        alert.cluster.name,
        namespace=alert.namespace,
    )


# All that runs on a node is in it, of whatever namespace.
GPU_UPDATE = declare("GPU_UPDATE", GpuNodeView, of_whole_cluster=True)


def gpu_update(cluster: tuple[UUID, str], node_name: str, told: orjson.Fragment) -> Event:
    """Tell of a node's cards as they were read now; `told` is a GpuNodeView, written already."""
    cluster_id, name = cluster
    return Event(GPU_UPDATE, told, SOURCE, cluster_id, name, coalesces_as=node_name)
