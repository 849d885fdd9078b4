"""/api/v1/fleet: the fleet in a few numbers."""

from django.db.models import Avg, Count, QuerySet
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.api.access import user_of
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import ClusterType, Environment, State


class FleetSummary(BaseModel):
    """Disabled clusters count in the totals; the score is the mean over enabled, checked ones."""

    total_clusters: int
    by_state: dict[str, int]
    by_type: dict[str, int]
    by_environment: dict[str, int]
    avg_health_score: float | None


class FleetSummaryView(APIView):
    @extend_schema(tags=["fleet"], responses=FleetSummary)
    def get(self, request: Request) -> Response:
        clusters = Cluster.objects.visible_to(user_of(request))
        checked = clusters.enabled().exclude(state=State.UNKNOWN)
        by_state = _count(clusters, "state", State.values)
        average = checked.aggregate(average=Avg("health_score"))["average"]
        return Response(
            FleetSummary(
                total_clusters=sum(by_state.values()),
                by_state=by_state,
                by_type=_count(clusters, "cluster_type", ClusterType.values),
                by_environment=_count(clusters, "environment", Environment.values),
                avg_health_score=None if average is None else round(float(average), 1),
            )
        )


def _count(clusters: QuerySet[Cluster], field: str, values: list[str]) -> dict[str, int]:
    found = clusters.order_by().values_list(field).annotate(Count("pk"))
    return dict.fromkeys(values, 0) | dict(found)
