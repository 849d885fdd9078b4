"""/api/v1/gpu: what runs on the cards, what they did over time, and what was held for nothing."""

import math
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.api import pages
from apps.clusters.api.access import takes, user_of
from apps.clusters.api.moments import moment_of
from apps.observability.api import durations
from apps.observability.api import gpu_filters as filters
from apps.observability.api import gpu_use_examples as examples
from apps.observability.contract_gpu_use import GpuHistory, GpuProcessRow, GpuWaste
from apps.observability.models import GpuNode
from apps.observability.models.gpu_history import BUCKET_SECONDS, SPAN_SECONDS
from apps.observability.queries.gpus import history, processes, waste

DAY, WEEK = timedelta(days=1), timedelta(days=7)
TIMES = ("since", "until")
UNTIL = OpenApiParameter("until", OpenApiTypes.DATETIME, description="before this time; else now")
NAMESPACES = OpenApiParameter("namespace", many=True, description="exactly one of these")
PODS = OpenApiParameter("pod", many=True, description="exactly one of these")
OWNERS = OpenApiParameter("owner", many=True, description="exactly one of these")


class GpuHistoryView(APIView):
    @extend_schema(
        tags=["gpus"],
        operation_id="gpu_nodes_history",
        parameters=[
            OpenApiParameter(
                "since", OpenApiTypes.DATETIME, description="from this time on; else the past day"
            ),
            UNTIL,
            OpenApiParameter(
                "step",
                description="a duration such as 15s, 5m or 1h: a multiple of 15 s, from 5 m on "
                "one of those, and of what is older than a day not less. Else as fine as a chart "
                "has room for",
            ),
        ],
        responses=GpuHistory,
        examples=examples.HISTORY,
        extensions=takes("VIEWER"),
    )
    def get(self, request: Request, cluster_id: UUID, node_name: str) -> Response:
        """What each card and slice of a node did over time; null where nothing was measured."""
        filters.refuse_nonsense(request.query_params, (*TIMES, "step"))
        now = timezone.now()
        since, until = _times(request, now, DAY)
        over = history.window(since, until, _step(request, since, now), now)
        try:
            return Response(history.of_node(user_of(request), cluster_id, node_name, over))
        except history.TooMany:
            most = f"makes more than {history.MOST_POINTS:,} points; take longer steps"
            raise ValidationError({"step": most}) from None


class GpuProcessesView(GenericAPIView[GpuNode]):
    queryset = GpuNode.objects.none()

    @extend_schema(
        tags=["gpus"],
        operation_id="gpu_processes_list",
        parameters=[
            filters.CLUSTERS,
            filters.LABELS,
            filters.NODES,
            NAMESPACES,
            PODS,
            filters.ordering_by(processes.ORDERINGS, "What uses most memory first"),
            *pages.parameters(),
        ],
        responses=pages.list_of(GpuProcessRow),
        examples=examples.PROCESSES,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """Processes on all cards, by nvidia-smi; the DCGM exporter tells of none."""
        query = request.query_params
        known = (*filters.SCOPE, "node_name", "namespace", "pod", *filters.LISTED)
        filters.refuse_nonsense(query, known)
        wish = processes.Wish(
            cluster_ids=filters.clusters(query),
            labels=filters.labels(query),
            node_names=tuple(query.getlist("node_name")),
            namespaces=tuple(query.getlist("namespace")),
            pods=tuple(query.getlist("pod")),
        )
        ordering = filters.ordering_of(query, processes.ORDERINGS)
        found = processes.find(user_of(request), wish, ordering, timezone.now())
        return self.get_paginated_response(self.paginate_queryset(cast(Any, found)) or [])


class GpuWasteView(APIView):
    @extend_schema(
        tags=["gpus"],
        operation_id="gpu_waste",
        parameters=[
            filters.CLUSTERS,
            filters.LABELS,
            NAMESPACES,
            OWNERS,
            OpenApiParameter(
                "since", OpenApiTypes.DATETIME, description="from this time on; else the past week"
            ),
            UNTIL,
        ],
        responses=GpuWaste,
        examples=examples.WASTE,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """GPU-hours held, used and wasted, what they cost, and what is held for nothing now."""
        query = request.query_params
        filters.refuse_nonsense(query, (*filters.SCOPE, "namespace", "owner", *TIMES))
        now = timezone.now()
        since, until = _times(request, now, WEEK)
        wish = waste.Wish(
            since=since,
            until=until,
            cluster_ids=filters.clusters(query),
            labels=filters.labels(query),
            namespaces=tuple(query.getlist("namespace")),
            owners=tuple(query.getlist("owner")),
        )
        return Response(waste.measure(user_of(request), wish, now))


def _times(request: Request, now: datetime, default: timedelta) -> tuple[datetime, datetime]:
    """Read from when until when, no longer ago than anything is kept."""
    query = request.query_params
    oldest = now - timedelta(days=settings.GPU_HISTORY_DAYS)
    until = min(moment_of("until", query["until"]), now) if "until" in query else now
    if until <= oldest:
        raise ValidationError({"until": "is before anything that is kept"})
    since = moment_of("since", query["since"]) if "since" in query else until - default
    if since >= until:
        raise ValidationError({"since": "must be before `until`, and before now"})
    return max(since, oldest), until


def _step(request: Request, since: datetime, now: datetime) -> int | None:
    if "step" not in request.query_params:
        return None
    seconds = durations.read(request.query_params["step"])
    if not math.isfinite(seconds) or not BUCKET_SECONDS <= seconds <= DAY.total_seconds():
        raise ValidationError({"step": "must be a duration from 15s to 1d"})
    unit = BUCKET_SECONDS if seconds < SPAN_SECONDS else SPAN_SECONDS
    if seconds % unit:
        raise ValidationError({"step": "must be a multiple of 15s, and from 5m on one of 5m"})
    if unit == BUCKET_SECONDS and now - since > history.FINE:
        raise ValidationError({"step": "must be 5m or more for what is older than a day"})
    return int(seconds)
