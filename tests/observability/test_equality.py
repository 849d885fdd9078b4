"""The fleet against one Prometheus that holds all of it: equal, or refused with a reason."""

import pytest

from tests.observability.corpus import CLASSES, QUERIES
from tests.observability.equality import EQUAL, REFUSED, REFUSED_BY_BOTH, compare
from tests.observability.fleet_questions import Question
from tests.observability.real_fleet import RealFleet

# Where one Prometheus answers, only these may be refused by the fleet.
MAY_BE_REFUSED = {"not to be split"}


@pytest.mark.parametrize("over_a_range", [False, True], ids=["instant", "range"])
@pytest.mark.parametrize(("kind", "query"), QUERIES)
def test_a_fleet_answers_as_one_prometheus_does_or_says_why_not(
    servers: RealFleet, kind: str, query: str, over_a_range: bool
) -> None:
    verdict = compare(servers, Question(query, over_a_range))
    allowed = {EQUAL, REFUSED_BY_BOTH} | ({REFUSED} if kind in MAY_BE_REFUSED else set())
    assert verdict.outcome in allowed, verdict.reason
    assert verdict.reason or verdict.outcome == EQUAL


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(QUERIES) >= 300
    assert len({query for _, query in QUERIES}) == len(QUERIES)
    assert min(len(text.split("\n")) for text in CLASSES.values()) > 1
