"""Examples of alerts, for whoever reads the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

ID = "5e0c3b8e-93b6-4f0b-b3a4-0f5d8f6d2c17"
CLUSTER = {"cluster_id": "7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10", "cluster_name": "hub-frankfurt"}
START, LATER = "2026-03-01T12:00:00Z", "2026-03-01T12:07:30Z"
ALERT: dict[str, Any] = {
    "id": ID,
    "fingerprint": "9f86d081884c7d65",
    **CLUSTER,
    "alertname": "KubePodCrashLooping",
    "severity": "WARNING",
    "state": "FIRING",
    "namespace": "shop",
    "labels": {
        "alertname": "KubePodCrashLooping",
        "namespace": "shop",
        "pod": "checkout-7f8d9c6b5-x2k4p",
        "severity": "warning",
    },
    "annotations": {"summary": "Pod shop/checkout-7f8d9c6b5-x2k4p is crash looping."},
    "starts_at": START,
    "ends_at": None,
    "ending": "",
    "generator_url": "https://prometheus.example.net/graph?g0.expr=up",
    "receivers": ["aiops"],
    "silenced": False,
    "silenced_by": [],
    "inhibited": False,
    "inhibited_by": [],
    "source": "WEBHOOK",
    "acknowledged_by": "ada",
    "acknowledged_at": "2026-03-01T12:03:00Z",
    "acknowledgement": "Looking at it.",
    "taken_at": "2026-03-01T12:03:00Z",
    "assigned_to": None,
    "first_received_at": START,
    "last_received_at": LATER,
    "changed_at": START,
}
OVER = ALERT | {
    "state": "RESOLVED",
    "ends_at": LATER,
    "ending": "TOLD",
    "acknowledged_by": None,
    "acknowledged_at": None,
    "acknowledgement": "",
    "changed_at": LATER,
}
ENTRY = {"at": "2026-03-01T12:03:00Z", "author": "ada", "deed": "ACKNOWLEDGED", "text": "On it."}
COUNTS = {"CRITICAL": 0, "WARNING": 1, "INFO": 0}
PAGE = {"total": 1, "page": 1, "page_size": 20, "total_pages": 1}
SECONDS = {"mean_seconds_to_acknowledge": 180.0, "mean_seconds_to_resolve": 450.0}


def _answer(title: str, value: Any) -> list[OpenApiExample]:
    return [OpenApiExample(title, value, response_only=True)]


def _sent(title: str, value: Any) -> OpenApiExample:
    return OpenApiExample(title, value, request_only=True)


def _page(title: str, item: Any) -> list[OpenApiExample]:
    more = {"by_severity": COUNTS, "looked_back_to": None}
    return _answer(title, {"items": [item], **PAGE, **more})


LIST = _page("One that fires", ALERT)
HISTORY = _page("One that is over", OVER)
ONE = _answer("One that fires", ALERT)
TIME = {
    "id": ID,
    "state": "FIRING",
    "starts_at": START,
    "ends_at": None,
    "duration_seconds": None,
    "ending": "",
}
DETAIL = _answer(
    "One that fires",
    {
        **ALERT,
        "story": [ENTRY],
        "times": [TIME],
        "times_in_24_h": 1,
        "flapping": False,
        "also_in": [],
    },
)
GROUP = {
    "labels": {"namespace": "shop", "team": "(none)"},
    "missing": ["team"],
    "total": 1,
    "by_severity": COUNTS,
    "acknowledged": 1,
    "silenced": 0,
    "inhibited": 0,
    "clusters": [{**CLUSTER, "total": 1}],
    "common_labels": {"severity": "warning"},
    "oldest_starts_at": START,
    "changed_at": START,
}
GROUPS = _page("By namespace and team", GROUP)
THE_SAME = _page(
    "In one cluster",
    GROUP | {"labels": {"alertname": "KubePodCrashLooping", "namespace": "shop"}, "missing": []},
)
STATISTICS = _answer(
    "A week",
    {
        "since": "2026-02-22T12:00:00Z",
        "until": START,
        "looked_back_to": None,
        "total": 5,
        "active": 1,
        "resolved": 4,
        "acknowledged": 1,
        "by_severity": {**COUNTS, "WARNING": 5},
        **SECONDS,
        "noisiest": [{"alertname": "KubePodCrashLooping", "total": 5, "clusters": 1, **SECONDS}],
        "flapping": [
            {
                **CLUSTER,
                "fingerprint": "9f86d081884c7d65",
                "alertname": "KubePodCrashLooping",
                "times": 4,
            }
        ],
        "by_cluster": [{**CLUSTER, "total": 5, **SECONDS}],
    },
)
EXPORT = _answer("One that fires", [ALERT])
STORY = _answer("It was acknowledged", {"items": [ENTRY]})
SAID = _answer("A comment", ENTRY | {"deed": "COMMENTED", "text": "The image is missing."})
ACKNOWLEDGING = [_sent("With a note", {"note": "Looking at it."}), *ONE]
ASSIGNING = [
    _sent("To somebody", {"username": "ada"}),
    _sent("To nobody", {"username": None}),
    *ONE,
]
COMMENTING = [_sent("A comment", {"text": "The image is missing."}), *SAID]
BULK = [
    _sent("Take two", {"operation": "ACKNOWLEDGE", "ids": [ID], "note": "Looking at it."}),
    _sent("Hand over", {"operation": "ASSIGN", "ids": [ID], "username": "ada"}),
    *_answer("One done", {"results": [{"alert_id": ID, "status": "DONE", "reason": ""}]}),
]
