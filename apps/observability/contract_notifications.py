"""How receivers, routes and notifications look from outside."""

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

KindName = Literal["WEBHOOK", "SLACK", "EMAIL"]
SeverityName = Literal["CRITICAL", "WARNING", "INFO"]
StatusName = Literal["PENDING", "DELIVERED", "FAILED", "GIVEN_UP"]


class ReceiverView(BaseModel):
    """Somebody who is told. Of its address only the host is shown."""

    id: uuid.UUID
    name: str
    kind: KindName
    host: str = Field(description="Scheme and host of its address; empty for e-mail.")
    ca_bundle: str
    email_addresses: list[str]
    enabled: bool
    problem: str = Field(description="Why it was switched off, where nobody did that; else empty.")
    created_at: datetime
    updated_at: datetime


class ReceiverMade(ReceiverView):
    signing_secret: str = Field(
        description="What messages are signed with. Shown here and never again; empty for others."
    )


class SigningSecret(BaseModel):
    """It is shown here and never again."""

    signing_secret: str


class DeliveryView(BaseModel):
    """One attempt. `error` is empty where it was taken; `status_code` null where none came."""

    at: datetime
    status_code: int | None
    error: str
    duration_ms: int


class TrialView(DeliveryView):
    notification_id: uuid.UUID


class RouteView(BaseModel):
    """Which alerts go to a receiver; routes are tried by position, then by name."""

    id: uuid.UUID
    name: str
    position: int
    receiver_id: uuid.UUID
    receiver_name: str
    severities: list[SeverityName]
    cluster_labels: dict[str, str]
    alert_labels: dict[str, str]
    group_by: list[str]
    group_wait_seconds: int
    interval_seconds: int
    tells_resolved: bool
    continues: bool
    enabled: bool
    created_at: datetime
    updated_at: datetime


class NotificationView(BaseModel):
    """One message. Until `closed_at` it gathers; `due_at` is when it is closed or tried next."""

    id: uuid.UUID
    route_id: uuid.UUID | None
    receiver_id: uuid.UUID
    receiver_name: str
    group_labels: dict[str, str]
    is_test: bool
    fired: int
    resolved: int
    status: StatusName
    attempts: int
    created_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    delivered_at: datetime | None


class NotificationDetail(NotificationView):
    """With what is said, as a webhook gets it, and every attempt."""

    content: dict[str, Any]
    deliveries: list[DeliveryView]


class ToldAlert(BaseModel):
    """An alert as a message describes it: at most 40 labels and annotations of 1,000 signs."""

    id: uuid.UUID
    fingerprint: str
    cluster_id: uuid.UUID
    cluster_name: str
    alertname: str
    severity: SeverityName
    state: Literal["FIRING", "PENDING", "RESOLVED"]
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None
    generator_url: str


class ToldGroup(BaseModel):
    """`fired` and `resolved` count changes; `truncated`: there are more alerts than these."""

    route: str
    group_labels: dict[str, str]
    fired: int
    resolved: int
    truncated: bool
    alerts: list[ToldAlert]


class Message(BaseModel):
    """The body that a webhook receives."""

    version: Literal[1]
    type: Literal["alerts.changed", "test"]
    timestamp: datetime
    data: ToldGroup
