"""Examples of GPUs, for whoever reads the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

CLUSTER = {"cluster_id": "7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10", "cluster_name": "hub-frankfurt"}
PAGE = {"total": 1, "page": 1, "page_size": 20, "total_pages": 1}
NOW = "2026-03-01T12:00:00Z"
UUID = "GPU-5b0e9c1a-7f3d-4e6a-9a55-0d1f5c1b8a10"
MODEL = "NVIDIA H100 80GB HBM3"
POD = {
    "namespace": "ml-train",
    "pod": "train-6c9f7b8d5c-x2k4z",
    "container": "main",
    "certain": True,
}
_NO_ERRORS = {"corrected": 0, "uncorrected": 0}
CARD: dict[str, Any] = {
    "index": 0,
    "uuid": UUID,
    "name": MODEL,
    "driver_version": "550.90.07",
    "cuda_version": "12.4",
    "memory_total_mb": 81559,
    "memory_used_mb": 40000,
    "memory_free_mb": 41559,
    "utilization_gpu_percent": 80.0,
    "utilization_memory_percent": 35.0,
    "busy_percent": 80.0,
    "temperature_celsius": 85,
    "power_draw_watts": 512.3,
    "power_limit_watts": 700.0,
    "fan_speed_percent": None,
    "ecc_errors": {"volatile": _NO_ERRORS, "aggregate": _NO_ERRORS},
    "throttle_reasons": ["sw_thermal_slowdown"],
    "xid_errors": [],
    "mig_enabled": False,
    "mig_instances": [],
    "processes": [
        {
            "pid": 48121,
            "process_name": "python",
            "used_memory_mb": 39800,
            "type": "COMPUTE",
            "namespace": "ml-train",
            "pod": "train-6c9f7b8d5c-x2k4z",
            "gpu_instance_id": None,
            "compute_instance_id": None,
        }
    ],
    "processes_left_out": 0,
    "holders": [POD],
    "allocated": 1.0,
    "shared": False,
    "health": "WARNING",
    "findings": [
        {
            "code": "THROTTLED",
            "severity": "WARNING",
            "words": "Slowed: the driver holds the clocks down because of the temperature",
            "do": "Check the cooling of the node: fans, filters, air.",
        }
    ],
    "errors": [],
}
_NODE: dict[str, Any] = {
    **CLUSTER,
    "node_name": "gpu-1",
    "gpus": [CARD],
    "source": "DCGM",
    "last_updated": NOW,
    "stale": False,
    "errors": [],
    "findings": [],
}
PLACE = {
    **CLUSTER,
    "node_name": "gpu-1",
    "gpu_index": 0,
    "gpu_uuid": UUID,
    "gpu_name": MODEL,
    "gpu_instance_id": None,
    "compute_instance_id": None,
}
CLAIM: dict[str, Any] = {
    **PLACE,
    "profile": None,
    "weight": 1.0,
    "namespace": "ml-train",
    "pod": "train-6c9f7b8d5c-x2k4z",
    "container": "main",
    "owner": "train",
    "since": "2026-03-01T06:00:00Z",
    "idle_since": "2026-03-01T09:00:00Z",
    "idle_gpu_hours": 3.0,
    "holds_memory": True,
    "holders": 1,
    "stale": False,
}
FIGURES: dict[str, Any] = {
    "gpus": 8,
    "stale": 0,
    "missing": 0,
    "lost": 0,
    "by_health": {"CRITICAL": 0, "WARNING": 1, "INFO": 0, "OK": 7},
    "allocated": 6.43,
    "free": 1,
    "idle": 2,
    "shared": 0,
    "in_slices": 1,
    "busy_percent": 48.2,
    "busy_measured": 8,
    "memory_used_mb": 311200,
    "memory_total_mb": 652472,
    "power_draw_watts": 3412.5,
    "power_limit_watts": 5600.0,
    "power_measured": 8,
}
_SUMMARY: dict[str, Any] = {
    **FIGURES,
    "at": NOW,
    "nodes": 1,
    "stale_nodes": 0,
    "coverage": {
        "clusters": 3,
        "read": 1,
        "stale": 0,
        "silent": 1,
        "unknown": 0,
        "without_gpus": 1,
    },
    "findings": [{"code": "THROTTLED", "severity": "WARNING", "gpus": 1}],
    "by_model": [{"model": MODEL, **FIGURES}],
    "by_mig_profile": [
        {
            "model": MODEL,
            "profile": "3g.40gb",
            "slices": 2,
            "allocated": 1,
            "idle": 0,
            "shared": 0,
            "busy_percent": 44.0,
            "busy_measured": 2,
            "memory_used_mb": 20480,
            "memory_total_mb": 80896,
        }
    ],
    "by_cluster": [
        {
            **CLUSTER,
            **FIGURES,
            "coverage": "READ",
            "source": "DCGM",
            "last_updated": NOW,
            "problem": "",
            "missing_metrics": [
                {
                    "metric": "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
                    "words": "How busy slices are is not known.",
                    "csv_line": "DCGM_FI_PROF_GR_ENGINE_ACTIVE, gauge, Ratio of time the graphics "
                    "engine is active.",
                }
            ],
            "nodes": 1,
            "stale_nodes": 0,
            "gpus_in_kubernetes": 8,
        }
    ],
}


def answer(title: str, value: Any) -> list[OpenApiExample]:
    return [OpenApiExample(title, value, response_only=True, status_codes=["200"])]


NODES = answer("A node that runs hot", {"items": [_NODE], **PAGE})
NODE = answer(
    "A node that runs hot",
    {**_NODE, "attached": 1, "lost": [], "missing": [], "claims": [CLAIM]},
)
SUMMARY = answer("Eight cards in one cluster", _SUMMARY)
