"""Clusters, and whatever else the API has, as CSV: one line each, under its fields' names."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from apps.clusters.contract import ClusterView

# Listed one by one, so that a new field of the API never gets into files by itself.
COLUMNS = (
    "id",
    "name",
    "display_name",
    "api_server_url",
    "cluster_type",
    "platform",
    "platform_version",
    "region",
    "environment",
    "labels",
    "enabled",
    "status.state",
    "status.state_since",
    "status.health_score",
    "status.connectivity",
    "status.api_server_healthy",
    "status.prometheus_healthy",
    "status.alertmanager_healthy",
    "status.tempo_healthy",
    "status.loki_healthy",
    "status.last_error",
    "status.failure_stage",
    "status.remedy",
    "status.certificate_expires_at",
    "status.checked_at",
    "status.latency_ms",
    "capabilities.kubernetes_version",
    "capabilities.node_count",
    "capabilities.has_gpu_nodes",
    "capabilities.gpu_count",
    "capabilities.gpu_types",
    "capabilities.has_cnf_workloads",
    "capabilities.cnf_types",
    "capabilities.has_prometheus",
    "capabilities.has_thanos",
    "capabilities.has_tempo",
    "capabilities.has_loki",
    "capabilities.has_service_mesh",
    "endpoints.prometheus_url",
    "endpoints.prometheus_replica_urls",
    "endpoints.alertmanager_url",
    "endpoints.tempo_url",
    "endpoints.loki_url",
    "endpoints.korrel8r_url",
    "created_at",
    "updated_at",
    "last_seen_at",
)
# A spreadsheet takes a cell that begins so for a formula, the full-width signs included.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")


class _Line:
    """Hands back what the writer writes, so that no more than one line is ever held."""

    def write(self, text: str) -> str:
        return text


def write_csv(clusters: Iterable[ClusterView]) -> Iterator[str]:
    """Yield the heading and then a line for each cluster, as they come."""
    yield from write_lines(clusters, COLUMNS)


def write_lines(views: Iterable[BaseModel], columns: Sequence[str]) -> Iterator[str]:
    """Yield the heading and then a line for each, with these columns of it.

    Unknown and not configured are empty cells, as null is in JSON.
    """
    writer = csv.writer(_Line())
    yield writer.writerow(columns)
    for view in views:
        row = view.model_dump(mode="json")
        yield writer.writerow([_cell(_look_up(row, column)) for column in columns])


def _look_up(row: dict[str, Any], column: str) -> Any:
    found: Any = row
    for name in column.split("."):
        found = found and found[name]
    return found


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case list():
            return _harmless(", ".join(map(str, value)))
        case dict():
            return _harmless(", ".join(f"{key}={one}" for key, one in sorted(value.items())))
    return _harmless(str(value))


def _harmless(text: str) -> str:
    """Put an apostrophe before what would be a formula, blanks before it or not."""
    dangerous = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if dangerous else text
