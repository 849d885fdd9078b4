"""Crooked queries nobody would write: still no answer other than one Prometheus' own."""

import os
from collections import Counter

from tests.observability import equality
from tests.observability.comparing import Tolerance
from tests.observability.equality import DIFFERENT, EQUAL
from tests.observability.fleet_questions import Question
from tests.observability.generated_questions import Questions
from tests.observability.real_fleet import RealFleet

SEED = 20260101
# Sums in another order differ in their last digits, and a difference of two sums shows them.
TOLERANCE = Tolerance(relative=1e-7, absolute=1e-4)

# A cluster that has only one side of a join says nothing; one Prometheus, which has the other
# side from elsewhere, refuses doubles that meet none.
NEVER_MET = "one Prometheus refuses: found duplicate series for the match group"


def test_no_generated_query_is_answered_differently(servers: RealFleet) -> None:
    questions = Questions(SEED)
    outcomes: Counter[str] = Counter()
    for number in range(int(os.environ.get("AIOPS_GENERATED_QUERIES", "200"))):
        question = Question(questions.query(), over_a_range=number % 2 == 1)
        verdict = equality.compare(servers, question, TOLERANCE)
        assert verdict.outcome != DIFFERENT or NEVER_MET in verdict.reason, (question, verdict)
        outcomes[verdict.outcome] += 1
    assert outcomes[EQUAL] > sum(outcomes.values()) / 3
