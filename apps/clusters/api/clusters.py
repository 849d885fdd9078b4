"""/api/v1/clusters: the registry over REST."""

from typing import Literal, cast
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.clusters.actions import capabilities, credentials, health, registration
from apps.clusters.api.access import (
    answer_anew,
    answer_with,
    find,
    present,
    require_admin_of_all,
    visible,
)
from apps.clusters.api.filters import ABILITIES, CHOICES, ORDERINGS, narrow
from apps.clusters.api.forms import CredentialsForm, RegistrationForm, credential_of
from apps.clusters.api.moments import moment_of
from apps.clusters.api.pages import list_of
from apps.clusters.api.preconditions import generations_read
from apps.clusters.contract import (
    ClusterAnswer,
    ClusterStatus,
    PastCheck,
    describe_check,
    describe_status,
)
from apps.clusters.models import Cluster, HealthCheck
from apps.clusters.models.grant import Role
from apps.clusters.tasks import check_soon


class Queued(BaseModel):
    status: Literal["queued"] = "queued"


class Stored(BaseModel):
    status: Literal["stored"] = "stored"


FILTERS = [
    *(OpenApiParameter(name, enum=choices.values, many=True) for name, choices in CHOICES.items()),
    OpenApiParameter("name"),
    OpenApiParameter("region"),
    *(
        OpenApiParameter(name, OpenApiTypes.BOOL, description="neither includes the unknown")
        for name in ABILITIES
    ),
    OpenApiParameter("enabled", OpenApiTypes.BOOL),
    OpenApiParameter("label", many=True, description="key=value; repeat to narrow further"),
    OpenApiParameter("search", description="in name, display name, region and API server URL"),
    OpenApiParameter("ordering", description=f"-field for descending; {', '.join(ORDERINGS)}"),
]


@extend_schema(tags=["clusters"])
class ClusterViewSet(GenericViewSet[Cluster]):
    """Clusters that the asking user may see; changing them takes the role admin."""

    queryset = Cluster.objects.none()
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

    @extend_schema(operation_id="clusters_list", parameters=FILTERS, responses=ClusterAnswer)
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(narrow(visible(request), request.query_params))
        return self.get_paginated_response(present(page or [], request))

    @extend_schema(request=RegistrationForm, responses={201: ClusterAnswer})
    def create(self, request: Request) -> Response:
        """Register a cluster. Its credentials may come with it; they are never returned."""
        require_admin_of_all(request)
        form = RegistrationForm(data=request.data)
        form.is_valid(raise_exception=True)
        cluster = registration.register(form.model_fields(), form.credential())
        check_soon()
        return answer_anew(cluster.pk, request, status=201)

    @extend_schema(responses=ClusterAnswer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        return answer_with(find(request, pk=pk), request)

    @extend_schema(request=RegistrationForm, responses=ClusterAnswer)
    def update(self, request: Request, pk: UUID, partial: bool = False) -> Response:
        cluster = find(request, Role.ADMIN, pk=pk)
        form = RegistrationForm(cluster, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        only_if = generations_read(request)
        registration.change(cluster, form.model_fields(), form.credential(), only_if)
        check_soon()
        return answer_anew(cluster.pk, request)

    @extend_schema(request=RegistrationForm, responses=ClusterAnswer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        return self.update(request, pk, partial=True)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        registration.retire(find(request, Role.ADMIN, pk=pk), generations_read(request))
        return Response(status=204)

    @extend_schema(responses=ClusterAnswer)
    @action(detail=False, url_path=r"by-name/(?P<name>[A-Za-z0-9-]+)")
    def by_name(self, request: Request, name: str) -> Response:
        return answer_with(find(request, name=name), request)

    @extend_schema(responses=ClusterStatus)
    @action(detail=True)
    def status(self, request: Request, pk: UUID) -> Response:
        return Response(describe_status(find(request, pk=pk)))

    @extend_schema(
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATETIME),
            OpenApiParameter("page", OpenApiTypes.INT),
            OpenApiParameter("page_size", OpenApiTypes.INT),
        ],
        responses=list_of(PastCheck),
    )
    @action(detail=True, url_path="health-history")
    def health_history(self, request: Request, pk: UUID) -> Response:
        """Past checks, newest first."""
        checks = HealthCheck.objects.filter(cluster=find(request, pk=pk))
        if "since" in request.query_params:
            checks = checks.filter(
                checked_at__gte=moment_of("since", request.query_params["since"])
            )
        page = cast(list[HealthCheck], self.paginate_queryset(checks.order_by("-checked_at")))  # type: ignore[arg-type]  # the viewset's own model is Cluster
        return self.get_paginated_response([describe_check(check) for check in page])

    @extend_schema(request=None, responses={202: Queued})
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, pk: UUID) -> Response:
        """Check and discover now. What is new arrives as events, like every other change."""
        cluster = find(request, Role.OPERATOR, pk=pk)
        health.make_due(cluster)
        capabilities.make_due(cluster)
        check_soon()
        return Response(Queued(), status=202)

    @extend_schema(request=CredentialsForm, responses=Stored)
    @action(detail=True, methods=["post"])
    def credentials(self, request: Request, pk: UUID) -> Response:
        """Replace what opens the cluster. Nothing of it is ever returned."""
        cluster = find(request, Role.ADMIN, pk=pk)
        form = CredentialsForm(data=request.data)
        form.is_valid(raise_exception=True)
        credentials.store(cluster, credential_of(form.validated_data))
        check_soon()
        return Response(Stored())
