"""The events of the indicators, and those of alerts."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from apps.observability.collect.judging import change_percent
from apps.observability.contract_alerts import AlertView, describe
from apps.observability.models import Alert, Indicator
from apps.observability.models.alert_story import Change
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


ALERT_FIRED = declare("ALERT_FIRED", AlertTold, of_whole_cluster=True)
ALERT_RESOLVED = declare("ALERT_RESOLVED", AlertTold, of_whole_cluster=True)


def alert_changed(alert: Alert, cluster_name: str, change: Change) -> Event:
    """Tell of a change as it was made, though the row may have changed once more since."""
    told: dict[str, Any] = dict(describe(alert, cluster_name)) | {"duration_seconds": None}
    if change == Change.FIRED:
        told |= {"state": "FIRING", "ends_at": None, "ending": ""}
    elif alert.ends_at:
        told["duration_seconds"] = max(0.0, (alert.ends_at - alert.starts_at).total_seconds())
    event_type = ALERT_FIRED if change == Change.FIRED else ALERT_RESOLVED
    payload = AlertTold.model_construct(**told)
    return Event(event_type, payload, SOURCE, alert.cluster_id, cluster_name)
