"""Words about alerts for tests: as Alertmanager would say them, and what has become of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.clusters.models import Cluster
from apps.observability.actions.alerts.storing import Arrival
from apps.observability.models.alert import Source
from apps.observability.sources.alertmanager import Told, fingerprint_of

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def told(name: str = "NodeDown", *, over: datetime | None = None, **rest: Any) -> Told:
    """An alert that fires since noon; `over` when it says that it is."""
    labels = {"alertname": name, "severity": "critical", **rest.pop("labels", {})}
    said: dict[str, Any] = {
        "fingerprint": fingerprint_of(labels),
        "starts_at": NOON,
        "ends_at": over,
        "firing": over is None,
        "labels": labels,
        "annotations": {"summary": f"{name} it is"},
        "generator_url": "http://prometheus.example.net/graph",
    }
    return Told(**said | rest)


def arrival(cluster: Cluster, said: Told, minute: float = 1, source: str = "WEBHOOK") -> Arrival:
    """What was said, so many minutes after noon."""
    return Arrival(cluster.pk, said, Source(source), NOON + timedelta(minutes=minute))
