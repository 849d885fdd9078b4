"""A card as it is shown to the outside: what `contract_gpus.GpuView` says, as plain values.

Eight thousand cards may be told in one round, so that no model is built of each.
"""

from typing import Any

from apps.observability.gpus.health import Finding
from apps.observability.gpus.reading import EccCounts, Gpu, GpuProcess, Holder, MigInstance
from apps.observability.gpus.xids import Severity

PLAIN = (
    "index",
    "uuid",
    "name",
    "memory_total_mb",
    "memory_used_mb",
    "memory_free_mb",
    "utilization_gpu_percent",
    "utilization_memory_percent",
    "temperature_celsius",
    "power_draw_watts",
    "power_limit_watts",
    "fan_speed_percent",
    "throttle_reasons",
    "xid_errors",
    "mig_enabled",
    "errors",
)
OF_A_SLICE = (
    "gpu_instance_id",
    "compute_instance_id",
    "index",
    "uuid",
    "profile",
    "memory_total_mb",
    "memory_used_mb",
    "memory_free_mb",
    "utilization_gpu_percent",
)


def card(gpu: Gpu) -> dict[str, Any]:
    """Return what one reading says of a card; what is judged of it is added by `judged`."""
    found: dict[str, Any] = {name: getattr(gpu, name) for name in PLAIN}
    found["ecc_errors"] = {
        "volatile": _ecc(gpu.ecc_volatile),
        "aggregate": _ecc(gpu.ecc_aggregate),
    }
    slices, processes = gpu.mig_instances, gpu.processes
    found["mig_instances"] = None if slices is None else [_slice(one) for one in slices]
    found["processes"] = None if processes is None else [process(one) for one in processes]
    found["processes_left_out"] = 0
    found["holders"] = [holder(one) for one in gpu.holders]
    return found


def process(one: GpuProcess) -> dict[str, Any]:
    return {
        "pid": one.pid,
        "process_name": one.process_name,
        "used_memory_mb": one.used_memory_mb,
        "type": one.type,
        "namespace": one.holder.namespace if one.holder else None,
        "pod": one.holder.pod if one.holder else None,
        "gpu_instance_id": one.gpu_instance_id,
        "compute_instance_id": one.compute_instance_id,
    }


def holder(one: Holder) -> dict[str, Any]:
    return {
        "namespace": one.namespace,
        "pod": one.pod,
        "container": one.container,
        "certain": one.certain,
    }


def finding(one: Finding) -> dict[str, Any]:
    severity = Severity(one.severity).name
    return {"code": one.code, "severity": severity, "words": one.words, "do": one.do}


def _slice(one: MigInstance) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(one, name) for name in OF_A_SLICE}
    return found | {"holders": [holder(its) for its in one.holders]}


def _ecc(counts: EccCounts) -> dict[str, Any]:
    return {"corrected": counts.corrected, "uncorrected": counts.uncorrected}
