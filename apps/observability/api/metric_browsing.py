"""/api/v1/metrics: what metrics, labels and values there are, merged over the clusters."""

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.clusters.api.access import takes, user_of
from apps.errors import Problem
from apps.observability.api import examples
from apps.observability.api.wishing import WishingView
from apps.observability.promql.naming import is_plain
from apps.observability.queries import browsing
from apps.observability.queries.browsing import Found, Scope

MOST_MATCHES = 20
CLUSTERS = OpenApiParameter(
    "cluster_id",
    OpenApiTypes.UUID,
    many=True,
    description="only these; repeat for more. Else all enabled ones that you may see",
)
MATCH = OpenApiParameter(
    "match",
    many=True,
    description='only of series that one of these selectors means, such as `up{job="node"}`',
)
LIMIT = OpenApiParameter("limit", OpenApiTypes.INT, description="no more than so many")
OFFLINE = OpenApiParameter(
    "ask_offline",
    OpenApiTypes.BOOL,
    description="ask clusters too that were found offline a moment ago",
)
METRIC = OpenApiParameter("metric", description="of this metric alone")
REFUSALS = {
    404: OpenApiResponse(Problem, description="A named cluster is not there, or is disabled."),
    422: OpenApiResponse(Problem, description="No cluster could do what was asked."),
    502: OpenApiResponse(Problem, description="No cluster answered; `details.clusters` says why."),
    504: OpenApiResponse(Problem, description="No cluster answered in time."),
}
OF_WHOLE_CLUSTERS = OpenApiResponse(
    Problem, description="Your grants hold you to namespaces, and metadata is of whole clusters."
)


class _Merged(BaseModel):
    clusters_queried: int
    clusters_succeeded: int
    warnings: list[str]


class MergedWords(_Merged):
    items: list[str]


class MergedSeries(_Merged):
    """Each series is its labels; `cluster` among them says of which cluster it is."""

    items: list[dict[str, str]]


class MetricMetadata(BaseModel):
    type: str
    help: str
    unit: str


class MergedMetadata(_Merged):
    """By the name of the metric; several where the clusters differ."""

    items: dict[str, list[MetricMetadata]]


class ScopeForm(serializers.Serializer[Any]):
    cluster_id = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=1000
    )
    match = serializers.ListField(
        child=serializers.CharField(max_length=8192),
        required=False,
        default=list,
        max_length=MOST_MATCHES,
    )
    limit = serializers.IntegerField(default=0, min_value=0, max_value=1_000_000)
    metric = serializers.CharField(default="", max_length=1024)
    ask_offline = serializers.BooleanField(default=False)


class _BrowsingView(WishingView):
    known: ClassVar[frozenset[str]] = frozenset({"cluster_id", "match", "limit", "ask_offline"})

    def answer(self, request: Request, find: Callable[[User, Scope], Found]) -> Response:
        found = find(user_of(request), self.scope(request))
        return Response(
            {
                "items": found.data,
                "clusters_queried": found.coverage.asked,
                "clusters_succeeded": found.coverage.answered,
                "warnings": found.coverage.warnings,
            }
        )

    def scope(self, request: Request) -> Scope:
        sent = request.query_params
        for name in sent:
            if name not in self.known:
                known = ", ".join(sorted(self.known))
                raise ValidationError({name: f"is no parameter; there are: {known}"})
        lists = {name: sent.getlist(name) for name in ("cluster_id", "match") if name in sent}
        single = {name: sent[name] for name in ("limit", "metric", "ask_offline") if name in sent}
        form = ScopeForm(data={**lists, **single})
        form.is_valid(raise_exception=True)
        read = form.validated_data
        self.wishes.ask_offline = read["ask_offline"]
        params = {"metric": read["metric"]} if read["metric"] else {}
        return Scope(read["match"], params, limit=read["limit"], cluster_ids=read["cluster_id"])


class LabelsView(_BrowsingView):
    @extend_schema(
        tags=["metrics"],
        parameters=[CLUSTERS, MATCH, LIMIT, OFFLINE],
        responses={200: MergedWords, **REFUSALS},
        examples=examples.LABELS,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """The names of all labels, of all clusters together."""
        return self.answer(request, browsing.labels)


class LabelValuesView(_BrowsingView):
    @extend_schema(
        tags=["metrics"],
        parameters=[CLUSTERS, MATCH, LIMIT, OFFLINE],
        responses={200: MergedWords, **REFUSALS},
        examples=examples.LABEL_VALUES,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request, label: str) -> Response:
        """The values of one label, of all clusters together; `__name__` is that of the metric."""
        if not is_plain(label):
            raise ValidationError({"label": "is no name of a label, such as `job`."})

        def find(user: User, scope: Scope) -> Found:
            return browsing.label_values(user, label, scope)

        return self.answer(request, find)


class SeriesView(_BrowsingView):
    @extend_schema(
        tags=["metrics"],
        parameters=[CLUSTERS, MATCH, LIMIT, OFFLINE],
        responses={200: MergedSeries, **REFUSALS},
        examples=examples.SERIES_LIST,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """The series that a selector means, each with the name of its cluster."""
        if not request.query_params.getlist("match"):
            raise ValidationError({"match": "is needed: a selector, such as `up`."})
        return self.answer(request, browsing.series)


class MetadataView(_BrowsingView):
    known = frozenset({"cluster_id", "limit", "metric", "ask_offline"})

    @extend_schema(
        tags=["metrics"],
        parameters=[CLUSTERS, METRIC, LIMIT, OFFLINE],
        responses={200: MergedMetadata, 403: OF_WHOLE_CLUSTERS, **REFUSALS},
        examples=examples.METADATA,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """What the metrics are: type, unit, and what their makers say of them."""
        return self.answer(request, browsing.metadata)
