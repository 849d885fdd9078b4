"""Examples of how a cluster is set up to tell its alerts, for readers of the OpenAPI document."""

from drf_spectacular.utils import OpenApiExample

ID = "7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10"
FINGERPRINT = "c59970d1d89f2d44"
URL = f"https://aiops.example.net/api/v1/alerts/webhook/{ID}"

RECEIVER = [
    OpenApiExample(
        "Nothing came yet",
        {
            "url": URL,
            "receiver": "aiops-nextgen",
            "webhook_token_made_at": None,
            "variants": [
                {
                    "kind": "ALERTMANAGER",
                    "title": "An Alertmanager with a configuration file",
                    "recommended": True,
                    "text": "route:\n  routes:\n    - receiver: aiops-nextgen\n...",
                    "commands": "# Merge the text into alertmanager.yml...",
                }
            ],
            "path": {
                "last_webhook_at": None,
                "last_polled_at": "2026-03-01T12:00:00Z",
                "problem": "",
                "watchdog_seen_at": "2026-03-01T12:00:00Z",
                "silent_since": None,
                "truncated_at": None,
                "truncated_alerts": 0,
            },
            "next_steps": [
                f"Make a token: POST /api/v1/clusters/{ID}/webhook-token. It is shown once.",
                "Put one of the variants into the cluster, and the token beside it.",
            ],
        },
        response_only=True,
    )
]
SENT = [
    OpenApiExample(
        "On its way",
        {
            "stage": "SENT",
            "fingerprint": FINGERPRINT,
            "labels": {
                "alertname": "AiopsTestAlert",
                "severity": "info",
                "sent_by": "ada",
                "sent_at": "2026-03-01T12:00:00Z",
            },
            "starts_at": "2026-03-01T12:00:00Z",
            "ends_at": "2026-03-01T12:05:00Z",
        },
        response_only=True,
        status_codes=["202"],
    )
]


def _step(stage: str, at: str | None, hint: str = "") -> dict[str, object]:
    return {"stage": stage, "reached": at is not None, "at": at, "hint": hint}


TRIAL = [
    OpenApiExample(
        "It arrived by the webhook",
        {
            "stage": "RECEIVED_BY_WEBHOOK",
            "fingerprint": FINGERPRINT,
            "alert_id": ID,
            "receivers": ["aiops-nextgen"],
            "steps": [
                _step("SENT", "2026-03-01T12:00:00Z"),
                _step("SEEN_BY_ALERTMANAGER", "2026-03-01T12:00:00Z"),
                _step("SEEN_BY_POLLING", None),
                _step("RECEIVED_BY_WEBHOOK", "2026-03-01T12:00:10Z"),
            ],
        },
        response_only=True,
    )
]
