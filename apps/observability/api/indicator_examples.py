"""Examples of indicators and saved queries, for whoever reads the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from apps.observability.api.examples import ID

THRESHOLDS = {"warning": 80.0, "critical": 95.0, "direction": "ABOVE"}
LIST = [
    OpenApiExample(
        "How busy the processors are",
        {
            "items": [
                {
                    "name": "cpu-percent",
                    "title": "CPU in use",
                    "description": "Of all processors of all nodes, over five minutes.",
                    "unit": "%",
                    "thresholds": THRESHOLDS,
                    "values": [
                        {
                            "cluster_id": ID,
                            "cluster_name": "hub-frankfurt",
                            "remark": "",
                            "value": 42.5,
                            "state": "OK",
                            "at": "2026-03-01T12:00:00Z",
                            "stale": False,
                        }
                    ],
                }
            ],
            "total": 1,
            "page": 1,
            "page_size": 20,
            "total_pages": 1,
        },
        response_only=True,
    )
]
SERIES = [
    OpenApiExample(
        "The past minutes",
        {
            "name": "cpu-percent",
            "title": "CPU in use",
            "unit": "%",
            "thresholds": THRESHOLDS,
            "since": "2026-03-01T11:00:00Z",
            "resolution_seconds": 60,
            "series": [
                {
                    "cluster_id": ID,
                    "cluster_name": "hub-frankfurt",
                    "remark": "",
                    "points": [
                        {
                            "at": "2026-03-01T12:00:00Z",
                            "value": 42.5,
                            "minimum": 42.5,
                            "maximum": 42.5,
                            "last": 42.5,
                        }
                    ],
                }
            ],
        },
        response_only=True,
        status_codes=["200"],
    )
]
_SENT: dict[str, Any] = {
    "name": "Load by node",
    "description": "What each node has to do.",
    "query": "avg by (instance) (node_load1)",
    "unit": "",
    "scope": {"cluster_ids": [ID], "labels": {"team": "red"}},
    "shared": True,
}
_SAVED = {
    **_SENT,
    "id": "5c2f9a17-6f0e-4d43-9a55-1d0f5c1b8a44",
    "scope": {**_SENT["scope"], "all_clusters": False},
    "owner": "ada",
    "permissions": ["view", "change"],
    "created_at": "2026-03-01T12:00:00Z",
    "updated_at": "2026-03-01T12:00:00Z",
}
SAVING = [OpenApiExample("A query for all to use", _SENT, request_only=True)]
RENAMING = [OpenApiExample("Another name", {"name": "Load of nodes"}, request_only=True)]
SAVED = [OpenApiExample("A saved query", _SAVED, response_only=True, status_codes=["200", "201"])]
SAVED_LIST = [OpenApiExample("A saved query", _SAVED, response_only=True)]
