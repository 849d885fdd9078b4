"""From what a check read to what we conclude: pure, no clock, no network, no database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from apps.clusters.models.check_schedule import STATES_KEPT
from apps.clusters.models.cluster import Connectivity, FailureStage, State

API_SERVER = "api_server"
# What each part takes off the score when it is down; a part without a cost only degrades.
COSTS = {API_SERVER: 50, "prometheus": 20, "tempo": 15, "loki": 15, "alertmanager": 0}
# The connection is called intermittent after this many changes of state in this many checks.
CHANGES, AMONG_CHECKS = 3, STATES_KEPT


# In these letters the schedule keeps the states of the last checks.
LETTERS = {
    State.ONLINE: "N",
    State.DEGRADED: "D",
    State.OFFLINE: "F",
    # Of a check that failed on our own side we learn nothing about the cluster.
    State.UNKNOWN: "",
    State.PROVISIONING: "P",
}
LONGEST_REASON, LONGEST_REMEDY = 500, 300


@dataclass(frozen=True, slots=True)
class Reading:
    """What one configured part answered.

    `healthy` None: we could not ask, for a reason on our own side. `problem` is a sentence of what
    is wrong, `remedy` one of what to do about it, `stage` how far the check came. A part that has
    several servers is healthy while one of them answers; `problem` then names the others.
    """

    part: str
    healthy: bool | None
    latency_ms: int | None = None
    problem: str = ""
    stage: FailureStage | None = None
    remedy: str = ""
    certificate_expires_at: datetime | None = None

    @property
    def words(self) -> str:
        return f"{self.problem} {self.remedy}".strip()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion of one check. `parts` holds only what is configured and was asked."""

    checked_at: datetime
    state: State
    score: int
    reason: str = ""
    latency_ms: int | None = None
    parts: dict[str, bool] = field(default_factory=dict)
    stage: FailureStage | None = None
    remedy: str = ""
    # None where no handshake showed one; the last one seen then stays.
    certificate_expires_at: datetime | None = None

    @property
    def reached(self) -> bool:
        return self.parts.get(API_SERVER, False)


def judge(readings: Sequence[Reading], checked_at: datetime) -> Verdict:
    """Conclude from the readings of one check; the API server's reading must be among them.

    Score: 100, less the cost of each part that is down, floor 0. State: OFFLINE without the API
    server, DEGRADED with any other configured part down, else ONLINE. UNKNOWN without a score if
    we could not ask at all: that is no fault of the cluster, and no sign of health either.
    """
    api = next(reading for reading in readings if reading.part == API_SERVER)
    down = [reading for reading in readings if not reading.healthy]
    parts = {one.part: one.healthy for one in readings if one.healthy is not None}
    state = State.DEGRADED if down else State.ONLINE
    score = max(0, 100 - sum(COSTS[reading.part] for reading in down))
    if api.healthy is None:
        state, score = State.UNKNOWN, 0
    elif not api.healthy:
        state = State.OFFLINE
    stage, remedy = _first_failure(down)
    return Verdict(
        checked_at=checked_at,
        state=state,
        score=score,
        reason=" ".join(reading.words for reading in readings if reading.words)[:LONGEST_REASON],
        latency_ms=api.latency_ms,
        parts=parts,
        stage=stage,
        remedy=remedy[:LONGEST_REMEDY],
        certificate_expires_at=api.certificate_expires_at,
    )


def _first_failure(down: Sequence[Reading]) -> tuple[FailureStage | None, str]:
    order = list(FailureStage)
    named = [(order.index(one.stage), one.stage, one.remedy) for one in down if one.stage]
    if named:
        _, stage, remedy = min(named)
        return stage, remedy
    return None, next((one.remedy for one in down if one.remedy), "")


def judge_connectivity(states: Sequence[str], verdict: Verdict, before: str) -> Connectivity:
    """Conclude from the states of the last checks (in order, either way) and the newest contact.

    A check that failed on our own side says nothing of the way there: it stays as `before`.
    """
    recent = states[:AMONG_CHECKS]
    if sum(one != other for one, other in pairwise(recent)) >= CHANGES:
        return Connectivity.INTERMITTENT
    if verdict.state == State.UNKNOWN:
        return Connectivity(before)
    return Connectivity.CONNECTED if verdict.reached else Connectivity.DISCONNECTED
