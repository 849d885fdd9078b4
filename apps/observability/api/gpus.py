"""/api/v1/gpu: nodes with their cards as they were read last, one by one and added up."""

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.api import pages
from apps.clusters.api.access import takes, user_of
from apps.observability.api import gpu_examples as examples
from apps.observability.api import gpu_filters as filters
from apps.observability.collect import gpu_interest
from apps.observability.contract_gpu_answers import GpuNodeDetail, GpuSummary
from apps.observability.contract_gpus import GpuNodeView
from apps.observability.models import GpuNode
from apps.observability.queries.gpus import nodes, summary


class GpuNodesView(GenericAPIView[GpuNode]):
    queryset = GpuNode.objects.none()

    @extend_schema(
        tags=["gpus"],
        operation_id="gpu_nodes_list",
        parameters=[*filters.FILTERS, filters.ORDERING, *pages.parameters()],
        responses=pages.list_of(GpuNodeView),
        examples=examples.NODES,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """Nodes with GPUs, and all their cards. Of named clusters without any it is 404."""
        wish = filters.nodes_wish(request.query_params)
        ordering = filters.ordering_of(request.query_params)
        found = nodes.find(user_of(request), wish, ordering, timezone.now())
        return self.get_paginated_response(self.paginate_queryset(cast(Any, found)) or [])


class GpuNodeOneView(APIView):
    @extend_schema(
        tags=["gpus"],
        operation_id="gpu_nodes_retrieve",
        responses=GpuNodeDetail,
        examples=examples.NODE,
        extensions=takes("VIEWER"),
    )
    def get(self, request: Request, cluster_id: UUID, node_name: str) -> Response:
        """One node, with who holds its cards. It is read every few seconds while this is asked."""
        filters.refuse_nonsense(request.query_params, ())
        found = nodes.find_one(user_of(request), cluster_id, node_name, timezone.now())
        gpu_interest.look(cluster_id, node_name)
        return Response(found)


class GpuSummaryView(APIView):
    @extend_schema(
        tags=["gpus"],
        operation_id="gpu_summary",
        parameters=[filters.CLUSTERS, filters.LABELS],
        responses=GpuSummary,
        examples=examples.SUMMARY,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """All GPUs added up: in all, by model, MIG profile and cluster, and which are silent."""
        query = request.query_params
        filters.refuse_nonsense(query, filters.SCOPE)
        chosen = filters.clusters(query), filters.labels(query)
        return Response(summary.summarise(user_of(request), *chosen, timezone.now()))
