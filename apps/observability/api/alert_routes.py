"""/api/v1/alerts/routes: which alerts are told to whom."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.clusters.api.access import UUID_FORM, require_admin_of_all, takes
from apps.clusters.api.switches import switch_of
from apps.clusters.api.texts import LabelsField, TextField
from apps.errors import Problem
from apps.observability.actions.alerts import routes
from apps.observability.api import notification_examples as examples
from apps.observability.contract_notifications import RouteView
from apps.observability.errors import NO_SUCH_RECEIVER, NO_SUCH_ROUTE, NotificationNotFound
from apps.observability.models.alert import Severity
from apps.observability.models.notification import (
    LONGEST_INTERVAL,
    LONGEST_WAIT,
    MOST_GROUP_LABELS,
    SHORTEST_INTERVAL,
    Receiver,
    Route,
)

TAKEN = OpenApiResponse(Problem, description="There is one of this name already.")
LARGEST_POSITION = 1_000_000


class RouteForm(serializers.Serializer[Any]):
    """An alert must fit all of it; what is left out does not matter. In labels * is any text."""

    name = TextField(max_length=100)
    position = serializers.IntegerField(
        min_value=0, max_value=LARGEST_POSITION, required=False, help_text="Default: 100."
    )
    receiver_id = serializers.UUIDField()
    severities = serializers.ListField(
        child=serializers.ChoiceField(Severity.choices), required=False, max_length=3
    )
    cluster_labels = LabelsField(required=False)
    alert_labels = serializers.DictField(
        child=TextField(max_length=routes.LONGEST_PATTERN, allow_blank=True, trim_whitespace=False),
        required=False,
        validators=[routes.check_alert_labels],
    )
    group_by = serializers.ListField(
        child=TextField(max_length=routes.LONGEST_NAME),
        required=False,
        max_length=MOST_GROUP_LABELS,
        help_text="What is alike in these is told together; cluster is the cluster's name.",
    )
    group_wait_seconds = serializers.IntegerField(
        min_value=0, max_value=LONGEST_WAIT, required=False
    )
    interval_seconds = serializers.IntegerField(
        min_value=SHORTEST_INTERVAL, max_value=LONGEST_INTERVAL, required=False
    )
    tells_resolved = serializers.BooleanField(required=False)
    continues = serializers.BooleanField(
        required=False, help_text="Whether the routes behind it are tried, too."
    )
    enabled = serializers.BooleanField(required=False)

    def validate_receiver_id(self, pk: UUID) -> UUID:
        if not Receiver.objects.filter(pk=pk).exists():
            raise ValidationError(NO_SUCH_RECEIVER)
        return pk

    def validate_group_by(self, names: list[str]) -> list[str]:
        return list(dict.fromkeys(names))


@extend_schema(tags=["notifications"])
class RouteViewSet(GenericViewSet[Route]):
    queryset = Route.objects.none()
    lookup_value_regex = UUID_FORM

    @extend_schema(
        operation_id="routes_list",
        parameters=[
            OpenApiParameter("receiver_id", OpenApiTypes.UUID),
            OpenApiParameter("enabled", OpenApiTypes.BOOL),
        ],
        responses=RouteView,
        examples=examples.ROUTE_LIST,
        extensions=takes("ADMIN_OF_ALL"),
    )
    def list(self, request: Request) -> Response:
        """Which alerts are told to whom, in the order in which it is tried."""
        require_admin_of_all(request)
        conditions: dict[str, Any] = {}
        for name, text in request.query_params.dict().items():
            if name == "enabled":
                conditions[name] = switch_of(name, text)
            elif name == "receiver_id":
                conditions[name] = id_of(name, text)
            elif name not in {"page", "page_size"}:
                raise ValidationError({name: "is no filter; there are: receiver_id, enabled"})
        rows = Route.objects.select_related("receiver").filter(**conditions)
        page = self.paginate_queryset(rows.order_by("position", "name"))
        return self.get_paginated_response([_view(one) for one in page or []])

    @extend_schema(
        request=RouteForm,
        responses={201: RouteView, 409: TAKEN},
        examples=examples.ADDING_ROUTE + examples.ROUTE,
        extensions=takes("ADMIN_OF_ALL"),
    )
    def create(self, request: Request) -> Response:
        """Add a route. What fires from now on is told by it."""
        require_admin_of_all(request)
        form = RouteForm(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(_view(routes.add(form.validated_data)), status=201)

    @extend_schema(responses=RouteView, examples=examples.ROUTE, extensions=takes("ADMIN_OF_ALL"))
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One route."""
        require_admin_of_all(request)
        return Response(_view(_find(pk)))

    @extend_schema(
        request=RouteForm,
        responses={200: RouteView, 409: TAKEN},
        examples=examples.RENAMING + examples.ROUTE,
        extensions=takes("ADMIN_OF_ALL"),
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change what is named and leave the rest."""
        require_admin_of_all(request)
        _find(pk)
        form = RouteForm(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        routes.change(pk, form.validated_data)
        return Response(_view(_find(pk)))

    @extend_schema(responses={204: None}, extensions=takes("ADMIN_OF_ALL"))
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Remove a route. What it has gathered is still told."""
        require_admin_of_all(request)
        routes.forget(pk)
        return Response(status=204)


def id_of(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError({name: "must be an id"}) from None


def _find(pk: UUID) -> Route:
    found = Route.objects.select_related("receiver").filter(pk=pk).first()
    if found is None:
        raise NotificationNotFound(NO_SUCH_ROUTE)
    return found


def _view(route: Route) -> RouteView:
    shown = {name: getattr(route, name) for name in RouteView.model_fields if hasattr(route, name)}
    return RouteView(**shown, receiver_name=route.receiver.name)
