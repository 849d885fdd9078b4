"""The series of NVIDIA's DCGM exporter, as they come back through federation, read per node.

Their names and units are those of the exporter's own tables (default-counters.csv and
dcp-metrics-included.csv): MiB, W, C, MHz, mJ; use in per cent, activity as a share of one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from apps.observability.gpus.reading import (
    DCGM,
    EccCounts,
    Gpu,
    MigInstance,
    NodeReading,
    address,
    reasons_in,
)
from apps.observability.sources import dcgm_samples
from apps.observability.sources.dcgm_samples import (
    ENERGY,
    XID,
    XID_COUNT,
    Card,
    Cards,
    Rows,
    name_in,
    number_in,
)

Sample = dcgm_samples.Sample
_Field = tuple[str, Callable[[float], object]]

PREFIX = "DCGM_FI_"
ACTIVITY = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
REASONS = ("DCGM_FI_DEV_CLOCKS_EVENT_REASONS", "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS")

LONGEST_LABEL = 200
_VERSION = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,5}){1,3}")


def _whole(high: int) -> Callable[[float], int | None]:
    def read(value: float) -> int | None:
        return int(value) if value.is_integer() and 0 <= value <= high else None

    return read


def _upto(high: float, times: float = 1.0) -> Callable[[float], float | None]:
    def read(value: float) -> float | None:
        return value * times if 0 <= value <= high else None

    return read


def _flag(value: float) -> bool | None:
    return {0.0: False, 1.0: True}.get(value)


def _pstate(value: float) -> str | None:
    return f"P{int(value)}" if value.is_integer() and 0 <= value <= 15 else None


_MIB, _CELSIUS, _MHZ = _whole(2**26), _whole(300), _whole(10**5)
_WATTS, _COUNT = _upto(1e5), _whole(10**12)

# What belongs to the whole card, and is repeated on the row of each of its instances.
BOARD: dict[str, _Field] = {
    "DCGM_FI_DEV_GPU_UTIL": ("utilization_gpu_percent", _upto(100)),
    "DCGM_FI_DEV_MEM_COPY_UTIL": ("utilization_memory_percent", _upto(100)),
    "DCGM_FI_DEV_ENC_UTIL": ("utilization_encoder_percent", _upto(100)),
    "DCGM_FI_DEV_DEC_UTIL": ("utilization_decoder_percent", _upto(100)),
    "DCGM_FI_DEV_FAN_SPEED": ("fan_speed_percent", _whole(300)),
    "DCGM_FI_DEV_GPU_TEMP": ("temperature_celsius", _CELSIUS),
    "DCGM_FI_DEV_MEMORY_TEMP": ("memory_temperature_celsius", _CELSIUS),
    "DCGM_FI_DEV_SLOWDOWN_TEMP": ("slowdown_celsius", _CELSIUS),
    "DCGM_FI_DEV_SHUTDOWN_TEMP": ("shutdown_celsius", _CELSIUS),
    "DCGM_FI_DEV_GPU_MAX_OP_TEMP": ("max_operating_celsius", _CELSIUS),
    "DCGM_FI_DEV_MEM_MAX_OP_TEMP": ("memory_max_operating_celsius", _CELSIUS),
    "DCGM_FI_DEV_POWER_USAGE": ("power_draw_watts", _WATTS),
    "DCGM_FI_DEV_ENFORCED_POWER_LIMIT": ("power_limit_watts", _WATTS),
    "DCGM_FI_DEV_POWER_MGMT_LIMIT": ("power_limit_watts", _WATTS),
    "DCGM_FI_DEV_POWER_MGMT_LIMIT_DEF": ("power_limit_default_watts", _WATTS),
    "DCGM_FI_DEV_POWER_MGMT_LIMIT_MAX": ("power_limit_max_watts", _WATTS),
    ENERGY: ("energy_joules", _upto(1e18, times=1e-3)),
    "DCGM_FI_DEV_PSTATE": ("pstate", _pstate),
    "DCGM_FI_DEV_SM_CLOCK": ("sm_clock_mhz", _MHZ),
    "DCGM_FI_DEV_MEM_CLOCK": ("memory_clock_mhz", _MHZ),
    "DCGM_FI_DEV_MAX_SM_CLOCK": ("sm_clock_max_mhz", _MHZ),
    "DCGM_FI_DEV_MAX_MEM_CLOCK": ("memory_clock_max_mhz", _MHZ),
    "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL": ("ecc_volatile.corrected", _COUNT),
    "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL": ("ecc_volatile.uncorrected", _COUNT),
    "DCGM_FI_DEV_ECC_SBE_AGG_TOTAL": ("ecc_aggregate.corrected", _COUNT),
    "DCGM_FI_DEV_ECC_DBE_AGG_TOTAL": ("ecc_aggregate.uncorrected", _COUNT),
    "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS": ("remapped_rows_correctable", _COUNT),
    "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS": ("remapped_rows_uncorrectable", _COUNT),
    "DCGM_FI_DEV_ROW_REMAP_PENDING": ("remapped_rows_pending", _flag),
    "DCGM_FI_DEV_ROW_REMAP_FAILURE": ("remapped_rows_failure", _flag),
    "DCGM_FI_DEV_RETIRED_SBE": ("retired_pages_single_bit", _COUNT),
    "DCGM_FI_DEV_RETIRED_DBE": ("retired_pages_double_bit", _COUNT),
    "DCGM_FI_DEV_PCIE_REPLAY_COUNTER": ("pcie_replays", _COUNT),
    "DCGM_FI_DEV_MIG_MODE": ("mig_enabled", _flag),
}
# What each instance has of its own, and a whole card too.
OWN: dict[str, _Field] = {
    "DCGM_FI_DEV_FB_TOTAL": ("memory_total_mb", _MIB),
    "DCGM_FI_DEV_FB_USED": ("memory_used_mb", _MIB),
    "DCGM_FI_DEV_FB_FREE": ("memory_free_mb", _MIB),
    "DCGM_FI_DEV_FB_RESERVED": ("memory_reserved_mb", _MIB),
    ACTIVITY: ("activity", _upto(1, times=100)),
}
# All that is read here: what to ask Prometheus for.
ASKED = tuple(sorted({*BOARD, *OWN, XID, XID_COUNT, *REASONS}))


def read(samples: Iterable[Sample]) -> list[NodeReading]:
    """Return one reading per node, sorted by its name, of the samples of one cluster."""
    cards = Cards(OWN)
    for labels, value in samples:
        spot = cards.spot(labels)
        if spot is not None:
            cards.add(spot, labels.get("__name__", ""), value)
    return read_cards(cards)


def read_cards(cards: Cards) -> list[NodeReading]:
    """Return the readings of samples that were put to their cards."""
    cards.end()
    nodes = cards.nodes
    return [_node(name, nodes[name]) for name in sorted(nodes, key=lambda name: name or "")]


def _given(rows: Rows, table: Mapping[str, _Field]) -> dict[str, Any]:
    """Return the fields that are given. `Any`: a field's type is known to its reader alone.

    Of two series of one field the first of the table counts.
    """
    found: dict[str, Any] = {}
    values = rows.values
    for name, (field_name, read) in table.items():
        value = values.get(name)
        if value is not None:
            said = read(value)
            if said is not None:
                found.setdefault(field_name, said)
    return found


def _node(name: str | None, cards: Mapping[str, Card]) -> NodeReading:
    gpus = sorted((_gpu(uuid, card) for uuid, card in cards.items()), key=_order)
    drivers = {card.board.labels.get("DCGM_FI_DRIVER_VERSION", "") for card in cards.values()}
    driver = drivers.pop() if len(drivers) == 1 else ""
    return NodeReading(
        DCGM,
        tuple(gpus),
        node_name=name,
        driver_version=driver if _VERSION.fullmatch(driver) else None,
    )


def _order(gpu: Gpu) -> tuple[int, str]:
    return (-1 if gpu.index is None else gpu.index, gpu.uuid or "")


def _gpu(uuid: str, card: Card) -> Gpu:
    labels = card.board.labels
    found = _given(card.board, BOARD) | _own(card.board)
    # Only a card that is not in slices has a use of its own.
    said = found.pop("mig_enabled", None)
    sliced = bool(card.instances) or said
    if sliced is None and "utilization_gpu_percent" in found:
        sliced = False
    activity = found.pop("activity", None)
    if not sliced and activity is not None:
        found.setdefault("utilization_gpu_percent", activity)
    for part in ("ecc_volatile", "ecc_aggregate"):
        names = [name for name in found if name.startswith(f"{part}.")]
        found[part] = EccCounts(**{name.partition(".")[2]: found.pop(name) for name in names})
    known = card.board.values
    mask = next((int(known[name]) for name in REASONS if name in known), None)
    bus_id = name_in(labels, "pci_bus_id", 32)
    return Gpu(
        index=number_in(labels.get("gpu")),
        uuid=uuid,
        name=name_in(labels, "modelName", LONGEST_LABEL),
        bus_id=address(bus_id) if bus_id else None,
        throttle_reasons=None if mask is None else reasons_in(mask),
        xid_errors=tuple(sorted(card.xids)) if card.xids or XID in known else None,
        mig_enabled=sliced,
        mig_instances=_instances(card) if sliced else None if sliced is None else (),
        holders=() if sliced else tuple(sorted(card.board.holders)),
        **found,
    )


def _own(rows: Rows) -> dict[str, Any]:
    """Return what is the card's or the instance's own; the whole of the memory from its parts."""
    found = _given(rows, OWN)
    parts = [f"memory_{part}_mb" for part in ("used", "free", "reserved")]
    if all(part in found for part in parts):
        found.setdefault("memory_total_mb", sum(found[part] for part in parts))
    return found


def _instances(card: Card) -> tuple[MigInstance, ...]:
    made = []
    for number, rows in sorted(card.instances.items()):
        found = _own(rows)
        made.append(
            MigInstance(
                gpu_instance_id=number,
                profile=name_in(rows.labels, "GPU_I_PROFILE", LONGEST_LABEL),
                utilization_gpu_percent=found.pop("activity", None),
                holders=tuple(sorted(rows.holders)),
                **found,
            )
        )
    return tuple(made)
