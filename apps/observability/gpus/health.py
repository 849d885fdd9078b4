"""What a card's reading says about its health, in words: what is wrong, and what to do about it.

A judgement is a pure function of one reading; what a card does not report is not judged, and no
finding is made of silence.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.observability.gpus.reading import Gpu
from apps.observability.gpus.xids import Severity, explain

# Degrees before the card's own limit at which people should know.
NEAR_CELSIUS = 5
# The share of its power limit from which a card is at it.
AT_POWER_LIMIT = 0.98
# Retired pages from which NVIDIA replaces a board (Dynamic Page Retirement, "RMA policy").
MOST_RETIRED_PAGES = 60

SLOWDOWN = "the point where it slows itself down"
SHUTDOWN = "the point where it shuts itself down"
HIGHEST = "its highest temperature for work"
HIGHEST_OF_MEMORY = "its memory's highest temperature for work"

COOL = "Check the cooling of the node: fans, filters, air."
DRAIN_AND_RESET = "Drain the node and reset the GPU."
REPLACE = "Drain the node and have the GPU replaced."
REBOOT = "Drain the node and reboot it; if the GPU stays away, have it checked."

REASON_WORDS = {
    "gpu_idle": "nothing runs, and the clocks rest",
    "applications_clocks_setting": "somebody set lower clocks for applications",
    "sw_power_cap": "the driver holds the clocks down to stay under the power limit",
    "hw_slowdown": "the hardware has at least halved the clocks: heat, or a power brake",
    "sync_boost": "the clocks follow those of a slower card in the same group",
    "sw_thermal_slowdown": "the driver holds the clocks down because of the temperature",
    "hw_thermal_slowdown": "the hardware has at least halved the clocks because of the temperature",
    "hw_power_brake_slowdown": "the hardware has at least halved the clocks because the power "
    "supply asked for it",
    "display_clocks_setting": "the clocks are set for a display",
}
# Hardware slowdown alone says neither heat nor power; with one of those it says nothing more.
_SLOWED = {
    "hw_thermal_slowdown": (
        Severity.CRITICAL,
        COOL,
    ),
    "hw_power_brake_slowdown": (Severity.CRITICAL, "Check the power supplies of the node."),
    "sw_thermal_slowdown": (Severity.WARNING, COOL),
}
_RECOVERY = {
    "GPU_RESET": (Severity.CRITICAL, "The driver asks for a reset of the GPU", DRAIN_AND_RESET),
    "NODE_REBOOT": (
        Severity.CRITICAL,
        "The driver asks for a reboot of the node",
        "Drain the node and reboot it.",
    ),
    "DRAIN_P2P": (
        Severity.WARNING,
        "The driver asks that work between GPUs be drained",
        "Let no new work of several GPUs begin on this one, and end what runs.",
    ),
    "DRAIN_AND_RESET": (
        Severity.WARNING,
        "The driver asks for a reset once the work has ended",
        "Let no new work begin on the GPU, and reset it when the last has ended.",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a card: what it is by name, how bad, in words, and what to do."""

    code: str
    severity: Severity
    words: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Headroom:
    """How many degrees are left to a limit of the card's own; whether it acts on it by itself."""

    celsius: int
    limit: str
    acts: bool


def judge(gpu: Gpu) -> tuple[Finding, ...]:
    """Return all findings about a card, the worst first."""
    found = [
        *_answers(gpu),
        *_advice(gpu),
        *_xids(gpu),
        *_ecc(gpu),
        *_rows(gpu),
        *_pages(gpu),
        *_heat(gpu),
        *_clocks(gpu),
        *_power(gpu),
        *_links(gpu),
    ]
    return tuple(sorted(found, key=lambda finding: -finding.severity))


def severity(gpu: Gpu) -> Severity:
    """Return how bad the worst finding is, OK without any."""
    return max((finding.severity for finding in judge(gpu)), default=Severity.OK)


