"""The events of the indicators."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from apps.observability.collect.judging import change_percent
from apps.observability.models import Indicator
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
