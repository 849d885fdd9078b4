"""Alerts that change, rounds that tell of it, and somebody at the wire who is told."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.db.models import F
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.observability.actions.alerts import notifying, storing
from apps.observability.models import Notification
from tests.fakes.upstream import Upstream
from tests.observability.alerts.telling import NOON, arrival, told

URL = "/api/v1/alerts"
LATER = NOON + timedelta(minutes=5)


def add_receiver(api: APIClient, url: str, **fields: Any) -> Any:
    body = {"name": "bridge", "kind": "WEBHOOK", "url": url, **fields}
    response = api.post(f"{URL}/receivers", body, format="json")
    assert response.status_code == 201, response.content
    return response.json()


def add_route(api: APIClient, receiver_id: str, **fields: Any) -> Any:
    body = {"name": "all", "receiver_id": receiver_id, "group_wait_seconds": 0, **fields}
    response = api.post(f"{URL}/routes", body, format="json")
    assert response.status_code == 201, response.content
    return response.json()


def fire(cluster: Cluster, *names: str, **rest: Any) -> None:
    tell(cluster, [told(name, **rest) for name in names])


def end(cluster: Cluster, *names: str, **rest: Any) -> None:
    tell(cluster, [told(name, over=LATER, **rest) for name in names])


def tell(cluster: Cluster, said: Sequence[Any], source: str = "WEBHOOK") -> None:
    minute = 6 if said and not said[0].firing else 1
    storing.store([arrival(cluster, one, minute, source) for one in said])


def make_rounds(count: int = 1) -> None:
    for _ in range(count):
        async_to_sync(notifying.notify)()


def let_pass(**span: float) -> None:
    """Have so much time gone by for all that was to be told, or was."""
    gone = timedelta(**span)
    Notification.objects.update(
        due_at=F("due_at") - gone,
        closed_at=F("closed_at") - gone,
        give_up_at=F("give_up_at") - gone,
    )


def messages(upstream: Upstream) -> list[Any]:
    return [json.loads(request.body) for request in upstream.requests]


def counts(upstream: Upstream) -> list[tuple[int, int]]:
    return [(one["data"]["fired"], one["data"]["resolved"]) for one in messages(upstream)]


def listed(api: APIClient, **query: str) -> list[Any]:
    items: list[Any] = api.get(f"{URL}/notifications", query).json()["items"]
    return items


def detail(api: APIClient, notification_id: str) -> Any:
    return api.get(f"{URL}/notifications/{notification_id}").json()
