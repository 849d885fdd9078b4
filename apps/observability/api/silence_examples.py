"""Examples of silences, for whoever reads the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

ID = "7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10"
OTHER_ID = "0b9d5a86-2f7c-4c0e-8c5e-6f0b7a3d2e41"
SILENCE_ID = "3f2b8c1d-5d4e-4a8f-9b60-7a1c2d3e4f50"
MATCHERS = [
    {"name": "alertname", "value": "KubePodCrashLooping", "is_regex": False, "is_equal": True},
    {"name": "namespace", "value": "shop|bank", "is_regex": True, "is_equal": True},
]
COMMENT = "Database is being moved, ticket 4711"


def _answered(title: str, value: Any) -> OpenApiExample:
    return OpenApiExample(title, value, response_only=True)


LISTED = [
    _answered(
        "One is active, and one cluster did not answer",
        {
            "items": [
                {
                    "id": SILENCE_ID,
                    "cluster_id": ID,
                    "cluster_name": "hub-frankfurt",
                    "state": "ACTIVE",
                    "matchers": MATCHERS,
                    "starts_at": "2026-03-01T12:00:00Z",
                    "ends_at": "2026-03-01T14:00:00Z",
                    "updated_at": "2026-03-01T12:00:00Z",
                    "created_by": "ada",
                    "comment": COMMENT,
                    "silenced_alerts": 3,
                }
            ],
            "total": 1,
            "page": 1,
            "page_size": 20,
            "total_pages": 1,
            "by_state": {"ACTIVE": 1, "PENDING": 0, "EXPIRED": 4},
            "clusters_queried": 2,
            "clusters_succeeded": 1,
            "warnings": ["edge-oslo: connection refused"],
        },
    )
]
MAKING = [
    OpenApiExample(
        "Two hours in two clusters",
        {
            "cluster_ids": [ID, OTHER_ID],
            "matchers": MATCHERS,
            "duration_seconds": 7200,
            "comment": COMMENT,
        },
        request_only=True,
    )
]
MADE = [
    _answered(
        "Made in one, and refused by the other",
        {
            "results": [
                {
                    "cluster_id": ID,
                    "cluster_name": "hub-frankfurt",
                    "status": "CREATED",
                    "id": SILENCE_ID,
                    "error": None,
                },
                {
                    "cluster_id": OTHER_ID,
                    "cluster_name": "edge-oslo",
                    "status": "FAILED",
                    "id": None,
                    "error": {"code": "QUERY_TIMEOUT", "message": "no answer in 10 s"},
                },
            ]
        },
    )
]
CHANGING = [
    OpenApiExample(
        "Until tomorrow",
        {
            "matchers": MATCHERS,
            "duration_seconds": 86400,
            "comment": COMMENT,
        },
        request_only=True,
    )
]
CHANGED = [_answered("Under its id", {"cluster_id": ID, "id": SILENCE_ID, "replaced": False})]
TRYING = [
    OpenApiExample("In all clusters", {"cluster_ids": [], "matchers": MATCHERS}, request_only=True)
]
TRIED = [
    _answered(
        "One alert",
        {
            "matchers": ['alertname="KubePodCrashLooping"', 'namespace=~"shop|bank"'],
            "total": 1,
            "complete": True,
            "clusters": [
                {
                    "cluster_id": ID,
                    "cluster_name": "hub-frankfurt",
                    "total": 1,
                    "alerts": [
                        {
                            "id": OTHER_ID,
                            "fingerprint": "c59970d1d89f2d44",
                            "alertname": "KubePodCrashLooping",
                            "severity": "WARNING",
                            "state": "FIRING",
                            "labels": {
                                "alertname": "KubePodCrashLooping",
                                "namespace": "shop",
                                "severity": "warning",
                            },
                            "starts_at": "2026-03-01T11:40:00Z",
                            "silenced": False,
                        }
                    ],
                }
            ],
        },
    )
]
