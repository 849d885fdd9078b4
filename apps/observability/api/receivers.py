"""/api/v1/alerts/receivers: who is told of alerts. Addresses go in here, and never come out."""

import ssl
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.clusters.api.access import UUID_FORM, require_admin_of_all, takes
from apps.clusters.api.switches import switch_of
from apps.clusters.api.texts import TextField
from apps.errors import Problem
from apps.http import trust
from apps.observability.actions.alerts import receivers
from apps.observability.api import notification_examples as examples
from apps.observability.contract_notifications import (
    ReceiverMade,
    ReceiverView,
    SigningSecret,
    TrialView,
)
from apps.observability.errors import NO_SUCH_RECEIVER, NotificationNotFound
from apps.observability.models.notification import MOST_ADDRESSES, Kind, Receiver

TAKEN = OpenApiResponse(Problem, description="There is one of this name already.")
IN_USE = OpenApiResponse(Problem, description="Routes lead to it.")
LONGEST_BUNDLE = 64 * 1024
HELD = {"Cache-Control": "no-store"}


class ReceiverForm(serializers.Serializer[Any]):
    """A webhook or Slack takes `url`, a letter addresses. `url` and secret are not shown again."""

    name = TextField(max_length=100)
    kind = serializers.ChoiceField(Kind.choices)
    url = TextField(
        max_length=receivers.LONGEST_URL, required=False, validators=[receivers.check_url]
    )
    signing_secret = TextField(
        max_length=200,
        required=False,
        validators=[receivers.check_signing_secret],
        help_text="What a webhook is signed with: whsec_ and base64. Without one, one is made.",
    )
    ca_bundle = TextField(max_length=LONGEST_BUNDLE, required=False, allow_blank=True)
    email_addresses = serializers.ListField(
        child=serializers.EmailField(), required=False, max_length=MOST_ADDRESSES
    )
    enabled = serializers.BooleanField(required=False)

    def validate_ca_bundle(self, text: str) -> str:
        try:
            trust(text)
        except (ssl.SSLError, ValueError):
            raise ValidationError("This is no bundle of certificates in PEM.") from None
        return text


@extend_schema(tags=["notifications"])
class ReceiverViewSet(GenericViewSet[Receiver]):
    queryset = Receiver.objects.none()
    lookup_value_regex = UUID_FORM

    @extend_schema(
        operation_id="receivers_list",
        parameters=[
            OpenApiParameter("kind", enum=Kind.values),
            OpenApiParameter("enabled", OpenApiTypes.BOOL),
        ],
        responses=ReceiverView,
        examples=examples.RECEIVER,
        extensions=takes("ADMIN_OF_ALL"),
    )
    def list(self, request: Request) -> Response:
        """Who is told of alerts, by name."""
        require_admin_of_all(request)
        conditions: dict[str, Any] = {}
        for name, text in request.query_params.dict().items():
            if name == "enabled":
                conditions[name] = switch_of(name, text)
            elif name == "kind" and text in Kind.values:
                conditions[name] = text
            elif name == "kind":
                raise ValidationError({name: f"must be one of {', '.join(Kind.values)}"})
            elif name not in {"page", "page_size"}:
                raise ValidationError({name: "is no filter; there are: kind, enabled"})
        page = self.paginate_queryset(Receiver.objects.filter(**conditions).order_by("name"))
        return self.get_paginated_response([_view(one) for one in page or []])

    @extend_schema(
        request=ReceiverForm,
        responses={201: ReceiverMade, 409: TAKEN},
        examples=examples.ADDING_RECEIVER + examples.RECEIVER_MADE,
        extensions=takes("ADMIN_OF_ALL"),
    )
    def create(self, request: Request) -> Response:
        """Add a receiver. What its messages are signed with is in this answer and in no other."""
        require_admin_of_all(request)
        form = ReceiverForm(data=request.data)
        form.is_valid(raise_exception=True)
        receiver, secret = receivers.add(form.validated_data)
        made = ReceiverMade(**_view(receiver).model_dump(), signing_secret=secret)
        return Response(made, status=201, headers=HELD)

    @extend_schema(
        responses=ReceiverView, examples=examples.RECEIVER, extensions=takes("ADMIN_OF_ALL")
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One receiver."""
        require_admin_of_all(request)
        return Response(_view(_find(pk)))

    @extend_schema(
        request=ReceiverForm,
        responses={200: ReceiverView, 409: TAKEN},
        examples=examples.RENAMING + examples.RECEIVER,
        extensions=takes("ADMIN_OF_ALL"),
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change what is named and leave the rest. Enabled again, it is told what still waits."""
        require_admin_of_all(request)
        _find(pk)
        form = ReceiverForm(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return Response(_view(receivers.change(pk, form.validated_data)))

    @extend_schema(responses={204: None, 409: IN_USE}, extensions=takes("ADMIN_OF_ALL"))
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Remove a receiver to which no route leads, and the log of what it was told."""
        require_admin_of_all(request)
        receivers.forget(pk)
        return Response(status=204)

    @extend_schema(
        request=None,
        responses=TrialView,
        examples=examples.TRIED,
        extensions=takes("ADMIN_OF_ALL"),
    )
    @action(methods=["post"], detail=True)
    def test(self, request: Request, pk: UUID) -> Response:
        """Send an example to it, once, and say how that went. `error` is empty if it was taken."""
        require_admin_of_all(request)
        tried = receivers.test(pk)
        view = TrialView.model_validate(tried, from_attributes=True)
        return Response(view)

    @extend_schema(
        request=None,
        responses=SigningSecret,
        examples=examples.SECRET,
        extensions=takes("ADMIN_OF_ALL"),
    )
    @action(methods=["post"], detail=True, url_path="signing-secret")
    def signing_secret(self, request: Request, pk: UUID) -> Response:
        """Sign by a new secret from now on. It is in this answer and in no other."""
        require_admin_of_all(request)
        secret = receivers.renew_secret(pk)
        return Response(SigningSecret(signing_secret=secret), headers=HELD)


def _find(pk: UUID) -> Receiver:
    found = Receiver.objects.filter(pk=pk).first()
    if found is None:
        raise NotificationNotFound(NO_SUCH_RECEIVER)
    return found


def _view(receiver: Receiver) -> ReceiverView:
    return ReceiverView.model_validate(receiver, from_attributes=True)
