"""How an alert looks from outside, and what is told about many of them."""

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from apps.observability.models import Alert, AlertEntry

SeverityName = Literal["CRITICAL", "WARNING", "INFO"]
AlertStateName = Literal["FIRING", "PENDING", "RESOLVED"]
SourceName = Literal["WEBHOOK", "ALERTMANAGER", "PROMETHEUS", "PLATFORM"]
DeedName = Literal["COMMENTED", "ACKNOWLEDGED", "RELEASED", "ASSIGNED", "SILENCED"]
LOOKED_BACK_TO = (
    "What was over before this time was not looked at, as there is so much of it; narrow the "
    "filters or set `until`. Null where all was looked at."
)


class AlertView(BaseModel):
    """One alert from when it fired until it was over. The next time it fires is another one."""

    id: uuid.UUID
    fingerprint: str = Field(description="Alertmanager's; alike in two clusters it may be.")
    cluster_id: uuid.UUID
    cluster_name: str
    alertname: str
    severity: SeverityName = Field(description="From the label, which stays as it was.")
    state: AlertStateName
    namespace: str = Field(description="Empty where the alert is of none.")
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None
    ending: Literal["", "TOLD", "VANISHED", "RECOVERED"] = Field(
        description="How it is known that it is over; empty while it is not."
    )
    generator_url: str
    receivers: list[str]
    silenced: bool
    silenced_by: list[str] = Field(description="Ids of silences of that cluster's Alertmanager.")
    inhibited: bool
    inhibited_by: list[str]
    source: SourceName = Field(description="Who told us of it last.")
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    acknowledgement: str = Field(description="The note of who acknowledged it.")
    taken_at: datetime | None = Field(
        description="When it was first acknowledged, which stays once it is over."
    )
    assigned_to: str | None
    first_received_at: datetime
    last_received_at: datetime
    changed_at: datetime


class SeverityCounts(BaseModel):
    CRITICAL: int = 0
    WARNING: int = 0
    INFO: int = 0


class AlertEntryView(BaseModel):
    """What somebody did; `author` is null where that was nobody, or is gone."""

    at: datetime
    author: str | None
    deed: DeedName
    text: str


class AlertTime(BaseModel):
    """One of the times that the same alert fired."""

    id: uuid.UUID
    state: AlertStateName
    starts_at: datetime
    ends_at: datetime | None
    duration_seconds: float | None = Field(description="Null while it is not over.")
    ending: str


class AlertDetail(AlertView):
    """An alert with what was done about it, and the other times it fired, newest first."""

    story: list[AlertEntryView]
    times: list[AlertTime] = Field(description="The newest 50, this one included.")
    times_in_24_h: int = Field(description="How often it fired in the past 24 hours.")
    flapping: bool = Field(description="It fired 4 times or more in the past 24 hours.")
    also_in: list[str] = Field(
        description="Names of other clusters where an alert of this fingerprint is not over."
    )


class ClusterCount(BaseModel):
    cluster_id: uuid.UUID
    cluster_name: str
    total: int


class AlertGroupView(BaseModel):
    """Alerts with the same values of some labels. A label that they lack reads "(none)"."""

    labels: dict[str, str]
    missing: list[str] = Field(description='Those of `labels` that are lacking, shown as "(none)".')
    total: int
    by_severity: SeverityCounts
    acknowledged: int
    silenced: int
    inhibited: int
    clusters: list[ClusterCount]
    common_labels: dict[str, str] = Field(description="What else all of them have in common.")
    oldest_starts_at: datetime
    changed_at: datetime


class NoisyAlert(BaseModel):
    """An alertname, and how often it was there."""

    alertname: str
    total: int
    clusters: int
    mean_seconds_to_acknowledge: float | None
    mean_seconds_to_resolve: float | None


class FlappingAlert(BaseModel):
    """One alert of one cluster that fired 4 times or more in the last 24 hours of the window."""

    cluster_id: uuid.UUID
    cluster_name: str
    fingerprint: str
    alertname: str
    times: int


class ClusterStatistics(BaseModel):
    cluster_id: uuid.UUID
    cluster_name: str
    total: int
    mean_seconds_to_acknowledge: float | None
    mean_seconds_to_resolve: float | None


class AlertStatistics(BaseModel):
    """Figures of the alerts that were over between `since` and `until`, and of those active.

    MTTA, `mean_seconds_to_acknowledge`: the mean of `taken_at - starts_at` of those that somebody
    acknowledged. MTTR, `mean_seconds_to_resolve`: the mean of `ends_at - starts_at` of those that
    are over. In seconds; null where there is none. A clock of a cluster that is ahead of ours
    makes no time negative: it counts as 0.
    """

    since: datetime
    until: datetime
    looked_back_to: datetime | None = Field(description=LOOKED_BACK_TO)
    total: int
    active: int
    resolved: int
    acknowledged: int
    by_severity: SeverityCounts
    mean_seconds_to_acknowledge: float | None
    mean_seconds_to_resolve: float | None
    noisiest: list[NoisyAlert] = Field(description="At most 20, those of most alerts first.")
    flapping: list[FlappingAlert] = Field(description="At most 20, those of most times first.")
    by_cluster: list[ClusterStatistics] = Field(description="At most 200, the noisiest first.")


def describe(alert: Alert, cluster_name: str | None = None) -> AlertView:
    """Describe one, read with its cluster and its people unless `cluster_name` is known."""
    return AlertView.model_construct(**_columns(alert, cluster_name))


def describe_entry(entry: AlertEntry) -> AlertEntryView:
    return AlertEntryView.model_validate(
        {
            "at": entry.at,
            "author": entry.author and entry.author.get_username(),
            "deed": entry.deed,
            "text": entry.text,
        }
    )


def _columns(alert: Alert, cluster_name: str | None) -> dict[str, Any]:
    taker, assignee = alert.acknowledged_by, alert.assigned_to
    return {
        "id": alert.pk,
        "fingerprint": alert.fingerprint,
        "cluster_id": alert.cluster_id,
        "cluster_name": alert.cluster.name if cluster_name is None else cluster_name,
        "alertname": alert.alertname,
        "severity": alert.severity,
        "state": alert.state,
        "namespace": alert.namespace,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "starts_at": alert.starts_at,
        "ends_at": alert.ends_at,
        "ending": alert.ending,
        "generator_url": alert.generator_url,
        "receivers": alert.receivers,
        "silenced": bool(alert.silenced_by),
        "silenced_by": alert.silenced_by,
        "inhibited": bool(alert.inhibited_by),
        "inhibited_by": alert.inhibited_by,
        "source": alert.source,
        "acknowledged_by": taker and taker.get_username(),
        "acknowledged_at": alert.acknowledged_at,
        "acknowledgement": alert.acknowledgement,
        "taken_at": alert.taken_at,
        "assigned_to": assignee and assignee.get_username(),
        "first_received_at": alert.first_received_at,
        "last_received_at": alert.last_received_at,
        "changed_at": alert.changed_at,
    }
