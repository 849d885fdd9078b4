"""Examples of queries and answers, for whoever reads the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

ID = "7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10"
OTHER_ID = "0b9d5a86-2f7c-4c0e-8c5e-6f0b7a3d2e41"
SERIES = {"metric": {"instance": "node-1:9100"}}


def _answer(result_type: str, data: list[dict[str, Any]]) -> OpenApiExample:
    answered = {
        "cluster_id": ID,
        "cluster_name": "hub-frankfurt",
        "status": "SUCCESS",
        "result_type": result_type,
        "data": data,
        "error": None,
        "query_time_ms": 12,
        "cached": False,
        "age_seconds": 0.0,
    }
    failed: dict[str, Any] = {
        "cluster_id": OTHER_ID,
        "cluster_name": "edge-oslo",
        "status": "TIMEOUT",
        "result_type": None,
        "data": [],
        "error": {"code": "QUERY_TIMEOUT", "message": "no answer in 30 s"},
        "query_time_ms": 30000,
        "cached": False,
        "age_seconds": 0.0,
    }
    value = {
        "results": [answered, failed],
        "aggregated": None,
        "total_query_time_ms": 30001,
        "clusters_queried": 2,
        "clusters_succeeded": 1,
        "warnings": ["edge-oslo: no answer in 30 s"],
    }
    return OpenApiExample("One answered, one did not", value, response_only=True)


INSTANT = [
    OpenApiExample("What is up", {"query": "up"}, request_only=True),
    _answer("VECTOR", [{**SERIES, "value": [1772366400, "1"]}]),
]
RANGE = [
    OpenApiExample(
        "Load of the last hour",
        {
            "query": "node_load1",
            "cluster_ids": [ID],
            "start_time": "2026-03-01T11:00:00Z",
            "end_time": "2026-03-01T12:00:00Z",
            "step": "30s",
        },
        request_only=True,
    ),
    _answer("MATRIX", [{**SERIES, "values": [[1772362800, "0.5"], [1772362830, "0.6"]]}]),
]


def _merged(title: str, items: Any) -> list[OpenApiExample]:
    coverage: dict[str, Any] = {
        "clusters_queried": 2,
        "clusters_succeeded": 1,
        "warnings": ["edge-oslo: no answer in 30 s"],
    }
    return [OpenApiExample(title, {"items": items, **coverage}, response_only=True)]


LABELS = _merged("Labels", ["__name__", "cluster", "instance", "job"])
LABEL_VALUES = _merged("Values of job", ["kubelet", "node"])
SERIES_LIST = _merged("up", [{"__name__": "up", "job": "node", "cluster": "hub-frankfurt"}])
METADATA = _merged("up", {"up": [{"type": "gauge", "help": "Is it up?", "unit": ""}]})
