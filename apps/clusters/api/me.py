"""/api/v1/me: who is asking, for the client's frame."""

import uuid
from typing import Literal

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.api.access import takes, user_of
from apps.clusters.models.grant import Grant, Reach, Rights, Role


class HeldGrant(BaseModel):
    """What was granted: ALL clusters, the NAMED ones, or those MATCHING environment and labels.

    With `namespaces`, what is read from within these clusters is that of these namespaces alone,
    unless another grant opens the whole cluster.
    """

    role: Literal["ADMIN", "OPERATOR", "VIEWER"]
    reach: Literal["ALL", "NAMED", "MATCHING"]
    clusters: list[str]
    environment: str
    label_selector: dict[str, str]
    namespaces: list[str]


class Me(BaseModel):
    """The signed-in person. `role` is the highest one held on any cluster."""

    id: uuid.UUID
    username: str
    display_name: str
    email: str
    is_staff: bool
    role: Literal["ADMIN", "OPERATOR", "VIEWER"] | None
    version: str
    grants: list[HeldGrant]


EXAMPLE = OpenApiExample(
    "An operator",
    value={
        "id": "0b9d5a86-2f7c-4c0e-8c5e-6f0b7a3d2e41",
        "username": "ada",
        "display_name": "Ada",
        "email": "ada@example.net",
        "is_staff": False,
        "role": "OPERATOR",
        "version": "0.1.0",
        "grants": [
            {
                "role": "OPERATOR",
                "reach": "NAMED",
                "clusters": ["hub-frankfurt"],
                "environment": "",
                "label_selector": {},
                "namespaces": ["shop-prod"],
            }
        ],
    },
    response_only=True,
)


class MeView(APIView):
    @extend_schema(
        tags=["session"], responses=Me, examples=[EXAMPLE], extensions=takes("SIGNED_IN")
    )
    def get(self, request: Request) -> Response:
        """Who you are to this platform."""
        user = user_of(request)
        rights = Rights.of(user)
        role = rights.role_anywhere()
        return Response(
            Me(
                id=user.pk,
                username=user.username,
                display_name=user.display_name,
                email=user.email,
                is_staff=user.is_staff,
                role=role and role.value,
                version=settings.SPECTACULAR_SETTINGS["VERSION"],
                grants=[_held(grant) for grant in rights.grants],
            )
        )


def _held(grant: Grant) -> HeldGrant:
    return HeldGrant(
        role=Role(grant.role).value,
        reach=Reach(grant.reach).value,
        clusters=sorted(cluster.name for cluster in grant.clusters.all()),
        environment=grant.environment,
        label_selector=grant.label_selector,
        namespaces=grant.namespaces,
    )
