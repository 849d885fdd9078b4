"""/api/v1/alerts/webhook/{id}: where a cluster's Alertmanager posts its alerts.

In the web process `aiops.alert_door` stands before this and does the same without Django's way to a
view, which costs more than all the rest. What it does not take, such as another method, comes here.
"""

from concurrent.futures import Future
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from pydantic import BaseModel, Field
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.api.access import takes
from apps.errors import DomainError, Problem
from apps.observability.actions.alerts import admission, intake
from apps.observability.errors import StoreAway, WebhookTooLarge
from apps.observability.sources.alertmanager import Group

# Longer than PostgreSQL is waited for, and than Alertmanager waits for us.
PATIENCE_SECONDS = 20.0

BODY = {
    "version": "4",
    "groupKey": '{}:{alertname="KubeNodeNotReady"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "aiops",
    "groupLabels": {"alertname": "KubeNodeNotReady"},
    "commonLabels": {"alertname": "KubeNodeNotReady", "severity": "critical"},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager.example.net:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "KubeNodeNotReady", "severity": "critical", "node": "node-1"},
            "annotations": {"summary": "node-1 is not ready for 15 minutes"},
            "startsAt": "2026-03-04T12:00:00.123Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.net:9090/graph",
            "fingerprint": "0c1f2f4dbe7d3c35",
        }
    ],
}
EXAMPLES = [
    OpenApiExample("one that fires", value=BODY, request_only=True),
    OpenApiExample("stored", value={"stored": 1, "unusable": 0}, response_only=True),
]


class WebhookAnswer(BaseModel):
    """Told once it is committed."""

    stored: int = Field(description="Alerts that are in the table, newly or already.")
    unusable: int = Field(
        description="Those left out: without a start, labels or a status that there is."
    )


class WebhookAlert(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["firing", "resolved"], required=False)
    labels = serializers.DictField(child=serializers.CharField())
    annotations = serializers.DictField(child=serializers.CharField(), required=False)
    startsAt = serializers.DateTimeField()  # noqa: N815 - Alertmanager's own name
    endsAt = serializers.DateTimeField(required=False)  # noqa: N815
    generatorURL = serializers.CharField(required=False)  # noqa: N815
    fingerprint = serializers.CharField(required=False)


class WebhookBody(serializers.Serializer[Any]):
    """What Alertmanager posts; what else it may name is let pass."""

    status = serializers.ChoiceField(choices=["firing", "resolved"], required=False)
    receiver = serializers.CharField(required=False)
    truncatedAlerts = serializers.IntegerField(required=False)  # noqa: N815
    alerts = WebhookAlert(many=True)


class AlertWebhookView(APIView):
    # A token of the cluster, and no person: the view itself looks at it, before the body.
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_webhook",
        request=WebhookBody,
        responses={
            200: WebhookAnswer,
            401: OpenApiResponse(
                Problem, description="The token is not that of the cluster, or there is no such."
            ),
        },
        examples=EXAMPLES,
        extensions=takes("WEBHOOK_TOKEN"),
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002 - the name in the path
        """Take in what Alertmanager tells, and answer once it is stored.

        The same told twice is stored once. Truncated groups are noted. What may succeed later is
        refused with 503, which Alertmanager sends again; all else with 4xx, which it does not.
        """
        by = admission.admit(id, request.headers.get("Authorization", ""))
        if request.content_type.partition(";")[0].strip().lower() != "application/json":
            raise UnsupportedMediaType(request.content_type)
        announced = request.headers.get("Content-Length") or "0"
        if announced.isdecimal() and int(announced) > intake.MOST_BYTES:
            raise WebhookTooLarge(intake.TOO_LARGE)
        committed: Future[DomainError | None] = Future()
        group = intake.bring(by, request._request.body, committed.set_result)  # noqa: SLF001 - unread
        try:
            refusal = committed.result(PATIENCE_SECONDS)
        except TimeoutError:
            raise StoreAway(intake.AWAY) from None
        if refusal:
            raise refusal
        return Response(answer_to(group))


def answer_to(group: Group) -> WebhookAnswer:
    return WebhookAnswer.model_construct(stored=len(group.told), unusable=group.unusable)
