"""Examples of what GPUs did and for whom, for whoever reads the OpenAPI document."""

from typing import Any

from apps.observability.api.gpu_examples import (
    CLAIM,
    CLUSTER,
    MODEL,
    NOW,
    PAGE,
    PLACE,
    UUID,
    answer,
)

_SINCE = "2026-03-01T11:55:00Z"
_HOURS: dict[str, Any] = {
    "held_gpu_hours": 168.0,
    "used_gpu_hours": 96.2,
    "wasted_gpu_hours": 71.3,
    "unmeasured_gpu_hours": 0.5,
    "kwh": 61.4,
    "cost": 420.0,
    "wasted_cost": 178.25,
    "energy_cost": 18.42,
}
_NAMESPACE = {**CLUSTER, "namespace": "ml-train"}
_WHOLE = {"gpu_instance_id": None, "compute_instance_id": None}
_HISTORY: dict[str, Any] = {
    **CLUSTER,
    "node_name": "gpu-1",
    "since": _SINCE,
    "until": "2026-03-01T12:05:00Z",
    "resolution_seconds": 300,
    "at": [_SINCE, NOW],
    "series": [
        {
            "gpu_index": 0,
            "gpu_uuid": UUID,
            "gpu_name": MODEL,
            **_WHOLE,
            "profile": None,
            "present": True,
            "busy_percent": [80.4, None],
            "busy_percent_highest": [98.0, None],
            "memory_used_mb": [39800.0, None],
            "memory_used_mb_highest": [40000, None],
            "power_draw_watts": [512.3, None],
            "temperature_celsius": [71, None],
        }
    ],
    "changes": [
        {
            "at": NOW,
            "kind": "DRIVER_CHANGED",
            "uuid": None,
            "name": None,
            "before": "550.90.07",
            "after": "570.86.15",
        }
    ],
}
_PROCESS: dict[str, Any] = {
    **PLACE,
    "pid": 48121,
    "process_name": "python",
    "used_memory_mb": 39800,
    "type": "COMPUTE",
    "namespace": "ml-train",
    "pod": "train-6c9f7b8d5c-x2k4z",
    "container": "main",
    "stale": False,
}
_WASTE: dict[str, Any] = {
    **_HOURS,
    "since": "2026-02-22T12:00:00Z",
    "until": NOW,
    "added_up_until": "2026-03-01T11:55:00Z",
    "currency": "EUR",
    "by_model": [{"model": MODEL, **_HOURS}],
    "by_cluster": [{**CLUSTER, **_HOURS}],
    "by_namespace": [{**_NAMESPACE, **_HOURS}],
    "namespaces": 1,
    "by_owner": [{**_NAMESPACE, "owner": "train", **_HOURS}],
    "owners": 1,
    "idle": [{**CLAIM, "idle_cost": 7.5}],
    "idle_holds": 1,
    "idle_gpus": 1.0,
}
HISTORY = answer("Ten minutes, of which the last five are not there", _HISTORY)
PROCESSES = answer("A process of a pod", {"items": [_PROCESS], **PAGE})
WASTE = answer("A week of one card", _WASTE)
