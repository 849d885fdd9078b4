"""/api/v1/alerts/statistics: how long alerts wait and last, and which there are too many of."""

from datetime import timedelta
from itertools import islice
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.api.access import takes, user_of
from apps.observability.api import alert_examples as examples
from apps.observability.api import alert_filters as filters
from apps.observability.contract_alerts import (
    AlertStatistics,
    ClusterStatistics,
    FlappingAlert,
    NoisyAlert,
    SeverityCounts,
)
from apps.observability.queries.alerts import statistics
from apps.observability.queries.alerts.statistics import Statistics, Tally, Window

# What the figures are of, where nobody says since when.
WINDOW = timedelta(days=7)
NOISIEST, MOST_CLUSTERS = 20, 200


class AlertStatisticsView(APIView):
    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_statistics",
        parameters=filters.STATISTICS,
        responses=AlertStatistics,
        examples=examples.STATISTICS,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """How long alerts waited and lasted, and which there were most of; of the past 7 days."""
        filters.refuse_others(request.query_params, filters.OF_STATISTICS)
        wish = filters.wish_of(request)
        window = filters.window_of(wish, WINDOW)
        measured = statistics.measure(user_of(request), wish, window)
        return Response(_describe(measured, window))


def _describe(measured: Statistics, window: Window) -> AlertStatistics:
    whole = measured.whole
    return AlertStatistics(
        since=window.since,
        until=window.until,
        looked_back_to=measured.looked_back_to,
        total=whole.total,
        active=whole.total - whole.resolved,
        resolved=whole.resolved,
        acknowledged=whole.acknowledged,
        by_severity=SeverityCounts(**measured.by_severity),
        noisiest=[
            NoisyAlert(alertname=name, clusters=tally.clusters, **_figures(tally))
            for name, tally in islice(measured.by_name.items(), NOISIEST)
        ],
        flapping=[
            FlappingAlert.model_validate(one, from_attributes=True) for one in measured.flapping
        ],
        by_cluster=[
            ClusterStatistics(cluster_id=cluster_id, cluster_name=name, **_figures(tally))
            for (cluster_id, name), tally in islice(measured.by_cluster.items(), MOST_CLUSTERS)
        ],
        mean_seconds_to_acknowledge=whole.seconds_to_acknowledge,
        mean_seconds_to_resolve=whole.seconds_to_resolve,
    )


def _figures(tally: Tally) -> dict[str, Any]:
    return {
        "total": tally.total,
        "mean_seconds_to_acknowledge": tally.seconds_to_acknowledge,
        "mean_seconds_to_resolve": tally.seconds_to_resolve,
    }
