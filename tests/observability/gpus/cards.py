"""Cards and readings as the sources give them, for tests of what is kept of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.clusters.models import Cluster
from apps.observability.collect.gpu_rounds import Heard, NodeRead
from apps.observability.gpus.reading import DCGM, EccCounts, Gpu, Holder, MigInstance, NodeReading

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TRAIN = Holder("ml-train", "train-6c9f7b8d5c-x2k4z", "main")
SERVE = Holder("ml-serve", "serve-0", "main")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def card(number: int, **said: Any) -> Gpu:
    known: dict[str, Any] = {
        "index": number,
        "uuid": f"GPU-{number:08x}-0000-4000-8000-000000000000",
        "name": "NVIDIA H100 80GB HBM3",
        "bus_id": f"00000000:{number + 16:02X}:00.0",
        "memory_total_mb": 81559,
        "memory_used_mb": 40000,
        "memory_free_mb": 41559,
        "utilization_gpu_percent": 80.0,
        "temperature_celsius": 60,
        "power_draw_watts": 500.0,
        "power_limit_watts": 700.0,
        "throttle_reasons": (),
        "xid_errors": (),
        "mig_enabled": False,
        "mig_instances": (),
        "holders": (TRAIN,),
        "ecc_volatile": EccCounts(corrected=3, uncorrected=0),
    }
    return Gpu(**{**known, **said})


def part(number: int, **said: Any) -> MigInstance:
    known: dict[str, Any] = {
        "gpu_instance_id": number,
        "profile": "3g.40gb",
        "memory_total_mb": 40448,
        "memory_used_mb": 1000,
        "utilization_gpu_percent": 50.0,
        "holders": (SERVE,),
    }
    return MigInstance(**{**known, **said})


def reading(*gpus: Gpu, source: str = DCGM, **said: Any) -> NodeReading:
    said.setdefault("driver_version", "550.90.07")
    return NodeReading(source, gpus, **said)


def heard(cluster: Cluster, seconds: float, nodes: dict[str, NodeReading], **said: Any) -> Heard:
    reads = tuple(NodeRead(name, one, at(seconds)) for name, one in nodes.items())
    source = next((one.source for one in nodes.values()), DCGM)
    known: dict[str, Any] = {"source": source, "nodes": reads, "by_series": source == DCGM}
    return Heard(cluster.pk, cluster.name, at(seconds), **{**known, **said})


def names(events: Sequence[Any]) -> list[str]:
    return [event.event_type for event in events]
