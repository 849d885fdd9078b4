"""/api/v1/clusters/{id}/credentials: what opens a cluster goes in here, and never comes out."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from pydantic import BaseModel, Field
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.clusters.actions import credentials, rotation, validation
from apps.clusters.actions.validation import Outcome
from apps.clusters.api.access import UUID_FORM, find, takes
from apps.clusters.api.credential_forms import (
    CredentialChangeForm,
    CredentialsForm,
    RotationForm,
    credential_of,
)
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.clusters.tasks import check_soon
from apps.clusters.trial import Validation
from apps.errors import Problem


class Tried(BaseModel):
    """`valid`: the API server takes it, and no other part refuses its token."""

    valid: bool
    validation: Validation
    expires_at: datetime | None = Field(description="The earliest end of what does not renew.")


class Stored(Tried):
    status: Literal["stored"] = "stored"


class Validated(Tried):
    status: Literal["validated"] = "validated"


class Rotated(Tried):
    status: Literal["rotated"] = "rotated"


def _told(outcome: Outcome) -> dict[str, Any]:
    found = outcome.validation
    return {"valid": found.valid, "validation": found, "expires_at": outcome.expires_at}


UNASKED = {"status": "NOT_CONFIGURED", "message": "", "remedy": ""}
VALIDATION = {
    "identity_provider": UNASKED,
    "api_server": {
        "status": "VALID",
        "message": "The API server at api.hub.example.net:6443 takes the credential.",
        "remedy": "",
        "username": "system:serviceaccount:aiops-nextgen-reader:aiops-nextgen-reader",
    },
    "prometheus": {
        "status": "INVALID",
        "message": "Prometheus at thanos.apps.hub.example.net:443 refuses its token (403).",
        "remedy": "Store a valid prometheus token.",
    },
    "alertmanager": UNASKED,
    "tempo": UNASKED,
    "loki": UNASKED,
    "permissions": {
        "complete": False,
        "missing": [
            {
                "verb": "list",
                "resource": "nodes",
                "api_group": "",
                "namespace": "",
                "needed_for": "counting nodes and GPUs",
            }
        ],
        "excessive": [],
        "manifest": "apiVersion: v1\nkind: Namespace\n...",
    },
    "permissions_problem": "",
}
ANSWER = {"valid": False, "validation": VALIDATION, "expires_at": "2027-03-01T12:00:00Z"}
TOKEN = OpenApiExample(
    "A service account's token",
    {
        "auth_type": "SERVICE_ACCOUNT",
        "token": "eyJhbGciOi...",
        "ca_bundle": "-----BEGIN CERTIFICATE-----\n...",
        "prometheus_token": "sha256~...",
    },
    request_only=True,
)
KUBECONFIG = OpenApiExample(
    "A context of a kubeconfig",
    {
        "auth_type": "KUBECONFIG",
        "kubeconfig": "apiVersion: v1\nkind: Config\nclusters: [...]\n",
        "context": "hub",
    },
    request_only=True,
)
OIDC = OpenApiExample(
    "An identity provider, by client credentials",
    {
        "auth_type": "OIDC",
        "oidc": {
            "issuer_url": "https://sso.example.net/realms/platform",
            "client_id": "aiops-nextgen",
            "client_secret": "...",
            "scope": "openid",
        },
        "expires_at": "2027-03-01T12:00:00Z",
    },
    request_only=True,
)
PROMETHEUS = OpenApiExample(
    "The token of Prometheus alone", {"prometheus_token": "sha256~..."}, request_only=True
)
NOTHING = OpenApiExample("What is stored", {}, request_only=True)
NOT_STORED = OpenApiResponse(Problem, description="Nothing is stored for this cluster.")
REFUSED = OpenApiResponse(
    Problem,
    description="It could never open anything, or it was tried and refused: then `details` hold "
    "the validation. What was stored before stays in use.",
)
CHANGED = OpenApiResponse(
    Problem, description="Somebody stored another credential while this one was tried."
)
UNREACHABLE = OpenApiResponse(
    Problem,
    description="Whether it works could not be seen, or the store did not take it. What was "
    "stored before stays in use.",
)


def _answered(status: str) -> OpenApiExample:
    return OpenApiExample(
        f"One token was {status}", {"status": status, **ANSWER}, response_only=True
    )


@extend_schema(tags=["credentials"])
class CredentialViewSet(GenericViewSet[Cluster]):
    """Below one cluster; all of it takes the role admin on that cluster."""

    queryset = Cluster.objects.none()
    lookup_value_regex = UUID_FORM

    @extend_schema(
        operation_id="credentials_store",
        request=CredentialsForm,
        responses={200: Stored, 400: REFUSED, 503: UNREACHABLE},
        examples=[TOKEN, KUBECONFIG, OIDC, _answered("stored")],
        extensions=takes("ADMIN"),
    )
    @action(detail=True, methods=["post"], url_path="credentials", url_name="credentials")
    def store(self, request: Request, pk: UUID) -> Response:
        """Replace what opens the cluster, whole, and say what it opens.

        It is stored whatever it opens; to replace one that works, rotate it. The API server is
        asked as whom it knows the credential and what that may do.
        """
        cluster = find(request, Role.ADMIN, pk=pk)
        form = CredentialsForm(data=request.data)
        form.is_valid(raise_exception=True)
        new = credential_of(form.validated_data, cluster.api_server_url)
        outcome = validation.store(cluster, new)
        check_soon()
        return Response(Stored(**_told(outcome)))

    @extend_schema(
        operation_id="credentials_remove", responses={204: None}, extensions=takes("ADMIN")
    )
    @store.mapping.delete
    def remove(self, request: Request, pk: UUID) -> Response:
        """Forget what opens the cluster, which is then asked without any token."""
        credentials.remove(find(request, Role.ADMIN, pk=pk))
        check_soon()
        return Response(status=204)

    @extend_schema(
        operation_id="credentials_validate",
        request=CredentialChangeForm,
        responses={200: Validated, 400: REFUSED, 404: NOT_STORED},
        examples=[NOTHING, TOKEN, PROMETHEUS, _answered("validated")],
        extensions=takes("ADMIN"),
    )
    @action(detail=True, methods=["post"], url_path="credentials/validate")
    def validate(self, request: Request, pk: UUID) -> Response:
        """Try a credential out and store nothing: the one that is sent, or else the stored one.

        What is not sent is taken as it is stored. A refresh token is not tried: it may be good for
        one use.
        """
        cluster = find(request, Role.ADMIN, pk=pk)
        form = CredentialChangeForm(data=request.data)
        form.is_valid(raise_exception=True)
        if form.names_something():
            typed = credential_of(form.validated_data, cluster.api_server_url)
            outcome = validation.validate_unstored(cluster, typed)
        else:
            outcome = validation.validate(cluster)
        return Response(Validated(**_told(outcome)))

    @extend_schema(
        operation_id="credentials_rotate",
        request=RotationForm,
        responses={
            200: Rotated,
            400: REFUSED,
            404: NOT_STORED,
            409: CHANGED,
            503: UNREACHABLE,
        },
        examples=[TOKEN, PROMETHEUS, _answered("rotated")],
        extensions=takes("ADMIN"),
    )
    @action(detail=True, methods=["post"], url_path="credentials/rotate")
    def rotate(self, request: Request, pk: UUID) -> Response:
        """Replace what is sent of the credential, once the cluster takes it; the rest is kept.

        Until then, and if it is refused, the old one stays in use. A part that was down before
        need not take it.
        """
        cluster = find(request, Role.ADMIN, pk=pk)
        form = RotationForm(data=request.data)
        form.is_valid(raise_exception=True)
        typed = credential_of(form.validated_data, cluster.api_server_url)
        outcome = rotation.rotate(cluster, typed)
        check_soon()
        return Response(Rotated(**_told(outcome)))
