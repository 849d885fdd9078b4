"""/api/v1/alerts/notifications: what was told to whom, and how that went."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.clusters.api.access import UUID_FORM, require_admin_of_all, takes
from apps.clusters.api.moments import span_of
from apps.clusters.api.switches import switch_of
from apps.errors import Problem
from apps.observability.actions.alerts import redelivering
from apps.observability.api import notification_examples as examples
from apps.observability.api.alert_routes import id_of
from apps.observability.contract_notifications import (
    DeliveryView,
    NotificationDetail,
    NotificationView,
)
from apps.observability.errors import NO_SUCH_NOTIFICATION, NotificationNotFound
from apps.observability.models.delivery import Notification, Status

FILTERS = ("status", "receiver_id", "route_id", "is_test", "since", "until")
NOT_READY = OpenApiResponse(
    Problem, description="It gathers still, or its receiver is switched off."
)
OVER = {Status.DELIVERED, Status.GIVEN_UP}


@extend_schema(tags=["notifications"])
class NotificationViewSet(GenericViewSet[Notification]):
    queryset = Notification.objects.none()
    lookup_value_regex = UUID_FORM

    @extend_schema(
        operation_id="notifications_list",
        parameters=[
            OpenApiParameter("status", enum=Status.values),
            OpenApiParameter("receiver_id", OpenApiTypes.UUID),
            OpenApiParameter("route_id", OpenApiTypes.UUID),
            OpenApiParameter("is_test", OpenApiTypes.BOOL),
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="made at or after"),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="made before"),
        ],
        responses=NotificationView,
        examples=examples.NOTIFICATION_LIST,
        extensions=takes("ADMIN_OF_ALL"),
    )
    def list(self, request: Request) -> Response:
        """What was told, what is to be told, and what could not be; newest first."""
        require_admin_of_all(request)
        page = self.paginate_queryset(_narrow(request))
        return self.get_paginated_response([NotificationView(**_shown(one)) for one in page or []])

    @extend_schema(
        responses=NotificationDetail,
        examples=examples.NOTIFICATION,
        extensions=takes("ADMIN_OF_ALL"),
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One notification, with what it says and every attempt to deliver it."""
        require_admin_of_all(request)
        return Response(_detail(pk))

    @extend_schema(
        request=None,
        responses={200: NotificationDetail, 409: NOT_READY},
        examples=examples.NOTIFICATION,
        extensions=takes("ADMIN_OF_ALL"),
    )
    @action(methods=["post"], detail=True)
    def redeliver(self, request: Request, pk: UUID) -> Response:
        """Deliver it again, whatever became of it: the same message under the same id."""
        require_admin_of_all(request)
        redelivering.redeliver(pk)
        return Response(_detail(pk))


def _narrow(request: Request) -> QuerySet[Notification]:
    query = request.query_params.dict()
    conditions: dict[str, Any] = dict(span_of(query, "created_at"))
    for name, text in query.items():
        if name in {"receiver_id", "route_id"}:
            conditions[name] = id_of(name, text)
        elif name == "is_test":
            conditions[name] = switch_of(name, text)
        elif name == "status":
            if text not in Status.values:
                raise ValidationError({name: f"must be one of {', '.join(Status.values)}"})
            conditions[name] = text
        elif name not in {*FILTERS, "page", "page_size"}:
            raise ValidationError({name: f"is no filter; there are: {', '.join(FILTERS)}"})
    rows = Notification.objects.select_related("receiver").defer("content")
    return rows.filter(**conditions).order_by("-created_at", "id")


def _detail(pk: UUID) -> NotificationDetail:
    rows = Notification.objects.select_related("receiver")
    found = rows.prefetch_related("deliveries").filter(pk=pk).first()
    if found is None:
        raise NotificationNotFound(NO_SUCH_NOTIFICATION)
    return NotificationDetail(
        **_shown(found),
        content=found.content,
        deliveries=[
            DeliveryView.model_validate(one, from_attributes=True) for one in found.deliveries.all()
        ],
    )


def _shown(one: Notification) -> dict[str, Any]:
    names = NotificationView.model_fields.keys() - {"receiver_name", "due_at"}
    due: datetime | None = None if one.status in OVER else one.due_at
    shown = {name: getattr(one, name) for name in names}
    return shown | {"receiver_name": one.receiver.name, "due_at": due}
