"""/metrics: what the platform counts of itself, for a Prometheus that shows a token.

A process tells what it counted. Those that share PROMETHEUS_MULTIPROC_DIR are told together.
"""

import os
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from hmac import compare_digest
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db.models import Min, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from apps import measures
from apps.accounts.models import ApiToken
from apps.clusters.models import CheckSchedule
from apps.observability.models import AlertPath

PATH = "/metrics"
SHARED = "PROMETHEUS_MULTIPROC_DIR"
REFUSAL = (
    "Send AIOPS_METRICS_TOKEN of this installation, or an API token of a member of its staff, as: "
    "Authorization: Bearer TOKEN\n"
)


class MeasureMiddleware:
    """Count the requests, and answer that for the counts: it comes by an address of no name."""

    def __init__(self, next_handler: Callable[[HttpRequest], HttpResponse]) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == PATH and request.method in {"GET", "HEAD"}:
            return tell(request)
        started = time.perf_counter()
        response = self.next_handler(request)
        # The pattern of the address and not the address: of those there is no end.
        route = request.resolver_match.route if request.resolver_match else "none"
        method = request.method if request.method in METHODS else "other"
        measures.http_requests.labels(method, route, str(response.status_code)).inc()
        measures.http_seconds.labels(route).observe(time.perf_counter() - started)
        return response


METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def tell(request: HttpRequest) -> HttpResponse:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not _may_read(token.strip()):
        return HttpResponse(
            REFUSAL,
            status=401,
            headers={"WWW-Authenticate": "Bearer"},
            content_type="text/plain; charset=utf-8",
        )
    counted = REGISTRY
    if SHARED in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    known = CollectorRegistry()
    known.register(_Lag())
    text = generate_latest(counted) + generate_latest(known)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _may_read(token: str) -> bool:
    known = settings.METRICS_TOKEN
    if known and compare_digest(token.encode(), known.encode()):
        return True
    found = ApiToken.recognise(token)
    return found is not None and found.user.is_staff


class _Lag(Collector):
    """What is due and waits, as the database has it: the truth about all processes."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        gauge = GaugeMetricFamily(
            "aiops_poll_lag_seconds",
            "How long the cluster that waits longest is due.",
            labels=["job"],
        )
        due = CheckSchedule.objects.filter(cluster__enabled=True)
        tried = AlertPath.objects.filter(
            ~Q(cluster__alertmanager_url="") | ~Q(cluster__prometheus_url=""),
            cluster__enabled=True,
        )
        try:
            first = due.aggregate(checks=Min("next_check_at"), discovery=Min("next_discovery_at"))
            asked_at = tried.aggregate(first=Min("tried_at"))["first"]
        except DatabaseFailure:
            # What was counted is told all the same.
            return
        if asked_at is not None:
            first["alerts"] = asked_at + timedelta(seconds=settings.ALERT_POLL_SECONDS)
        now = timezone.now()
        for job, moment in first.items():
            if moment is not None:
                gauge.add_metric([job], max(0.0, (now - moment).total_seconds()))
        yield gauge


def share(folder: Path) -> None:
    """Let all processes that are started from here on be told together; `empty` makes the folder.

    This process has chosen to count for itself when it was loaded.
    """
    os.environ[SHARED] = str(folder)


def empty(folder: Path) -> None:
    """Forget what the processes of an earlier start have counted."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()
