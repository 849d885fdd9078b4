"""What a notification says: counts, and its first alerts, each cut to a measure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from apps.observability.models.alert import Alert

VERSION = 1
# So many alerts are described; the others are counted.
MOST_ALERTS = 20
# Of one alert: labels and annotations are what somebody else wrote, at any length.
MOST_PAIRS, LONGEST_NAME, LONGEST_VALUE, LONGEST_URL = 40, 200, 1000, 2000


def compose(
    kind: str, at: datetime, group: Mapping[str, Any], alerts: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the body of a message; `group` has the route, its labels and the counts."""
    return {
        "version": VERSION,
        "type": kind,
        "timestamp": written(at),
        "data": {**group, "alerts": list(alerts)},
    }


def describe(alert: Alert, cluster_name: str) -> dict[str, Any]:
    return {
        "id": str(alert.pk),
        "fingerprint": alert.fingerprint,
        "cluster_id": str(alert.cluster_id),
        "cluster_name": cluster_name,
        "alertname": alert.alertname[:LONGEST_VALUE],
        "severity": alert.severity,
        "state": alert.state,
        "labels": _cut(alert.labels),
        "annotations": _cut(alert.annotations),
        "starts_at": written(alert.starts_at),
        "ends_at": written(alert.ends_at) if alert.ends_at else None,
        "generator_url": alert.generator_url[:LONGEST_URL],
    }


def _cut(pairs: Mapping[str, Any]) -> dict[str, str]:
    first = sorted(pairs.items())[:MOST_PAIRS]
    return {name[:LONGEST_NAME]: str(value)[:LONGEST_VALUE] for name, value in first}


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def example(now: datetime) -> dict[str, Any]:
    """Return what a test says: an alert as they are, of a cluster that there is not."""
    return {
        "id": "00000000-0000-4000-8000-000000000000",
        "fingerprint": "0000000000000000",
        "cluster_id": "00000000-0000-4000-8000-000000000000",
        "cluster_name": "test-cluster",
        "alertname": "TestAlert",
        "severity": "INFO",
        "state": "FIRING",
        "labels": {"alertname": "TestAlert", "severity": "info"},
        "annotations": {"summary": "A test from AIOps NextGen. Nothing is wrong."},
        "starts_at": written(now),
        "ends_at": None,
        "generator_url": "",
    }
