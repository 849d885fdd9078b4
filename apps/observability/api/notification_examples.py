"""Examples of receivers, routes and notifications, for whoever reads the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

RECEIVER_ID = "3f0b5a1e-7d0c-4a55-8a2b-5b1d2c3e4f60"
ROUTE_ID = "9c1d7e2a-0b3f-4c6d-9e8f-1a2b3c4d5e6f"
NOTIFICATION_ID = "d2f4a6c8-1b3d-4f5a-8c7e-9b0a1c2d3e4f"
AT = "2026-03-01T12:00:00Z"

_RECEIVER: dict[str, Any] = {
    "id": RECEIVER_ID,
    "name": "on-call bridge",
    "kind": "WEBHOOK",
    "host": "https://bridge.example.net",
    "ca_bundle": "",
    "email_addresses": [],
    "enabled": True,
    "problem": "",
    "created_at": AT,
    "updated_at": AT,
}
_ROUTE_SENT: dict[str, Any] = {
    "name": "what wakes somebody up",
    "receiver_id": RECEIVER_ID,
    "severities": ["CRITICAL"],
    "cluster_labels": {"team": "red"},
    "alert_labels": {"namespace": "shop-*"},
    "group_by": ["cluster", "alertname"],
}
_ROUTE = {
    **_ROUTE_SENT,
    "id": ROUTE_ID,
    "position": 100,
    "receiver_name": "on-call bridge",
    "group_wait_seconds": 30,
    "interval_seconds": 300,
    "tells_resolved": True,
    "continues": False,
    "enabled": True,
    "created_at": AT,
    "updated_at": AT,
}
_GROUP = {"cluster": "hub-frankfurt", "alertname": "KubePodCrashLooping"}
_NOTIFICATION = {
    "id": NOTIFICATION_ID,
    "route_id": ROUTE_ID,
    "receiver_id": RECEIVER_ID,
    "receiver_name": "on-call bridge",
    "group_labels": _GROUP,
    "is_test": False,
    "fired": 1,
    "resolved": 0,
    "status": "DELIVERED",
    "attempts": 1,
    "created_at": AT,
    "closed_at": AT,
    "due_at": None,
    "delivered_at": AT,
}
_DELIVERY = {"at": AT, "status_code": 204, "error": "", "duration_ms": 41}
_MESSAGE = {
    "version": 1,
    "type": "alerts.changed",
    "timestamp": AT,
    "data": {
        "route": "what wakes somebody up",
        "group_labels": _GROUP,
        "fired": 1,
        "resolved": 0,
        "truncated": False,
        "alerts": [
            {
                "id": "5c2f9a17-6f0e-4d43-9a55-1d0f5c1b8a44",
                "fingerprint": "b2c3d4e5f6a7b8c9",
                "cluster_id": "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9",
                "cluster_name": "hub-frankfurt",
                "alertname": "KubePodCrashLooping",
                "severity": "CRITICAL",
                "state": "FIRING",
                "labels": {"alertname": "KubePodCrashLooping", "namespace": "shop-cart"},
                "annotations": {"summary": "A pod does not stay up."},
                "starts_at": AT,
                "ends_at": None,
                "generator_url": "",
            }
        ],
    },
}

ADDING_RECEIVER = [
    OpenApiExample(
        "A webhook",
        {"name": "on-call bridge", "kind": "WEBHOOK", "url": "https://bridge.example.net/alerts"},
        request_only=True,
    ),
    OpenApiExample(
        "A channel of Slack's",
        {
            "name": "channel",
            "kind": "SLACK",
            "url": "https://hooks.slack.example.net/services/...",
        },
        request_only=True,
    ),
]
RENAMING = [OpenApiExample("Another name", {"name": "bridge"}, request_only=True)]
RECEIVER = [OpenApiExample("A webhook", _RECEIVER, response_only=True)]
RECEIVER_MADE = [
    OpenApiExample(
        "A webhook, with the secret it is signed with",
        {**_RECEIVER, "signing_secret": "whsec_..."},
        response_only=True,
        status_codes=["201"],
    )
]
SECRET = [OpenApiExample("A new secret", {"signing_secret": "whsec_..."}, response_only=True)]
TRIED = [
    OpenApiExample(
        "It was taken", {**_DELIVERY, "notification_id": NOTIFICATION_ID}, response_only=True
    )
]
ADDING_ROUTE = [OpenApiExample("Of team red", _ROUTE_SENT, request_only=True)]
ROUTE = [OpenApiExample("Of team red", _ROUTE, response_only=True, status_codes=["200", "201"])]
ROUTE_LIST = [OpenApiExample("Of team red", _ROUTE, response_only=True)]
NOTIFICATION_LIST = [OpenApiExample("Delivered", _NOTIFICATION, response_only=True)]
NOTIFICATION = [
    OpenApiExample(
        "Delivered",
        {**_NOTIFICATION, "content": _MESSAGE, "deliveries": [_DELIVERY]},
        response_only=True,
    )
]
