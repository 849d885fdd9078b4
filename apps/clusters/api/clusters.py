"""/api/v1/clusters: the registry over REST."""

from typing import Literal, cast
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.clusters.actions import registration, webhook_tokens
from apps.clusters.api import examples, pages
from apps.clusters.api.access import (
    UUID_FORM,
    answer_anew,
    answer_with,
    find,
    present,
    require_admin_of_all,
    takes,
    visible,
)
from apps.clusters.api.filters import PARAMETERS, narrow
from apps.clusters.api.forms import RegistrationForm
from apps.clusters.api.moments import span_of
from apps.clusters.api.preconditions import CHANGED, ONLY_IF, TAG, generations_read
from apps.clusters.contract import (
    ClusterAnswer,
    ClusterStatus,
    PastCheck,
    describe_check,
    describe_status,
)
from apps.clusters.models import CheckSchedule, Cluster, HealthCheck
from apps.clusters.models.check_schedule import DUE
from apps.clusters.models.grant import Role
from apps.clusters.tasks import check_soon
from apps.errors import Problem


class Queued(BaseModel):
    status: Literal["queued"] = "queued"


class WebhookToken(BaseModel):
    token: str


NAME_TAKEN = OpenApiResponse(Problem, description="Another cluster goes by this name.")


@extend_schema(tags=["clusters"])
class ClusterViewSet(GenericViewSet[Cluster]):
    """Clusters that the asking user may see; changing them takes the role admin."""

    queryset = Cluster.objects.none()
    lookup_value_regex = UUID_FORM

    @extend_schema(
        operation_id="clusters_list",
        parameters=PARAMETERS,
        responses=ClusterAnswer,
        examples=examples.CLUSTER,
        extensions=takes("SIGNED_IN"),
    )
    def list(self, request: Request) -> Response:
        """The clusters that you may see, by page."""
        page = self.paginate_queryset(narrow(visible(request), request.query_params))
        return self.get_paginated_response(present(page or [], request))

    @extend_schema(
        request=RegistrationForm,
        parameters=[TAG],
        responses={201: ClusterAnswer, 409: NAME_TAKEN},
        examples=examples.REGISTRATION + examples.REGISTERED,
        extensions=takes("ADMIN_OF_ALL"),
    )
    def create(self, request: Request) -> Response:
        """Register a cluster. Its credentials may come with it; they are never returned."""
        require_admin_of_all(request)
        form = RegistrationForm(data=request.data)
        form.is_valid(raise_exception=True)
        cluster = registration.register(form.model_fields(), form.credential())
        check_soon()
        return answer_anew(cluster.pk, request, status=201)

    @extend_schema(
        parameters=[TAG],
        responses=ClusterAnswer,
        examples=examples.CLUSTER,
        extensions=takes("VIEWER"),
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One cluster, as people describe it and as it was last found."""
        return answer_with(find(request, pk=pk), request)

    @extend_schema(
        request=RegistrationForm,
        parameters=[ONLY_IF, TAG],
        responses={200: ClusterAnswer, 409: NAME_TAKEN, 412: CHANGED},
        examples=examples.REGISTRATION + examples.CLUSTER,
        extensions=takes("ADMIN"),
    )
    def update(self, request: Request, pk: UUID, partial: bool = False) -> Response:
        """Describe a cluster anew; what is not named goes back to its default.

        Credentials stay unless new ones come with it. An address may only move to another host
        together with the token that is to follow it.
        """
        cluster = find(request, Role.ADMIN, pk=pk)
        form = RegistrationForm(cluster, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        only_if = generations_read(request)
        registration.change(cluster, form.model_fields(), form.credential(), only_if)
        check_soon()
        return answer_anew(cluster.pk, request)

    @extend_schema(
        request=RegistrationForm,
        parameters=[ONLY_IF, TAG],
        responses={200: ClusterAnswer, 409: NAME_TAKEN, 412: CHANGED},
        examples=examples.CHANGE + examples.CLUSTER,
        extensions=takes("ADMIN"),
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change what is named and leave the rest. Labels are one value: send all of them."""
        return self.update(request, pk, partial=True)

    @extend_schema(
        parameters=[ONLY_IF], responses={204: None, 412: CHANGED}, extensions=takes("ADMIN")
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Forget a cluster, with its credentials and its history. Nothing brings it back."""
        registration.retire(find(request, Role.ADMIN, pk=pk), generations_read(request))
        return Response(status=204)

    @extend_schema(
        parameters=[TAG],
        responses=ClusterAnswer,
        examples=examples.CLUSTER,
        extensions=takes("VIEWER"),
    )
    @action(detail=False, url_path=r"by-name/(?P<name>[A-Za-z0-9-]+)")
    def by_name(self, request: Request, name: str) -> Response:
        """One cluster, by its name."""
        return answer_with(find(request, name=name), request)

    @extend_schema(responses=ClusterStatus, examples=examples.STATUS, extensions=takes("VIEWER"))
    @action(detail=True)
    def status(self, request: Request, pk: UUID) -> Response:
        """What the last check concluded. Nothing is asked of the cluster for it."""
        return Response(describe_status(find(request, pk=pk)))

    @extend_schema(
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="from this time on"),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="before this time"),
            *pages.parameters(),
        ],
        responses=pages.list_of(PastCheck),
        examples=examples.HISTORY,
        extensions=takes("VIEWER"),
    )
    @action(detail=True, url_path="health-history")
    def health_history(self, request: Request, pk: UUID) -> Response:
        """Past checks, newest first."""
        span = span_of(request.query_params, "checked_at")
        checks = HealthCheck.objects.filter(cluster=find(request, pk=pk), **span)
        page = cast(list[HealthCheck], self.paginate_queryset(checks.order_by("-checked_at")))  # type: ignore[arg-type]  # the viewset's own model is Cluster
        return self.get_paginated_response([describe_check(check) for check in page])

    @extend_schema(
        request=None,
        responses={202: Queued},
        examples=examples.QUEUED,
        extensions=takes("OPERATOR"),
    )
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, pk: UUID) -> Response:
        """Check and discover now. What is new arrives as events, like every other change."""
        cluster = find(request, Role.OPERATOR, pk=pk)
        CheckSchedule.objects.filter(pk=cluster.pk).bring_forward(*DUE)
        check_soon()
        return Response(Queued(), status=202)

    @extend_schema(
        request=None,
        responses=WebhookToken,
        examples=examples.WEBHOOK_TOKEN,
        extensions=takes("ADMIN"),
    )
    @action(detail=True, methods=["post"], url_path="webhook-token")
    def webhook_token(self, request: Request, pk: UUID) -> Response:
        """Make a new token for this cluster's Alertmanager. The old one ends at once.

        The token is in this answer and nowhere else; what is kept cannot be turned back into it.
        """
        token = webhook_tokens.rotate(find(request, Role.ADMIN, pk=pk))
        return Response(WebhookToken(token=token), headers={"Cache-Control": "no-store"})
