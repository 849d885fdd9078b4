"""What people send to make a silence, and how silences look from outside."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.utils import timezone
from pydantic import BaseModel, Field
from rest_framework import serializers

from apps.clusters.api.texts import TextField
from apps.observability.models import Alert
from apps.observability.queries.silences import Kept
from apps.observability.sources import matchers as rules
from apps.observability.sources.matchers import Matcher
from apps.observability.sources.silences import Wanted

StateName = Literal["ACTIVE", "PENDING", "EXPIRED"]
MOST_CLUSTERS = 500
LONGEST = timedelta(days=3660)


class MatcherForm(serializers.Serializer[Any]):
    """As Alertmanager's: a regular expression is RE2's, and has to match the whole value."""

    name = TextField(max_length=rules.LONGEST_NAME, trim_whitespace=False)
    value = TextField(max_length=rules.LONGEST_VALUE, allow_blank=True, trim_whitespace=False)
    is_regex = serializers.BooleanField(required=False, default=False)
    is_equal = serializers.BooleanField(required=False, default=True)


class _MatchersField(serializers.ListField):
    child = MatcherForm()

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=rules.MOST_MATCHERS, **options)

    def to_internal_value(self, data: Any) -> Any:
        read = tuple(Matcher(**one) for one in super().to_internal_value(data))
        try:
            rules.check(read)
        except rules.Refused as refused:
            raise serializers.ValidationError(f"{refused}.") from None
        return read


def _clusters(**options: Any) -> serializers.ListField:
    child = serializers.UUIDField()
    return serializers.ListField(child=child, max_length=MOST_CLUSTERS, required=False, **options)


class PreviewForm(serializers.Serializer[Any]):
    cluster_ids = _clusters(default=list, help_text="Empty: all clusters that you may see.")
    matchers = _MatchersField()


class SilenceChangeForm(serializers.Serializer[Any]):
    """Until `ends_at`, or for `duration_seconds` from its start. Without `starts_at` it is now."""

    matchers = _MatchersField()
    starts_at = serializers.DateTimeField(default_timezone=UTC, required=False)
    ends_at = serializers.DateTimeField(default_timezone=UTC, required=False)
    duration_seconds = serializers.IntegerField(
        min_value=60, max_value=int(LONGEST.total_seconds()), required=False
    )
    comment = TextField(max_length=2000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        now = timezone.now()
        # Alertmanager silences nothing in the past either.
        starts_at = max(attrs.get("starts_at", now), now)
        attrs["starts_at"], attrs["ends_at"] = starts_at, _end_of(attrs, starts_at)
        return attrs

    def wanted(self, username: str, alert: Alert | None = None) -> Wanted:
        """Return the silence as it was described; what is not said is as `alert` has it."""
        sent = self.validated_data
        return Wanted(
            sent.get("matchers") or (exactly(alert) if alert else ()),
            sent["starts_at"],
            sent["ends_at"],
            username,
            sent["comment"],
        )


class SilenceForm(SilenceChangeForm):
    """`alert_id`: the alert it is made for, which has its cluster and labels taken if none are
    named."""

    cluster_ids = _clusters(min_length=1)
    matchers = _MatchersField(required=False)
    alert_id = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "alert_id" not in attrs:
            for name in ("cluster_ids", "matchers"):
                if name not in attrs:
                    raise serializers.ValidationError({name: "is needed, or an alert_id."})
        return super().validate(attrs)


def _end_of(attrs: Mapping[str, Any], starts_at: datetime) -> datetime:
    if ("ends_at" in attrs) is ("duration_seconds" in attrs):
        raise serializers.ValidationError({"ends_at": "is needed, or duration_seconds; not both."})
    if "duration_seconds" in attrs:
        try:
            return starts_at + timedelta(seconds=attrs["duration_seconds"])
        except OverflowError:
            raise serializers.ValidationError({"starts_at": "is too far away."}) from None
    ends_at: datetime = attrs["ends_at"]
    if ends_at <= starts_at:
        raise serializers.ValidationError(
            {"ends_at": "must be later than its start, and than now."}
        )
    if ends_at - starts_at > LONGEST:
        raise serializers.ValidationError({"ends_at": "is more than ten years after its start."})
    return ends_at


def exactly(alert: Alert) -> tuple[Matcher, ...]:
    """Return matchers of this alert, and of no other of its Alertmanager."""
    return tuple(Matcher(name, value) for name, value in sorted(alert.labels.items()) if value)


class MatcherView(BaseModel):
    name: str
    value: str
    is_regex: bool
    is_equal: bool


class SilenceView(BaseModel):
    """A silence of one cluster's Alertmanager."""

    id: str
    cluster_id: UUID
    cluster_name: str
    state: StateName
    matchers: list[MatcherView]
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime
    created_by: str
    comment: str
    silenced_alerts: int = Field(
        description="How many of the alerts that you may see it keeps silent, when last looked at."
    )


class SilencesByState(BaseModel):
    ACTIVE: int
    PENDING: int
    EXPIRED: int


class SilenceList(BaseModel):
    """`by_state` counts what the other filters leave. A cluster that did not answer is named in
    `warnings`, and nothing of it is in here."""

    items: list[SilenceView]
    total: int
    page: int
    page_size: int
    total_pages: int
    by_state: SilencesByState
    clusters_queried: int
    clusters_succeeded: int
    warnings: list[str]


class SilenceError(BaseModel):
    code: str
    message: str


class SilenceResult(BaseModel):
    """What became of one cluster: the id of its silence, or an error."""

    cluster_id: UUID
    cluster_name: str | None
    status: Literal["CREATED", "EXISTS", "REFUSED", "FAILED", "NOT_FOUND"]
    id: str | None
    error: SilenceError | None


class SilenceResults(BaseModel):
    results: list[SilenceResult]


class SilenceChanged(BaseModel):
    """`id` is a new one where Alertmanager had to end the old silence for it."""

    cluster_id: UUID
    id: str
    replaced: bool


class AlertMatch(BaseModel):
    id: UUID
    fingerprint: str
    alertname: str
    severity: Literal["CRITICAL", "WARNING", "INFO"]
    state: Literal["FIRING", "PENDING"]
    labels: dict[str, str]
    starts_at: datetime
    silenced: bool


class ClusterMatches(BaseModel):
    cluster_id: UUID
    cluster_name: str
    total: int
    alerts: list[AlertMatch] = Field(description="The newest 20.")


class SilencePreview(BaseModel):
    """The alerts that these matchers would silence now, by cluster; pending ones once they fire."""

    matchers: list[str]
    total: int
    complete: bool = Field(
        description="False: there are more alerts than the 100,000 that were compared, so that "
        "each total is the least that it may be."
    )
    clusters: list[ClusterMatches]


def state_of(kept: Kept) -> StateName:
    match kept.silence.state:
        case "active":
            return "ACTIVE"
        case "pending":
            return "PENDING"
    return "EXPIRED"


def describe(kept: Kept, silenced_alerts: int) -> SilenceView:
    one = kept.silence
    return SilenceView(
        id=one.id,
        cluster_id=kept.target.cluster_id,
        cluster_name=kept.target.name,
        state=state_of(kept),
        matchers=[MatcherView.model_validate(each, from_attributes=True) for each in one.matchers],
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        updated_at=one.updated_at,
        created_by=one.created_by,
        comment=one.comment,
        silenced_alerts=silenced_alerts,
    )


def words_of(kept: Kept) -> str:
    """Return all that a silence may be searched by."""
    one = kept.silence
    said: Sequence[str] = [one.id, one.comment, one.created_by, *map(str, one.matchers)]
    return "\n".join(said).casefold()
