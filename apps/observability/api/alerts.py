"""/api/v1/alerts: what fires in the fleet and what was over, in lists, groups, and one by one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, Field
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.api import pages
from apps.clusters.api.access import takes, user_of
from apps.observability.api import alert_examples as examples
from apps.observability.api import alert_filters as filters
from apps.observability.contract_alerts import (
    LOOKED_BACK_TO,
    AlertDetail,
    AlertGroupView,
    AlertTime,
    AlertView,
    ClusterCount,
    SeverityCounts,
    describe,
    describe_entry,
)
from apps.observability.models import Alert
from apps.observability.models.alert import State
from apps.observability.queries.alerts import finding, grouping
from apps.observability.queries.alerts.finding import NEWEST_FIRST, Found
from apps.observability.queries.alerts.grouping import Group, Groups

MOST_LABELS = 5


class AlertsPage(BaseModel):
    items: list[AlertView]
    total: int
    page: int
    page_size: int
    total_pages: int
    by_severity: SeverityCounts = Field(description="Of all that the filters leave.")
    looked_back_to: datetime | None = Field(description=LOOKED_BACK_TO)


class AlertGroupsPage(BaseModel):
    """`total` counts the groups, and `by_severity` the alerts in them."""

    items: list[AlertGroupView]
    total: int
    page: int
    page_size: int
    total_pages: int
    by_severity: SeverityCounts
    looked_back_to: datetime | None = Field(description=LOOKED_BACK_TO)


class Paged(GenericAPIView[Alert]):
    """A page with what is told besides of all that the filters leave."""

    queryset = Alert.objects.none()

    def answer(self, found: Found, ordering: Sequence[str]) -> Response:
        listed = found.listed(ordering)
        page: list[Alert] = self.paginate_queryset(cast(Any, listed)) or []
        return self._told([describe(alert) for alert in page], listed.by_severity, found)

    def answer_groups(self, groups: Groups, found: Found) -> Response:
        page: list[Group] = self.paginate_queryset(cast(Any, groups)) or []
        return self._told([_describe_group(one) for one in page], groups.by_severity(), found)

    def _told(self, items: list[Any], by_severity: Mapping[str, int], found: Found) -> Response:
        response = self.get_paginated_response(items)
        response.data["by_severity"] = SeverityCounts(**by_severity)
        response.data["looked_back_to"] = found.looked_back_to
        return response


class AlertsView(Paged):
    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_list",
        parameters=[filters.STATES, *filters.FILTERS, filters.ORDERING, *pages.parameters()],
        responses=AlertsPage,
        examples=examples.LIST,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """Alerts that are not over; what fires comes first, of that the worst, then the newest."""
        found = finding.find(user_of(request), filters.wish_of(request))
        return self.answer(found, filters.ordering_of(request.query_params))


class AlertHistoryView(Paged):
    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_history",
        parameters=[*filters.FILTERS, filters.ORDERING, *pages.parameters()],
        responses=AlertsPage,
        examples=examples.HISTORY,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """Alerts that are over; what was over last comes first."""
        if "state" in request.query_params:
            raise ValidationError({"state": "is no filter of the history: there all are RESOLVED"})
        wish = filters.wish_of(request)
        found = finding.find(user_of(request), filters.of_states(wish, State.RESOLVED))
        return self.answer(found, filters.ordering_of(request.query_params) or NEWEST_FIRST)


class AlertGroupsView(Paged):
    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_groups",
        parameters=[
            OpenApiParameter(
                "by",
                many=True,
                description=f"labels, at most {MOST_LABELS}, of which the first stands outermost; "
                "`cluster` is the cluster's name and `severity` ours. alertname, if not said",
            ),
            filters.STATES,
            *filters.FILTERS,
            *pages.parameters(),
        ],
        responses=AlertGroupsPage,
        examples=examples.GROUPS,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """Alerts by the values of labels, the worst first; a missing label reads "(none)"."""
        wish = filters.wish_of(request, filters.PAGING | {"by"})
        names = list(dict.fromkeys(request.query_params.getlist("by"))) or ["alertname"]
        if len(names) > MOST_LABELS or not all(names):
            raise ValidationError({"by": f"must be names of labels, at most {MOST_LABELS}"})
        found = finding.find(user_of(request), wish)
        return self.answer_groups(grouping.by_labels(found, names), found)


class SameAlertsView(Paged):
    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_same",
        parameters=[filters.STATES, *filters.FILTERS, *pages.parameters()],
        responses=AlertGroupsPage,
        examples=examples.THE_SAME,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """The same alert of several clusters as one, that of most clusters first.

        It is the same if the name and all labels agree, but for those that name a place or a thing
        of one cluster, such as `instance`, `node`, `pod`, `zone` and `prometheus`.
        """
        found = finding.find(user_of(request), filters.wish_of(request, filters.PAGING))
        return self.answer_groups(grouping.the_same(found), found)


class AlertOneView(APIView):
    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_retrieve",
        parameters=[
            OpenApiParameter("cluster_id", OpenApiTypes.UUID, description="that of this cluster")
        ],
        responses=AlertDetail,
        examples=examples.DETAIL,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request, fingerprint: str) -> Response:
        """One alert by its fingerprint, of several the newest; or by its id, that very one."""
        filters.refuse_others(request.query_params, frozenset({"cluster_id"}))
        text = request.query_params.get("cluster_id")
        cluster_id: UUID | None = filters.uuid_of("cluster_id", text) if text else None
        alert = finding.find_one(user_of(request), fingerprint, cluster_id)
        return Response(_detail(request, alert))


def _detail(request: Request, alert: Alert) -> AlertDetail:
    times = finding.times_of(user_of(request), alert, timezone.now())
    return AlertDetail(
        **dict(describe(alert)),
        story=[describe_entry(one) for one in alert.story.select_related("author")],
        times=[_time(one) for one in times.newest],
        times_in_24_h=times.in_24_h,
        flapping=times.is_flapping,
        also_in=times.also_in,
    )


def _time(alert: Alert) -> AlertTime:
    lasted = alert.ends_at and max(0.0, (alert.ends_at - alert.starts_at).total_seconds())
    return AlertTime.model_validate(
        {
            "id": alert.pk,
            "state": alert.state,
            "starts_at": alert.starts_at,
            "ends_at": alert.ends_at,
            "duration_seconds": lasted,
            "ending": alert.ending,
        }
    )


def _describe_group(group: Group) -> AlertGroupView:
    told = group.told
    return AlertGroupView(
        labels=group.key,
        missing=group.missing,
        total=group.total,
        by_severity=SeverityCounts(**told.by_severity),
        acknowledged=told.acknowledged,
        silenced=told.silenced,
        inhibited=told.inhibited,
        clusters=[
            ClusterCount(cluster_id=cluster_id, cluster_name=name, total=total)
            for name, cluster_id, total in group.clusters
        ],
        common_labels=group.common_labels,
        oldest_starts_at=told.oldest_starts_at,
        changed_at=told.changed_at,
    )
