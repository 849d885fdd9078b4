"""/api/v1/me: who is asking, for the client's frame."""

import uuid
from typing import Literal

from django.conf import settings
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.api.access import user_of
from apps.clusters.models.grant import Rights


class Me(BaseModel):
    """The signed-in person. `role` is the highest one held on any cluster."""

    id: uuid.UUID
    username: str
    display_name: str
    email: str
    is_staff: bool
    role: Literal["ADMIN", "OPERATOR", "VIEWER"] | None
    version: str


class MeView(APIView):
    @extend_schema(tags=["session"], responses=Me)
    def get(self, request: Request) -> Response:
        user = user_of(request)
        role = Rights.of(user).role_anywhere()
        return Response(
            Me(
                id=user.pk,
                username=user.username,
                display_name=user.display_name,
                email=user.email,
                is_staff=user.is_staff,
                role=role and role.value,
                version=settings.SPECTACULAR_SETTINGS["VERSION"],
            )
        )
