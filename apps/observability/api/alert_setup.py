"""/api/v1/clusters/{id}/alert-receiver and test-alert: how a cluster comes to tell its alerts."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import OpenApiResponse, extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.api.access import find, takes, user_of
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.errors import Problem
from apps.observability.actions.alerts import trying
from apps.observability.api import alert_setup_examples as examples
from apps.observability.models import AlertPath
from apps.observability.queries import alert_trials
from apps.observability.sources import alertmanager_config
from apps.observability.sources.alertmanager_config import RECEIVER, RECOMMENDED

StageName = Literal[
    "NONE", "SENT", "SEEN_BY_ALERTMANAGER", "SEEN_BY_POLLING", "RECEIVED_BY_WEBHOOK"
]
FAILURES = {
    502: OpenApiResponse(Problem, description="Alertmanager did not take it."),
    503: OpenApiResponse(Problem, description="No Alertmanager is registered for this cluster."),
    504: OpenApiResponse(Problem, description="Alertmanager did not answer in time."),
}


class ReceiverVariant(BaseModel):
    """One way to set it up: `text` is YAML, `commands` say where it goes."""

    kind: Literal["ALERTMANAGER", "OPENSHIFT", "KUBE_PROMETHEUS"]
    title: str
    recommended: bool
    text: str
    commands: str


class AlertPathView(BaseModel):
    """What is known of the way of this cluster's alerts. A time is null where it never was."""

    last_webhook_at: datetime | None
    last_polled_at: datetime | None
    problem: str = Field(description="Why it could not be asked the last time; else empty.")
    watchdog_seen_at: datetime | None
    silent_since: datetime | None
    truncated_at: datetime | None
    truncated_alerts: int


class AlertReceiver(BaseModel):
    """What to tell the cluster's Alertmanager. The token is in none of it."""

    url: str
    receiver: str
    webhook_token_made_at: datetime | None
    variants: list[ReceiverVariant]
    path: AlertPathView
    next_steps: list[str] = Field(description="What is still to be done; empty if nothing is.")


class SentTestAlert(BaseModel):
    """GET of the same address says how far it came."""

    stage: Literal["SENT"]
    fingerprint: str
    labels: dict[str, str]
    starts_at: datetime
    ends_at: datetime


class TrialStep(BaseModel):
    stage: StageName
    reached: bool
    at: datetime | None
    hint: str = Field(description="What to look at, where it was not reached.")


class TestAlertTrial(BaseModel):
    """The newest test alert, and the furthest stage that it came to.

    NONE: there is no trace of one. The last two stages are two ways to us, each of which does:
    whichever was there first is told, and the other one may be missing.
    """

    stage: StageName
    fingerprint: str
    alert_id: UUID | None
    receivers: list[str] = Field(description="Those that Alertmanager tells it to.")
    steps: list[TrialStep]


class AlertReceiverView(APIView):
    @extend_schema(
        tags=["alerts"],
        operation_id="clusters_alert_receiver",
        responses=AlertReceiver,
        examples=examples.RECEIVER,
        extensions=takes("VIEWER"),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """The configuration by which this cluster's Alertmanager tells us of its alerts."""
        cluster = find(request, pk=pk)
        base = settings.PUBLIC_URL or request.build_absolute_uri("/")
        url = f"{base.rstrip('/')}/api/v1/alerts/webhook/{cluster.pk}"
        path = AlertPath.objects.filter(pk=cluster.pk).first() or AlertPath(cluster=cluster)
        recommended = RECOMMENDED.get(cluster.platform)
        return Response(
            AlertReceiver(
                url=url,
                receiver=RECEIVER,
                webhook_token_made_at=cluster.webhook_token_made_at,
                variants=[
                    ReceiverVariant(
                        kind=one.kind.value,
                        title=one.title,
                        recommended=one.kind == recommended,
                        text=one.text,
                        commands=one.commands,
                    )
                    for one in alertmanager_config.variants(url)
                ],
                path=AlertPathView.model_validate(path, from_attributes=True),
                next_steps=_next_steps(cluster, path),
            )
        )


class TestAlertView(APIView):
    @extend_schema(
        tags=["alerts"],
        operation_id="clusters_test_alert",
        request=None,
        responses={202: SentTestAlert, **FAILURES},
        examples=examples.SENT,
        extensions=takes("OPERATOR"),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Send a test alert to this cluster's Alertmanager, which ends by itself in five minutes.

        It is of severity info, and goes wherever the Alertmanager sends such: whoever is on call
        there may be told, too.
        """
        cluster = find(request, Role.OPERATOR, pk=pk)
        sent = trying.send(user_of(request), cluster)
        told = {name: getattr(sent, name) for name in ("fingerprint", "labels")}
        times = {"starts_at": sent.starts_at, "ends_at": sent.ends_at}
        return Response(SentTestAlert(stage="SENT", **told, **times), status=202)

    @extend_schema(
        tags=["alerts"],
        operation_id="clusters_test_alert_trial",
        responses=TestAlertTrial,
        examples=examples.TRIAL,
        extensions=takes("VIEWER"),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """How far the newest test alert came, and what to look at where it stopped."""
        cluster = find(request, pk=pk)
        trial = alert_trials.follow(user_of(request), cluster)
        return Response(TestAlertTrial.model_validate(trial, from_attributes=True))


def _next_steps(cluster: Cluster, path: AlertPath) -> list[str]:
    here = f"/api/v1/clusters/{cluster.pk}"
    steps = []
    if not cluster.webhook_token_digest:
        steps.append(f"Make a token: POST {here}/webhook-token. It is shown once.")
    if path.last_webhook_at is None:
        steps.append("Put one of the variants into the cluster, and the token beside it.")
        if cluster.alertmanager_url:
            steps.append(f"Try the way: POST {here}/test-alert, then GET the same.")
    if not cluster.alertmanager_url:
        steps.append(
            "Register the Alertmanager's own URL, so that it can be asked: a message that is lost "
            "is then found, and alerts can be silenced."
        )
    elif path.problem:
        steps.append(f"Its Alertmanager cannot be asked: {path.problem}.")
    if path.silent_since is not None:
        steps.append("Nothing shows that alerts still arrive. See its Alertmanager's log.")
    return steps
