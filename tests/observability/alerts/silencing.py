"""Silences as tests ask for them, and what an Alertmanager has put into our table."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.observability.actions.alerts.storing import Arrival, store
from apps.observability.models.alert import Source
from apps.observability.sources.alertmanager import Told
from tests.observability.alerts.one_alertmanager import Alertmanager

URL = "/api/v1/alerts/silences"
DOWN = [{"name": "alertname", "value": "NodeDown"}]


def make(api: APIClient, *clusters: Cluster, **fields: Any) -> Any:
    body: dict[str, Any] = {
        "cluster_ids": [str(one.pk) for one in clusters],
        "matchers": DOWN,
        "duration_seconds": 3600,
        "comment": "It is being repaired",
    }
    return api.post(URL, body | fields, format="json")


def know(cluster: Cluster, alertmanager: Alertmanager) -> None:
    """Store what the Alertmanager says fires."""
    now = timezone.now()
    store(
        [
            Arrival(
                cluster.pk,
                Told(
                    fingerprint=one["fingerprint"],
                    starts_at=datetime.fromisoformat(one["startsAt"]),
                    ends_at=None,
                    firing=True,
                    labels=one["labels"],
                    annotations={},
                    generator_url="",
                ),
                Source.ALERTMANAGER,
                now,
            )
            for one in alertmanager.alerts()
        ]
    )
