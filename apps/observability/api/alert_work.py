"""/api/v1/alerts/{id}: what an operator does about an alert, and what was done about it."""

from typing import Any, Literal
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from pydantic import BaseModel
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import User
from apps.clusters.api.access import takes, user_of
from apps.clusters.api.texts import TextField
from apps.clusters.models.grant import Rights
from apps.errors import Problem
from apps.observability.actions.alerts import working
from apps.observability.actions.alerts.working import NOBODY, Operation, Order
from apps.observability.api import alert_examples as examples
from apps.observability.contract_alerts import (
    AlertEntryView,
    AlertView,
    describe,
    describe_entry,
)
from apps.observability.errors import NotAssignable
from apps.observability.models import Alert
from apps.observability.queries.alerts import finding

LONGEST = 4000
MOST_ALERTS = 500
OVER = OpenApiResponse(
    Problem, description="It is over, or does not fire yet, or somebody else holds it."
)


class NoteForm(serializers.Serializer[Any]):
    note = TextField(max_length=LONGEST, required=False, allow_blank=True, default="")


class CommentForm(serializers.Serializer[Any]):
    text = TextField(max_length=LONGEST)


class AssigneeForm(serializers.Serializer[Any]):
    """Null: nobody."""

    username = TextField(max_length=150, allow_null=True)


class BulkAlertsForm(serializers.Serializer[Any]):
    """`note` goes with ACKNOWLEDGE; `username` with ASSIGN, where null is nobody."""

    operation = serializers.ChoiceField(choices=[one.value for one in Operation])
    ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST_ALERTS)
    note = TextField(max_length=LONGEST, required=False, allow_blank=True, default="")
    username = TextField(max_length=150, allow_null=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["operation"] == Operation.ASSIGN and "username" not in attrs:
            raise serializers.ValidationError({"username": "is missing: a name, or null"})
        if attrs["operation"] != Operation.ASSIGN and "username" in attrs:
            raise serializers.ValidationError({"username": "is for the operation ASSIGN alone."})
        return attrs


class BulkAlertResult(BaseModel):
    """What became of one alert; a reason where nothing was done to it."""

    alert_id: UUID
    status: Literal["DONE", "UNCHANGED", "REFUSED", "NOT_FOUND"]
    reason: str


class BulkAlertsAnswer(BaseModel):
    results: list[BulkAlertResult]


class AlertStory(BaseModel):
    """What people did about an alert, in the order it was done."""

    items: list[AlertEntryView]


class AcknowledgeView(APIView):
    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_acknowledge",
        request=NoteForm,
        responses={200: AlertView, 409: OVER},
        examples=examples.ACKNOWLEDGING,
        extensions=takes("SIGNED_IN"),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Take an alert. It stays yours until it is over, is released, or fires anew.

        Takes the role operator on its cluster. Sent again it changes the note, if that is another.
        """
        form = NoteForm(data=request.data)
        form.is_valid(raise_exception=True)
        _require_operator(request, pk)
        working.acknowledge(pk, user_of(request), form.validated_data["note"])
        return _answer(request, pk)

    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_release",
        responses=AlertView,
        examples=examples.ONE,
        extensions=takes("SIGNED_IN"),
    )
    def delete(self, request: Request, pk: UUID) -> Response:
        """Let an alert go, whoever holds it. Takes the role operator on its cluster."""
        _require_operator(request, pk)
        working.release(pk, user_of(request))
        return _answer(request, pk)


class AssigneeView(APIView):
    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_assign",
        request=AssigneeForm,
        responses={200: AlertView, 409: OVER},
        examples=examples.ASSIGNING,
        extensions=takes("SIGNED_IN"),
    )
    def put(self, request: Request, pk: UUID) -> Response:
        """Make an alert the task of somebody who may see it, or of nobody.

        Takes the role operator on its cluster.
        """
        form = AssigneeForm(data=request.data)
        form.is_valid(raise_exception=True)
        _require_operator(request, pk)
        working.assign(pk, user_of(request), _person(form.validated_data["username"]))
        return _answer(request, pk)


class CommentsView(APIView):
    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_story",
        responses=AlertStory,
        examples=examples.STORY,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """What people did about an alert and said of it, the oldest first."""
        alert = finding.find_one(user_of(request), str(pk))
        story = alert.story.select_related("author")
        return Response(AlertStory(items=[describe_entry(entry) for entry in story]))

    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_comment",
        request=CommentForm,
        responses={201: AlertEntryView},
        examples=examples.COMMENTING,
        extensions=takes("SIGNED_IN"),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Say something of an alert, be it over or not. Takes the role operator on its cluster."""
        form = CommentForm(data=request.data)
        form.is_valid(raise_exception=True)
        _require_operator(request, pk)
        entry = working.comment(pk, user_of(request), form.validated_data["text"])
        return Response(describe_entry(entry), status=201)


class BulkAlertsView(APIView):
    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_bulk",
        request=BulkAlertsForm,
        responses=BulkAlertsAnswer,
        examples=examples.BULK,
        extensions=takes("SIGNED_IN"),
    )
    def post(self, request: Request) -> Response:
        """Acknowledge, release or assign many alerts, with one result each.

        Each is done for itself, as by a request of its own, and takes the role operator on its
        cluster; those that you may not see are not found. Sent again it does the rest.
        """
        form = BulkAlertsForm(data=request.data)
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        assignee = _person(sent.get("username"))
        order = Order(Operation(sent["operation"]), sent["note"], assignee)
        results = working.carry_out(order, sent["ids"], user_of(request))
        described = [BulkAlertResult.model_validate(one, from_attributes=True) for one in results]
        return Response(BulkAlertsAnswer(results=described))


def _require_operator(request: Request, pk: UUID) -> None:
    user = user_of(request)
    working.require_operator(Rights.of(user), finding.find_one(user, str(pk)))


def _person(username: str | None) -> User | None:
    if username is None:
        return None
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise NotAssignable(NOBODY.format(username))
    return person


def _answer(request: Request, pk: UUID) -> Response:
    alert: Alert = finding.find_one(user_of(request), str(pk))
    return Response(describe(alert))
