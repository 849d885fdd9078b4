"""/api/v1/fleet: the fleet in a few numbers, its health, and what it can do."""

from uuid import UUID

from django.db.models import Avg, Count, QuerySet, Sum
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.api import examples, pages
from apps.clusters.api.access import takes, user_of, visible
from apps.clusters.api.filters import PARAMETERS, narrow
from apps.clusters.contract import ClusterStatus, describe_capabilities, describe_status
from apps.clusters.fleet import FleetCapabilities, merge
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import GPU_COUNT, ClusterType, Environment, State


class FleetSummary(BaseModel):
    """Disabled clusters count in the totals; the score is the mean over enabled, checked ones.

    GPUs and network functions are those that discovery knows of.
    """

    total_clusters: int
    by_state: dict[str, int]
    by_type: dict[str, int]
    by_environment: dict[str, int]
    total_gpu_count: int
    clusters_with_cnf: int
    avg_health_score: float | None


class ClusterHealth(BaseModel):
    cluster_id: UUID
    cluster_name: str
    enabled: bool
    status: ClusterStatus


class FleetSummaryView(APIView):
    @extend_schema(
        tags=["fleet"],
        responses=FleetSummary,
        examples=examples.SUMMARY,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """The clusters that you may see, in a few numbers."""
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
                total_gpu_count=clusters.aggregate(gpus=Sum(GPU_COUNT))["gpus"] or 0,
                clusters_with_cnf=clusters.filter(capabilities__has_cnf_workloads=True).count(),
                avg_health_score=None if average is None else round(float(average), 1),
            )
        )


class FleetHealthView(GenericAPIView[Cluster]):
    queryset = Cluster.objects.none()

    @extend_schema(
        tags=["fleet"],
        parameters=[*PARAMETERS, *pages.parameters()],
        responses=pages.list_of(ClusterHealth),
        examples=examples.FLEET_HEALTH,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """The last conclusion about each cluster, with the filters of the cluster list."""
        page = self.paginate_queryset(narrow(visible(request), request.query_params)) or []
        return self.get_paginated_response(
            [
                ClusterHealth(
                    cluster_id=cluster.pk,
                    cluster_name=cluster.name,
                    enabled=cluster.enabled,
                    status=describe_status(cluster),
                )
                for cluster in page
            ]
        )


class FleetCapabilitiesView(APIView):
    @extend_schema(
        tags=["fleet"],
        responses=FleetCapabilities,
        examples=examples.FLEET_CAPABILITIES,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """What the visible clusters can do together."""
        return Response(merge([describe_capabilities(one) for one in visible(request)]))


def _count(clusters: QuerySet[Cluster], field: str, values: list[str]) -> dict[str, int]:
    found = clusters.order_by().values_list(field).annotate(Count("pk"))
    return dict.fromkeys(values, 0) | dict(found)
