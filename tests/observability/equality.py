"""One question put to the fleet and to the server that holds all, and the verdict."""

from dataclasses import dataclass

from apps.errors import DomainError
from apps.observability.promql import guard, split
from tests.observability import comparing
from tests.observability.fleet_questions import ClusterRefused, Question, answer
from tests.observability.real_fleet import RealFleet

EQUAL, REFUSED, REFUSED_BY_BOTH, DIFFERENT = "equal", "refused", "refused by both", "different"
ORDERED = ("sort(", "sort_desc(")


@dataclass(frozen=True)
class Verdict:
    outcome: str
    reason: str = ""


def compare(
    fleet: RealFleet, question: Question, tolerance: comparing.Tolerance = comparing.EXACT
) -> Verdict:
    status, theirs = question.ask(fleet.whole, question.query)
    try:
        plan = split.plan(guard.read(question.query), list(fleet.split))
        ours = answer(question, plan, fleet.split)
    except (DomainError, ClusterRefused) as refused:
        outcome = REFUSED if status == 200 else REFUSED_BY_BOTH
        return Verdict(outcome, str(refused))
    if status != 200:
        return Verdict(DIFFERENT, f"one Prometheus refuses: {theirs['error']}")
    data = theirs["data"]
    if ours.result_type != data["resultType"]:
        return Verdict(DIFFERENT, f"a {ours.result_type}, not a {data['resultType']}")
    said = comparing.difference(
        ours.result_type,
        comparing.decoded(ours.result),
        data["result"],
        ordered=question.over_a_range or question.query.startswith(ORDERED),
        tolerance=tolerance,
    )
    return Verdict(DIFFERENT, said) if said else Verdict(EQUAL)
