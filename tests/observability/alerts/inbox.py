"""Alerts in the inbox, as they come to be there, and the ways to read it."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.observability.actions.alerts.storing import Arrival, store
from apps.observability.models import Alert
from apps.observability.models.alert import Source
from tests.observability.alerts.telling import told

URL = "/api/v1/alerts"


def fire(
    cluster: Cluster,
    name: str = "NodeDown",
    /,
    *,
    ago: float = 60,
    over_after: float | None = None,
    annotations: dict[str, str] | None = None,
    **labels: str,
) -> Alert:
    """Have an alert fire `ago` seconds ago, and be over so many seconds after that."""
    start = timezone.now() - timedelta(seconds=ago)
    labels = {"severity": "critical", **labels}
    said: dict[str, Any] = {"starts_at": start, "labels": labels}
    if annotations:
        said["annotations"] = annotations
    words: list[tuple[datetime, Any]] = [(start, told(name, **said))]
    if over_after is not None:
        end = start + timedelta(seconds=over_after)
        words.append((end, told(name, over=end, **said)))
    for at, word in words:
        store([Arrival(cluster.pk, word, Source.WEBHOOK, at)])
    return Alert.objects.get(
        cluster_id=cluster.pk, fingerprint=word.fingerprint, starts_at=word.starts_at
    )


def read(api: APIClient, path: str = "", **query: Any) -> Any:
    response = api.get(f"{URL}{path}", query)
    assert response.status_code == 200, response.content
    return response.json()


def names(api: APIClient, path: str = "", **query: Any) -> list[str]:
    return [one["alertname"] for one in read(api, path, **query)["items"]]


def refused(api: APIClient, path: str = "", **query: Any) -> tuple[int, str]:
    response = api.get(f"{URL}{path}", query)
    return response.status_code, response.json()["error"]["message"]