def headrooms(gpu: Gpu) -> list[Headroom]:
    """Return the degrees left to each of the card's own limits, in C, the least first.

    Newer cards report how many degrees are left (T.Limit), and their limits on that scale: left =
    tlimit - the limit's own. Others report limits as temperatures: left = limit - temperature.
    """
    now, margin = gpu.temperature_celsius, gpu.tlimit_celsius
    limits = [
        (gpu.tlimit_slowdown_celsius, gpu.slowdown_celsius, SLOWDOWN, True),
        (gpu.tlimit_shutdown_celsius, gpu.shutdown_celsius, SHUTDOWN, True),
        (gpu.tlimit_max_operating_celsius, gpu.max_operating_celsius, HIGHEST, False),
    ]
    found = []
    for on_scale, absolute, limit, acts in limits:
        if margin is not None and on_scale is not None:
            found.append(Headroom(margin - on_scale, limit, acts))
        elif now is not None and absolute is not None:
            found.append(Headroom(absolute - now, limit, acts))
    memory, most = gpu.memory_temperature_celsius, gpu.memory_max_operating_celsius
    if memory is not None and most is not None:
        found.append(Headroom(most - memory, HIGHEST_OF_MEMORY, acts=False))
    return sorted(found, key=lambda one: one.celsius)


def reasons_in_words(gpu: Gpu) -> tuple[str, ...]:
    """Return what holds the card's clocks down, as sentences' parts."""
    return tuple(REASON_WORDS[reason] for reason in gpu.throttle_reasons or ())


def _answers(gpu: Gpu) -> Iterator[Finding]:
    if gpu.failure:
        yield Finding(
            "NO_ANSWER",
            Severity.CRITICAL,
            f"The card does not answer: {gpu.failure}",
            REBOOT,
        )


def _advice(gpu: Gpu) -> Iterator[Finding]:
    if gpu.recovery_action in _RECOVERY:
        yield Finding("RECOVERY_ACTION", *_RECOVERY[gpu.recovery_action])
    elif gpu.reset_required:
        yield Finding("RECOVERY_ACTION", *_RECOVERY["GPU_RESET"])
    elif gpu.drain_and_reset_recommended:
        yield Finding("RECOVERY_ACTION", *_RECOVERY["DRAIN_AND_RESET"])


def _xids(gpu: Gpu) -> Iterator[Finding]:
    for number in gpu.xid_errors or ():
        xid = explain(number)
        yield Finding(f"XID_{number}", xid.severity, f"XID {number}: {xid.meaning}", xid.do)


def _ecc(gpu: Gpu) -> Iterator[Finding]:
    if gpu.sram_threshold_exceeded:
        words = "Uncorrectable errors in the chip's SRAM have passed NVIDIA's limit"
        yield Finding("SRAM_THRESHOLD", Severity.CRITICAL, words, REPLACE)
    if gpu.unrepairable_memory:
        words = "Some of the card's memory cannot be repaired"
        yield Finding("UNREPAIRABLE_MEMORY", Severity.CRITICAL, words, REPLACE)
    new = gpu.ecc_volatile.uncorrected
    if new:
        words = f"{new} uncorrectable memory errors since the driver was loaded"
        yield Finding("ECC_UNCORRECTED", Severity.WARNING, words, DRAIN_AND_RESET)
    old = gpu.ecc_aggregate.uncorrected
    if old and not new:
        words = (
            f"{old} uncorrectable memory errors in the card's life, none since the driver's start"
        )
        yield Finding("ECC_UNCORRECTED_BEFORE", Severity.INFO, words)
    for pending, what in (
        (gpu.channel_repair_pending, "memory channel"),
        (gpu.tpc_repair_pending, "processing cluster"),
    ):
        if pending:
            words = f"The repair of a {what} waits for a reset"
            yield Finding("REPAIR_PENDING", Severity.WARNING, words, DRAIN_AND_RESET)


