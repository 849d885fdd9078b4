"""Which series of the DCGM exporter a cluster is without, and the lines that add them: pure.

A line goes into the exporter's table of metrics: the config map that the GPU operator's
`dcgmExporter.config.name` names, or the file given to the exporter as `-f`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    metric: str
    words: str
    csv_line: str


USE = Metric(
    "DCGM_FI_DEV_GPU_UTIL",
    "How busy the cards are is not known, and so neither what is held for nothing.",
    "DCGM_FI_DEV_GPU_UTIL, gauge, GPU utilization (in %).",
)
ACTIVITY = Metric(
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    "How busy slices are is not known, and so neither which of them are held for nothing.",
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE, gauge, Ratio of time the graphics engine is active.",
)
MEMORY = Metric(
    "DCGM_FI_DEV_FB_USED",
    "How much of the cards' memory is used is not known.",
    "DCGM_FI_DEV_FB_USED, gauge, Framebuffer memory used (in MiB).",
)
TEMPERATURE = Metric(
    "DCGM_FI_DEV_GPU_TEMP",
    "How hot the cards are is not known.",
    "DCGM_FI_DEV_GPU_TEMP, gauge, GPU temperature (in C).",
)
POWER = Metric(
    "DCGM_FI_DEV_POWER_USAGE",
    "What the cards draw is not known, and so neither energy nor its cost.",
    "DCGM_FI_DEV_POWER_USAGE, gauge, Power draw (in W).",
)
XIDS = Metric(
    "DCGM_FI_DEV_XID_ERRORS",
    "The driver's XID errors are not seen.",
    "DCGM_FI_DEV_XID_ERRORS, gauge, Value of the last XID error encountered.",
)
REASONS = Metric(
    "DCGM_FI_DEV_CLOCKS_EVENT_REASONS",
    "What slows the cards' clocks down, such as heat or a power limit, is not known.",
    "DCGM_FI_DEV_CLOCKS_EVENT_REASONS, gauge, Current clock event reasons (bitmask).",
)


@dataclass(frozen=True, slots=True)
class Told:
    """How many cards and slices of a cluster there are, and how many tell what."""

    cards: int
    memory: int
    temperature: int
    power: int
    whole: int
    use: int
    slices: int
    activity: int
    xids: bool
    reasons: bool


def missing(told: Told) -> list[Metric]:
    """Return what not a single card tells; of no cards there is nothing to miss."""
    if not told.cards:
        return []
    known = (
        (USE, bool(told.use) or not told.whole),
        (ACTIVITY, bool(told.activity) or not told.slices),
        (MEMORY, bool(told.memory)),
        (TEMPERATURE, bool(told.temperature)),
        (POWER, bool(told.power)),
        (XIDS, told.xids),
        (REASONS, told.reasons),
    )
    return [metric for metric, is_known in known if not is_known]
