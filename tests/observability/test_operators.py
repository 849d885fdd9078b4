"""Every operator and function that we work out, against a real Prometheus' own."""

import pytest

from apps.observability.errors import NotExecutable
from apps.observability.promql.plan import Plan
from tests.observability import comparing
from tests.observability.arithmetic.local_plan import local_plan
from tests.observability.corpus import OF_OLD, QUERIES
from tests.observability.fleet_questions import ClusterRefused, Question, answer_of_whole
from tests.observability.real_fleet import RealFleet

ORDERED = ("sort(", "sort_desc(", "topk(1", "topk(2", "topk(3, t", "bottomk(")


@pytest.mark.parametrize("over_a_range", [False, True], ids=["instant", "range"])
@pytest.mark.parametrize("query", [query for _, query in QUERIES if query not in OF_OLD])
def test_what_is_worked_out_here_equals_what_prometheus_says(
    servers: RealFleet, query: str, over_a_range: bool
) -> None:
    question = Question(query, over_a_range)
    status, theirs = question.ask(servers.whole, query)
    plan = Plan(local_plan(query))
    if status != 200:
        with pytest.raises((NotExecutable, ClusterRefused)):
            answer_of_whole(question, plan, servers.whole)
        return
    ours = answer_of_whole(question, plan, servers.whole)
    data = theirs["data"]
    assert ours.result_type == data["resultType"]
    ordered = query.startswith(ORDERED) or over_a_range
    assert not comparing.difference(
        ours.result_type, comparing.decoded(ours.result), data["result"], ordered=ordered
    )
