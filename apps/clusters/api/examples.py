"""Examples of requests and answers, for whoever reads the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

ID = "7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10"
OTHER_ID = "0b9d5a86-2f7c-4c0e-8c5e-6f0b7a3d2e41"
MOMENT = "2026-03-01T12:00:00Z"
DESCRIPTION: dict[str, Any] = {
    "name": "hub-frankfurt",
    "display_name": "Hub Frankfurt",
    "api_server_url": "https://api.hub.example.net:6443",
    "cluster_type": "HUB",
    "platform": "OPENSHIFT",
    "platform_version": "4.20.1",
    "region": "eu-central",
    "environment": "PRODUCTION",
    "labels": {"team": "red"},
    "enabled": True,
}
PARTS: dict[str, Any] = {
    "api_server_healthy": True,
    "prometheus_healthy": True,
    "tempo_healthy": None,
    "loki_healthy": None,
    "alertmanager_healthy": None,
}
CONCLUSION: dict[str, Any] = {
    "state": "ONLINE",
    "state_since": MOMENT,
    "health_score": 100,
    "connectivity": "CONNECTED",
    **PARTS,
    "last_error": "",
    "failure_stage": None,
    "remedy": "",
    "certificate_expires_at": "2027-03-01T12:00:00Z",
    "certificate_expires_soon": False,
    "checked_at": MOMENT,
    "latency_ms": 23,
    "check_interval_seconds": 15.0,
}
ABILITIES: dict[str, Any] = {
    "has_gpu_nodes": True,
    "gpu_count": 16,
    "gpu_types": ["NVIDIA-H100-80GB-HBM3"],
    "has_prometheus": True,
    "has_thanos": True,
    "has_tempo": False,
    "has_loki": None,
    "has_service_mesh": False,
    "has_cnf_workloads": False,
    "cnf_types": [],
    "node_count": 9,
}
DISCOVERED = {
    "platform": "OPENSHIFT",
    "platform_version": "4.20.1",
    "kubernetes_version": "v1.33.5",
    **ABILITIES,
    "evidence": {
        "gpu_count": "capacity nvidia.com/gpu of 2 nodes",
        "has_loki": "The services could not be read: forbidden (403).",
    },
    "suggested_endpoints": {"alertmanager_url": "https://alertmanager.apps.hub.example.net"},
    "discovered_at": MOMENT,
}
ENDPOINTS: dict[str, Any] = {
    "prometheus_url": "https://thanos.apps.hub.example.net",
    "prometheus_replica_urls": [],
    "alertmanager_url": None,
    "tempo_url": None,
    "loki_url": None,
    "korrel8r_url": None,
}
CREDENTIAL = {
    "auth_type": "SERVICE_ACCOUNT",
    "stored_at": MOMENT,
    "validated_at": MOMENT,
    "expires_at": "2027-03-01T12:00:00Z",
    "expires_soon": False,
    "refresh_problem": "",
}
ONE = {
    "id": ID,
    **DESCRIPTION,
    "status": CONCLUSION,
    "capabilities": DISCOVERED,
    "endpoints": ENDPOINTS,
    "credentials": CREDENTIAL,
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "last_seen_at": MOMENT,
}


def _sent(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value, request_only=True)


def _answered(name: str, value: Any, status: str = "200") -> OpenApiExample:
    return OpenApiExample(name, value, response_only=True, status_codes=[status])


def page_of(*items: Any) -> dict[str, Any]:
    count = len(items)
    return {"items": [*items], "total": count, "page": 1, "page_size": 20, "total_pages": 1}


ANSWER = {**ONE, "permissions": ["view"]}
CLUSTER = [_answered("A cluster", ANSWER)]
REGISTERED = [_answered("A new cluster", ANSWER, "201")]
REGISTRATION = [
    _sent(
        "A cluster with its token",
        DESCRIPTION
        | {
            "endpoints": {"prometheus_url": ENDPOINTS["prometheus_url"]},
            "credentials": {
                "auth_type": "SERVICE_ACCOUNT",
                "token": "eyJhbGciOi...",
                "ca_bundle": "",
                "prometheus_token": "sha256~...",
            },
        },
    ),
    _sent(
        "As little as will do",
        {"name": "edge-oslo", "api_server_url": "https://api.oslo.example.net:6443"},
    ),
]
CHANGE = [
    _sent("Other labels", {"labels": {"team": "blue"}}),
    _sent("An endpoint, taken away", {"endpoints": {"loki_url": None}}),
    _sent(
        "A pair of Prometheus servers",
        {
            "endpoints": {
                "prometheus_url": "https://prometheus-0.example.net",
                "prometheus_replica_urls": ["https://prometheus-1.example.net"],
            }
        },
    ),
    _sent("Neither checked nor queried", {"enabled": False}),
]
STATUS = [_answered("Online", CONCLUSION)]
PAST_CHECK = {
    "id": 4711,
    "checked_at": MOMENT,
    "state": "ONLINE",
    "health_score": 100,
    "latency_ms": 23,
    **PARTS,
    "error": "",
    "failure_stage": None,
}
HISTORY = [_answered("One check", page_of(PAST_CHECK))]
QUEUED = [_answered("On its way", {"status": "queued"}, "202")]
EXPORT = [
    OpenApiExample(
        "Every field of each",
        [ONE],
        response_only=True,
        media_type="application/json",
        status_codes=["200"],
    )
]
WEBHOOK_TOKEN = [_answered("Shown this once", {"token": "aiops_wh_4nJ0..."})]
BULK = [
    _sent("Label two", {"operation": "LABEL", "ids": [ID, OTHER_ID], "labels": {"tier": "1"}}),
    _sent("Take a label away", {"operation": "LABEL", "ids": [ID], "remove_labels": ["tier"]}),
    _sent("Disable", {"operation": "DISABLE", "ids": [ID]}),
    _answered(
        "One of two",
        {
            "results": [
                {"cluster_id": ID, "status": "DONE", "reason": ""},
                {
                    "cluster_id": OTHER_ID,
                    "status": "NOT_FOUND",
                    "reason": "There is no such cluster, or none that you may see.",
                },
            ]
        },
    ),
]
SUMMARY = [
    _answered(
        "Two clusters",
        {
            "total_clusters": 2,
            "by_state": {"ONLINE": 1, "DEGRADED": 1, "OFFLINE": 0, "UNKNOWN": 0, "PROVISIONING": 0},
            "by_type": {"HUB": 1, "SPOKE": 1, "EDGE": 0, "FAR_EDGE": 0},
            "by_environment": {"PRODUCTION": 2, "STAGING": 0, "DEVELOPMENT": 0, "LAB": 0},
            "total_gpu_count": 16,
            "clusters_with_cnf": 0,
            "avg_health_score": 90.0,
        },
    )
]
FLEET_HEALTH = [
    _answered(
        "One cluster",
        page_of(
            {
                "cluster_id": ID,
                "cluster_name": "hub-frankfurt",
                "enabled": True,
                "status": CONCLUSION,
            }
        ),
    )
]
FLEET_CAPABILITIES = [
    _answered(
        "Two clusters, one of them discovered",
        {
            "total_clusters": 2,
            "discovered_clusters": 1,
            "gpu_types": ABILITIES["gpu_types"],
            "cnf_types": [],
            "kubernetes_versions": {"v1.33.5": 1},
            **{name: ABILITIES[name] for name in ("node_count", "gpu_count")},
            "has_gpu_nodes": True,
            "has_prometheus": True,
            "has_thanos": True,
            "has_tempo": None,
            "has_loki": None,
            "has_service_mesh": None,
            "has_cnf_workloads": None,
            "clusters_with": {"has_gpu_nodes": 1, "has_prometheus": 1, "has_thanos": 1},
            "clusters_unknown": {"has_gpu_nodes": 1, "has_loki": 2, "has_tempo": 1},
        },
    )
]
