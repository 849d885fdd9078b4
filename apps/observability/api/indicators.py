"""/api/v1/indicators: what the fleet's indicators come to, now and over time."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.api import pages
from apps.clusters.api.access import takes, user_of
from apps.clusters.api.moments import moment_of
from apps.clusters.errors import NO_SUCH_CLUSTER, ClusterNotFound
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Rights
from apps.errors import Problem
from apps.observability.api import indicator_examples as examples
from apps.observability.api.metric_browsing import CLUSTERS
from apps.observability.collect import reviewing
from apps.observability.collect.reviewing import Clusters, Window
from apps.observability.contract import IndicatorSeries, IndicatorView
from apps.observability.errors import NO_SUCH_INDICATOR, IndicatorNotFound
from apps.observability.models import Indicator

MOST_POINTS = 100_000
SINCE = OpenApiParameter(
    "since",
    OpenApiTypes.DATETIME,
    description="from this time on; of a day or less each minute is told, of more each full hour. "
    "Else the past day of named clusters, or the past hour of all",
)
KEPT_BACK = "An indicator is of a whole cluster, and of this one you see {names}."
ABSENT = OpenApiResponse(Problem, description="A named cluster is not there, or the indicator.")


class IndicatorsView(GenericAPIView[Indicator]):
    queryset = Indicator.objects.none()

    @extend_schema(
        tags=["indicators"],
        operation_id="indicators_list",
        parameters=[CLUSTERS, *pages.parameters()],
        responses=pages.list_of(IndicatorView),
        examples=examples.LIST,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """The newest value of every indicator on every cluster, and how it stands."""
        _refuse_others(request, {"cluster_id", "page", "page_size"})
        clusters = _clusters(request)
        page = self.paginate_queryset(Indicator.objects.filter(enabled=True)) or []
        return self.get_paginated_response(reviewing.newest(list(page), clusters, timezone.now()))


class IndicatorSeriesView(APIView):
    @extend_schema(
        tags=["indicators"],
        operation_id="indicators_series",
        parameters=[CLUSTERS, SINCE],
        responses={200: IndicatorSeries, 404: ABSENT},
        examples=examples.SERIES,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request, indicator: str) -> Response:
        """One indicator over time, a line for each cluster."""
        _refuse_others(request, {"cluster_id", "since"})
        found = Indicator.objects.filter(name=indicator, enabled=True).first()
        if found is None:
            raise IndicatorNotFound(NO_SUCH_INDICATOR)
        clusters = _clusters(request)
        window = _window(request, timezone.now())
        if window.points * len(clusters) > MOST_POINTS:
            too_many = (
                f"makes more than {MOST_POINTS:,} points. Name fewer clusters, or begin later."
            )
            raise ValidationError({"since": too_many})
        return Response(
            {
                "name": found.name,
                "title": found.title,
                "unit": found.unit,
                "thresholds": reviewing.thresholds_of(found),
                "since": window.since,
                "resolution_seconds": int(window.step.total_seconds()),
                "series": reviewing.series(found, clusters, window),
            }
        )


def _window(request: Request, now: datetime) -> Window:
    query = request.query_params
    if "since" in query:
        oldest = now - timedelta(days=settings.INDICATOR_HISTORY_DAYS)
        return Window(max(moment_of("since", query["since"]), oldest), now)
    return Window(now - timedelta(hours=24 if "cluster_id" in query else 1), now)


def _clusters(request: Request) -> Clusters:
    """Return the named clusters, or all enabled ones, by name; one that is hidden is not there."""
    user = user_of(request)
    clusters = Cluster.objects.visible_to(user)
    wanted = {_id_of(text) for text in request.query_params.getlist("cluster_id")}
    clusters = clusters.filter(pk__in=wanted) if wanted else clusters.enabled()
    found = list(clusters.order_by("name").only("name", "environment", "labels"))
    if wanted - {one.pk for one in found}:
        raise ClusterNotFound(NO_SUCH_CLUSTER)
    rights = Rights.of(user)
    held = {
        one.pk: KEPT_BACK.format(names=", ".join(sorted(names)))
        for one in found
        if (names := rights.namespaces_on(one)) is not None
    }
    return Clusters({one.pk: one.name for one in found}, held)


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError({"cluster_id": "must be the id of a cluster"}) from None


def _refuse_others(request: Request, known: set[str]) -> None:
    for name in request.query_params:
        if name not in known:
            raise ValidationError({name: f"is no filter; there are: {', '.join(sorted(known))}"})
