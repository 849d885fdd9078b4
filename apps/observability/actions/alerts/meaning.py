"""What a word about an alert means for the row that is there. Decided without the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from apps.observability.models.alert import Ending, Source, State
from apps.observability.sources.alertmanager import Told

# Of what is asked for over and over, the time it was last seen moves on no more often than this.
SEEN_AGAIN = timedelta(minutes=1)


class Verdict(Enum):
    """What is to be done with the row."""

    FIRES = "fires"
    ENDS = "ends"
    # It was over already, and now it is known since when.
    ENDED_THEN = "ended then"
    REPEATS = "repeats"
    # It fires as before, and something that is written about it has changed.
    REPEATS_OTHERWISE = "repeats otherwise"
    # It fires as before; who is told of it, or what keeps it from being told, was asked for.
    REPEATS_ELSEWHERE = "repeats elsewhere"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Before:
    """The row as it is; `same_words`: its annotations and link are those that were told."""

    state: str
    ending: str
    ends_at: datetime | None
    changed_at: datetime
    last_received_at: datetime
    same_words: bool
    same_way: bool


def judge(before: Before, told: Told, source: Source, received_at: datetime) -> Verdict:
    if before.state == State.RESOLVED:
        return _judge_over(before, told, source, received_at)
    if not told.firing:
        return Verdict.ENDS
    if before.state == State.PENDING:
        return Verdict.FIRES
    if source == Source.WEBHOOK:
        return Verdict.REPEATS if before.same_words else Verdict.REPEATS_OTHERWISE
    if not (before.same_words and before.same_way):
        # It may have been asked before a silence that is known by now was made.
        is_older = received_at < before.last_received_at
        return Verdict.NOTHING if is_older else Verdict.REPEATS_ELSEWHERE
    seen = received_at - before.last_received_at < SEEN_AGAIN
    return Verdict.NOTHING if seen else Verdict.REPEATS


def _judge_over(before: Before, told: Told, source: Source, received_at: datetime) -> Verdict:
    if not told.firing:
        return Verdict.REPEATS if before.ending == Ending.TOLD else Verdict.ENDED_THEN
    if source == Source.WEBHOOK:
        # What it was told of its end came after it; a message that was held up is no news.
        return Verdict.REPEATS if before.ending == Ending.TOLD else Verdict.FIRES
    if received_at <= before.changed_at:
        return Verdict.NOTHING
    if before.ending != Ending.TOLD:
        return Verdict.FIRES
    # Both by Alertmanager's own clock, whatever that is.
    told_since = (
        told.updated_at is not None
        and before.ends_at is not None
        and told.updated_at > before.ends_at
    )
    return Verdict.FIRES if told_since else Verdict.NOTHING
