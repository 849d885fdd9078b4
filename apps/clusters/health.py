"""From what a check read to what we conclude: pure, no clock, no network, no database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from apps.clusters.models.cluster import Connectivity, State

API_SERVER = "api_server"
# What each part takes off the score when it is down; a part without a cost only degrades.
COSTS = {API_SERVER: 50, "prometheus": 20, "tempo": 15, "loki": 15, "alertmanager": 0}
# The connection is called intermittent after this many changes of state in this many checks.
CHANGES, AMONG_CHECKS = 3, 10


@dataclass(frozen=True, slots=True)
class Reading:
    """What one configured part answered. `problem` is a sentence with the next step in it."""

    part: str
    healthy: bool
    latency_ms: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion of one check. `parts` holds only what is configured."""

    checked_at: datetime
    state: State
    score: int
    reason: str = ""
    latency_ms: int | None = None
    parts: dict[str, bool] = field(default_factory=dict)

    @property
    def reached(self) -> bool:
        return self.parts.get(API_SERVER, False)


def judge(readings: Sequence[Reading], checked_at: datetime) -> Verdict:
    """Conclude from the readings of one check; the API server's reading must be among them.

    Score: 100, less the cost of each part that is down, floor 0. State: OFFLINE without the API
    server, DEGRADED with any other configured part down, else ONLINE.
    """
    parts = {reading.part: reading.healthy for reading in readings}
    down = [reading for reading in readings if not reading.healthy]
    state = State.DEGRADED if down else State.ONLINE
    if not parts[API_SERVER]:
        state = State.OFFLINE
    api = next(reading for reading in readings if reading.part == API_SERVER)
    return Verdict(
        checked_at=checked_at,
        state=state,
        score=max(0, 100 - sum(COSTS[reading.part] for reading in down)),
        reason=" ".join(reading.problem for reading in down)[:500],
        latency_ms=api.latency_ms,
        parts=parts,
    )


def judge_connectivity(states: Sequence[str], reached: bool) -> Connectivity:
    """Conclude from the states of the last checks (in order, either way) and the newest contact."""
    recent = states[:AMONG_CHECKS]
    if sum(one != other for one, other in pairwise(recent)) >= CHANGES:
        return Connectivity.INTERMITTENT
    return Connectivity.CONNECTED if reached else Connectivity.DISCONNECTED
