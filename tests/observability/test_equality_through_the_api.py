"""The same corpus through the door that Grafana uses, where much of it passes as bytes."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.factories import make_cluster
from tests.observability import comparing
from tests.observability.corpus import CLASSES, QUERIES
from tests.observability.equality import ORDERED
from tests.observability.fleet_questions import Question
from tests.observability.real_fleet import RealFleet
from tests.observability.test_equality import MAY_BE_REFUSED

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("over_a_range", [False, True], ids=["instant", "range"])
@pytest.mark.parametrize("kind", CLASSES)
def test_the_api_of_the_fleet_answers_as_one_prometheus_does(
    api: APIClient, servers: RealFleet, kind: str, over_a_range: bool
) -> None:
    for name, server in servers.split.items():
        make_cluster(name, prometheus_url=server.url)
    differences = []
    for query in [query for of, query in QUERIES if of == kind]:
        question = Question(query, over_a_range)
        status, theirs = question.ask(servers.whole, query)
        ours = through_the_api(api, question)
        if said := difference(kind, question, (status, theirs), ours):
            differences.append(f"{query}: {said}")
    assert not differences


def through_the_api(api: APIClient, question: Question) -> tuple[int, dict[str, Any]]:
    path, form = question.form(question.query)
    response = api.get(f"/prometheus/api/v1/{path}", form)
    return response.status_code, json.loads(b"".join(response))


def difference(
    kind: str,
    question: Question,
    theirs: tuple[int, dict[str, Any]],
    ours: tuple[int, dict[str, Any]],
) -> str | None:
    (their_status, expected), (status, found) = theirs, ours
    if kind == "wrong in one Prometheus as well":
        same = (status, found["errorType"]) == (their_status, expected["errorType"])
        return None if same else f"{status} {found}, not {their_status} {expected}"
    if status != 200:
        refused = status in {400, 422} and (their_status != 200 or kind in MAY_BE_REFUSED)
        return None if refused else f"{status} {found['error']}, not {their_status}"
    if their_status != 200:
        return f"one Prometheus refuses: {expected['error']}"
    if "warnings" in found:
        return f"warnings: {found['warnings']}"
    kinds = found["data"]["resultType"], expected["data"]["resultType"]
    if kinds[0] != kinds[1]:
        return f"a {kinds[0]}, not a {kinds[1]}"
    return comparing.difference(
        kinds[0],
        found["data"]["result"],
        expected["data"]["result"],
        ordered=question.query.startswith(ORDERED),
    )
