"""Alerts as a file, line by line, so that no more than one is ever held."""

from collections.abc import Iterable, Iterator

import orjson

from apps.clusters.exporting import write_lines
from apps.observability.contract_alerts import AlertView, describe
from apps.observability.models import Alert

# Listed one by one, so that a new field of the API never gets into files by itself.
COLUMNS = (
    "id",
    "fingerprint",
    "cluster_id",
    "cluster_name",
    "alertname",
    "severity",
    "state",
    "namespace",
    "starts_at",
    "ends_at",
    "ending",
    "labels",
    "annotations",
    "generator_url",
    "receivers",
    "silenced",
    "silenced_by",
    "inhibited",
    "inhibited_by",
    "source",
    "acknowledged_by",
    "acknowledged_at",
    "acknowledgement",
    "taken_at",
    "assigned_to",
    "first_received_at",
    "last_received_at",
    "changed_at",
)


def as_csv(alerts: Iterable[Alert]) -> Iterator[bytes]:
    """Yield lines in which nothing is left that a spreadsheet would run as a formula."""
    for line in write_lines(_views(alerts), COLUMNS):
        yield line.encode()


def as_json(alerts: Iterable[Alert]) -> Iterator[bytes]:
    """Yield one JSON array, in pieces."""
    before = b"["
    for view in _views(alerts):
        yield before + orjson.dumps(dict(view), option=orjson.OPT_UTC_Z)
        before = b",\n"
    yield b"[]" if before == b"[" else b"]"


def _views(alerts: Iterable[Alert]) -> Iterator[AlertView]:
    return (describe(alert) for alert in alerts)
