"""/api/v1/audit: the audit trail, for whoever may do everything."""

import uuid
from datetime import datetime
from typing import Any, Literal

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from pydantic import BaseModel
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.accounts.models import AuditEvent
from apps.accounts.models.audit_event import Door
from apps.clusters.api.access import require_admin_of_all, takes
from apps.clusters.api.moments import moment_of

TEXTS = ("actor_name", "action", "object_type", "object_id", "object_name", "door")
TIMES = {"since": "happened_at__gte", "until": "happened_at__lt"}


class AuditLine(BaseModel):
    """One thing done; `details` never hold a secret."""

    id: int
    happened_at: datetime
    actor_id: uuid.UUID | None
    actor_name: str
    door: Literal["REST", "ADMIN", "COMMAND"]
    address: str | None
    action: str
    object_type: str
    object_id: str
    object_name: str
    details: dict[str, Any]


EXAMPLE = OpenApiExample(
    "A change of a region",
    value={
        "id": 4711,
        "happened_at": "2026-03-01T12:00:00Z",
        "actor_id": "0b9d5a86-2f7c-4c0e-8c5e-6f0b7a3d2e41",
        "actor_name": "ada",
        "door": "REST",
        "address": "192.0.2.10",
        "action": "changed",
        "object_type": "cluster",
        "object_id": "7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10",
        "object_name": "hub-frankfurt",
        "details": {"region": ["", "eu-central"]},
    },
    response_only=True,
)


@extend_schema(tags=["audit"])
class AuditViewSet(GenericViewSet[AuditEvent]):
    queryset = AuditEvent.objects.none()

    @extend_schema(
        operation_id="audit_list",
        parameters=[
            *(OpenApiParameter(name) for name in TEXTS),
            *(OpenApiParameter(name, OpenApiTypes.DATETIME) for name in TIMES),
        ],
        responses=AuditLine,
        examples=[EXAMPLE],
        extensions=takes("ADMIN_OF_ALL"),
    )
    def list(self, request: Request) -> Response:
        """Who did what to which object, from where; newest first."""
        require_admin_of_all(request)
        page = self.paginate_queryset(_narrow(request))
        lines = [AuditLine.model_validate(one, from_attributes=True) for one in page or []]
        return self.get_paginated_response(lines)


def _narrow(request: Request) -> QuerySet[AuditEvent]:
    conditions: dict[str, Any] = {}
    for name, text in request.query_params.dict().items():
        if name in TEXTS:
            conditions[name] = _known(name, text)
        elif name in TIMES:
            conditions[TIMES[name]] = moment_of(name, text)
        elif name not in {"page", "page_size"}:
            raise ValidationError({name: f"is no filter; there are: {', '.join((*TEXTS, *TIMES))}"})
    return AuditEvent.objects.filter(**conditions)


def _known(name: str, text: str) -> str:
    if "\x00" in text or (name == "door" and text not in Door.values):
        raise ValidationError({name: f"must be one of {', '.join(Door.values)}"})
    return text
