"""One reading of a node made of two, card by card, by UUID.

DCGM wins where a figure moves (use, memory in use, power, temperature, clocks): charts and history
draw its series, so that the number beside a chart is the chart's last point. It alone knows the
holders, the energy, the XIDs and how busy a slice is. nvidia-smi wins where a fact or a limit is
told (names, addresses, memory in all, power and temperature limits, error counts, modes, advice):
it asks the driver at that moment, says outright what a card does not have, and knows the processes.
Where one says nothing, the other's word stands. A card that only one of them names is kept: the
other may not have seen it come, and a card that is lost to nvidia-smi may live on in DCGM for the
minutes that Prometheus remembers it. Where the exporter names the pods, no guess stands beside it.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TypeVar

from apps.observability.gpus.reading import EccCounts, Gpu, Holder, MigInstance, NodeReading

# What moves, of a card and of a slice.
LIVE = {
    "memory_used_mb",
    "memory_free_mb",
    "utilization_gpu_percent",
    "utilization_memory_percent",
    "utilization_encoder_percent",
    "utilization_decoder_percent",
    "fan_speed_percent",
    "temperature_celsius",
    "memory_temperature_celsius",
    "power_draw_watts",
    "pstate",
    "sm_clock_mhz",
    "memory_clock_mhz",
}
T = TypeVar("T", Gpu, MigInstance, EccCounts)


def merge(smi: NodeReading, dcgm: NodeReading) -> NodeReading:
    """Return the one reading of a node that both sources were asked about."""
    by_uuid = {gpu.uuid: gpu for gpu in dcgm.gpus if gpu.uuid is not None}
    certain = [_certain(gpu) for gpu in smi.gpus]
    gpus = [_card(gpu, by_uuid.pop(gpu.uuid)) if gpu.uuid in by_uuid else gpu for gpu in certain]
    gpus += by_uuid.values()
    lost = {*smi.lost}
    return NodeReading(
        dcgm.source,
        tuple(_failing(gpu) if gpu.bus_id in lost else gpu for gpu in gpus),
        node_name=dcgm.node_name or smi.node_name,
        driver_version=smi.driver_version or dcgm.driver_version,
        cuda_version=smi.cuda_version or dcgm.cuda_version,
        attached=smi.attached,
        lost=smi.lost,
        errors=(*smi.errors, *dcgm.errors),
    )


def _failing(gpu: Gpu) -> Gpu:
    return replace(gpu, failure=gpu.failure or "nvidia-smi cannot reach the card")


def _certain(gpu: Gpu) -> Gpu:
    """Return the card without holders who are guessed at."""

    def kept(holders: tuple[Holder, ...]) -> tuple[Holder, ...]:
        return tuple(one for one in holders if one.certain)

    parts = gpu.mig_instances
    if parts is not None:
        parts = tuple(replace(one, holders=kept(one.holders)) for one in parts)
    return replace(gpu, holders=kept(gpu.holders), mig_instances=parts)


def _card(smi: Gpu, dcgm: Gpu) -> Gpu:
    gpu = _filled(smi, dcgm)
    # Used and free are of one moment only where both are of one source.
    if dcgm.memory_used_mb is None or dcgm.memory_free_mb is None:
        gpu = _of_one(gpu, smi if smi.memory_used_mb is not None else dcgm)
    return replace(
        gpu,
        ecc_volatile=_filled(smi.ecc_volatile, dcgm.ecc_volatile),
        ecc_aggregate=_filled(smi.ecc_aggregate, dcgm.ecc_aggregate),
        mig_instances=_instances(smi.mig_instances, dcgm.mig_instances),
        errors=(*smi.errors, *dcgm.errors),
    )


def _of_one(gpu: Gpu, source: Gpu) -> Gpu:
    return replace(gpu, memory_used_mb=source.memory_used_mb, memory_free_mb=source.memory_free_mb)


def _filled(smi: T, dcgm: T) -> T:
    """Return the first with what only the second says, and with what moves of the second."""
    taken = {
        field.name: getattr(dcgm, field.name)
        for field in fields(dcgm)
        if not _is_silent(field.name, getattr(dcgm, field.name))
        and (field.name in LIVE or _is_silent(field.name, getattr(smi, field.name)))
    }
    return replace(smi, **taken)


def _is_silent(name: str, value: object) -> bool:
    # No reason, no XID and no slice is an answer; no holder is what nvidia-smi always has.
    return value is None or (name == "holders" and value == ())


def _instances(
    smi: Sequence[MigInstance] | None, dcgm: Sequence[MigInstance] | None
) -> tuple[MigInstance, ...] | None:
    """Return the slices by the number of their GPU instance, which both sources give.

    nvidia-smi lists each compute instance; where there are several in one GPU instance, DCGM's row
    is that of all of them, and stands for none.
    """
    if smi is None or dcgm is None:
        found = smi if smi is not None else dcgm
        return None if found is None else tuple(found)
    numbers = [one.gpu_instance_id for one in smi]
    rows = {one.gpu_instance_id: one for one in dcgm}
    merged = [
        _filled(one, rows[one.gpu_instance_id])
        if one.gpu_instance_id in rows and numbers.count(one.gpu_instance_id) == 1
        else one
        for one in smi
    ]
    return (*merged, *(one for one in dcgm if one.gpu_instance_id not in numbers))