def _rows(gpu: Gpu) -> Iterator[Finding]:
    if gpu.remapped_rows_failure:
        words = "A bad row of memory could not be remapped: the spare rows of its bank are used up"
        yield Finding("ROW_REMAP_FAILURE", Severity.CRITICAL, words, REPLACE)
    if gpu.remapped_rows_pending:
        words = "A bad row of memory waits for a reset to be remapped"
        yield Finding("ROW_REMAP_PENDING", Severity.WARNING, words, DRAIN_AND_RESET)
    if gpu.remapped_rows_uncorrectable:
        count = gpu.remapped_rows_uncorrectable
        words = f"{count} rows of memory are remapped after uncorrectable errors"
        yield Finding("ROWS_REMAPPED", Severity.INFO, words)


def _pages(gpu: Gpu) -> Iterator[Finding]:
    retired = (gpu.retired_pages_single_bit or 0) + (gpu.retired_pages_double_bit or 0)
    if retired >= MOST_RETIRED_PAGES:
        yield Finding(
            "PAGES_RETIRED", Severity.CRITICAL, f"{retired} pages of memory are retired", REPLACE
        )
    elif retired:
        yield Finding("PAGES_RETIRED", Severity.INFO, f"{retired} pages of memory are retired")
    if gpu.retired_pages_pending:
        words = "A bad page of memory waits for a restart of the driver to be retired"
        yield Finding("PAGE_RETIREMENT_PENDING", Severity.WARNING, words, DRAIN_AND_RESET)


def _heat(gpu: Gpu) -> Iterator[Finding]:
    near = [one for one in headrooms(gpu) if one.celsius <= NEAR_CELSIUS]
    if not near:
        return
    acting = [one for one in near if one.acts and one.celsius <= 0]
    told = acting[0] if acting else near[0]
    words = f"The card is at {told.limit}"
    if told.celsius > 0:
        words = f"The card is {told.celsius} C from {told.limit}"
    elif told.celsius < 0:
        words = f"The card is {-told.celsius} C over {told.limit}"
    yield Finding("TEMPERATURE", Severity.CRITICAL if acting else Severity.WARNING, words, COOL)


def _clocks(gpu: Gpu) -> Iterator[Finding]:
    reasons = gpu.throttle_reasons or ()
    for reason in (one for one in reasons if one in _SLOWED):
        worse, do = _SLOWED[reason]
        yield Finding("THROTTLED", worse, f"Slowed: {REASON_WORDS[reason]}", do)
    if "hw_slowdown" in reasons and not {"hw_thermal_slowdown", "hw_power_brake_slowdown"} & {
        *reasons
    }:
        words = f"Slowed: {REASON_WORDS['hw_slowdown']}"
        yield Finding(
            "THROTTLED", Severity.WARNING, words, "Check the cooling and power of the node."
        )


def _power(gpu: Gpu) -> Iterator[Finding]:
    draw, limit, default = (
        gpu.power_draw_watts,
        gpu.power_limit_watts,
        gpu.power_limit_default_watts,
    )
    if limit is not None and default is not None and limit < default:
        words = f"The power limit is set to {limit:g} W, below the card's own {default:g} W"
        yield Finding("POWER_LIMIT_LOWERED", Severity.INFO, words)
    if draw is None or not limit:
        return
    if draw >= AT_POWER_LIMIT * limit and "sw_power_cap" in (gpu.throttle_reasons or ()):
        words = f"The card runs at its power limit of {limit:g} W, and slower for it"
        yield Finding("POWER_CAPPED", Severity.INFO, words)


def _links(gpu: Gpu) -> Iterator[Finding]:
    width, most = gpu.pcie_width, gpu.pcie_width_max
    # A link may narrow to save power while the card rests.
    if width is not None and most is not None and width < most and gpu.pstate == "P0":
        words = f"PCIe runs over {width} of {most} lanes"
        yield Finding("PCIE_NARROW", Severity.WARNING, words, "Have the seat of the card checked.")
    if gpu.fabric_state == "Completed" and gpu.fabric_status not in {None, "Success"}:
        words = f"The card did not join the NVLink fabric: {gpu.fabric_status}"
        yield Finding("FABRIC", Severity.WARNING, words, "Look at the fabric manager of the node.")
