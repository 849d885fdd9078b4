"""Answers made anew or of a moment ago, clusters known to be away, and parts of answers."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from apps import lasting_loop
from apps.clusters.models import CheckSchedule, Cluster
from apps.clusters.models.cluster import State
from apps.observability.federation import cached
from tests.fakes.upstream import Raw
from tests.observability.fleet import UP, Fleet, a_fleet, said

pytestmark = pytest.mark.django_db

AT = "2026-01-31T12:00:00Z"
FLEET = "/prometheus/api/v1"
INSTANT = {"query": "up", "time": "1769860800"}


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with a_fleet() as made:
        yield made


def ask(api: APIClient, headers: dict[str, str] | None = None, **body: Any) -> Any:
    sent = {"query": "up"} | body
    return api.post("/api/v1/metrics/query", sent, format="json", headers=headers)


def rows(response: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def settle() -> None:
    """Wait until what was answered is kept."""

    async def kept() -> None:
        await asyncio.gather(*(one.keeping for one in cached._flights.values() if one.keeping))

    lasting_loop.submit(kept()).result(30)


def speak(warnings: list[str], infos: list[str]) -> Any:
    data = {"resultType": "vector", "result": UP}
    return {"/api/v1/query": said(data, warnings=warnings, infos=infos)}


def test_an_answer_says_whether_it_was_kept_and_how_old_it_is(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha")
    first = ask(api, time=AT)
    settle()
    second = ask(api, time=AT)
    assert [(row["cached"], row["age_seconds"]) for row in rows(first)] == [(False, 0)]
    assert rows(second)[0]["cached"]
    assert rows(second)[0]["age_seconds"] >= 0
    assert ("Age" in first, "Age" in second) == (False, True)
    assert fleet.asked() == {"alpha": ["/api/v1/query"]}


def test_the_age_is_that_since_the_cluster_was_asked(api: APIClient, fleet: Fleet) -> None:
    fleet.add("alpha")
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        ask(api, time=AT)
        settle()
    # Redis' own clock has not moved, by which the answer would end.
    with time_machine.travel(now + timedelta(seconds=12), tick=False):
        again = ask(api, time=AT)
        of_fleet = api.get(f"{FLEET}/query", INSTANT)
    assert rows(again)[0]["age_seconds"] == 12
    assert (again["Age"], of_fleet["Age"]) == ("12", "12")


@pytest.mark.parametrize("said", ["no-cache", "max-age=0, No-Store"])
def test_who_wants_it_fresh_is_given_it_so_and_leaves_it_to_others(
    api: APIClient, fleet: Fleet, said: str
) -> None:
    fleet.add("alpha")
    for headers in ({}, {"Cache-Control": said}, {}):
        last = ask(api, headers=headers, time=AT)
        settle()
    assert len(fleet.asked()["alpha"]) == 2
    assert rows(last)[0]["cached"]


def test_the_fleet_as_one_prometheus_keeps_and_asks_anew_alike(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("alpha")
    fleet.add("beta")
    told = []
    for headers in ({}, {}, {"Cache-Control": "no-cache"}):
        response = api.get(f"{FLEET}/query", INSTANT, headers=headers)
        told.append("Age" in response)
        settle()
    assert told == [False, True, False]
    assert [len(paths) for paths in fleet.asked().values()] == [2, 2]


@pytest.mark.parametrize("path", ["/api/v1/metrics/labels", f"{FLEET}/labels"])
def test_what_is_browsed_is_kept_and_asked_anew_alike(
    api: APIClient, fleet: Fleet, path: str
) -> None:
    fleet.add("alpha", {"/api/v1/labels": said(["job"])})
    told = []
    for headers in ({}, {}, {"Cache-Control": "no-cache"}):
        response = api.get(path, headers=headers)
        told.append((response.status_code, "Age" in response))
        settle()
    assert told == [(200, False), (200, True), (200, False)]
    assert len(fleet.asked()["alpha"]) == 2


def test_without_a_time_all_are_asked_for_one_moment_that_is_shared(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("alpha")
    fleet.add("beta")
    for moment in ("12:00:01.5Z", "12:00:14Z"):
        with time_machine.travel(f"2026-01-31T{moment}", tick=False):
            response = ask(api)
            settle()
    assert [row["cached"] for row in rows(response)] == [True, True]
    with time_machine.travel("2026-01-31T12:00:15Z", tick=False):
        assert not any(row["cached"] for row in rows(ask(api)))
    assert times(fleet) == {"1769860800.000", "1769860815.000"}


def test_this_very_moment_is_asked_for_where_it_is_to_be_fresh(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("alpha")
    with time_machine.travel("2026-01-31T12:00:01.5Z", tick=False):
        ask(api, headers={"Cache-Control": "no-cache"})
        api.get(f"{FLEET}/query", {"query": "up"})
    assert times(fleet) == {"1769860801.500", "1769860800.000"}


def test_nothing_is_shared_where_nothing_is_kept(
    api: APIClient, fleet: Fleet, settings: Any
) -> None:
    settings.METRICS_CACHE = False
    fleet.add("alpha")
    with time_machine.travel("2026-01-31T12:00:01.5Z", tick=False):
        ask(api)
    assert times(fleet) == {"1769860801.500"}


def times(fleet: Fleet) -> set[str]:
    bodies = [request.body for one in fleet.upstreams.values() for request in one.requests]
    return {part.split("=")[1] for body in bodies for part in body.split("&") if "time=" in part}


def test_remarks_about_the_query_are_passed_on_and_are_no_gap(api: APIClient, fleet: Fleet) -> None:
    remarks = ['PromQL warning: bucket label "le" is missing'], ["PromQL info: metric might be"]
    fleet.add("alpha", speak(*remarks))
    for _ in range(2):
        response = ask(api, time=AT)
        settle()
    assert [(row["status"], row["cached"]) for row in rows(response)] == [("SUCCESS", True)]
    assert response.json()["warnings"] == [f"alpha: {one}" for (one,) in remarks]


def test_an_answer_from_which_something_is_missing_is_partial_and_not_kept(
    api: APIClient, fleet: Fleet
) -> None:
    fleet.add("alpha", speak(["receive series from store-2: connection refused"], []))
    for _ in range(2):
        response = ask(api, time=AT)
        settle()
    assert [(row["status"], row["cached"]) for row in rows(response)] == [("PARTIAL", False)]
    assert (rows(response)[0]["data"], response.json()["clusters_succeeded"]) == (UP, 1)
    assert len(fleet.asked()["alpha"]) == 2


def test_a_cluster_known_to_be_away_is_asked_where_that_is_wished(
    api: APIClient, fleet: Fleet
) -> None:
    away = fleet.add("away", {"/api/v1/labels": said(["job"])} | speak([], []))
    Cluster.objects.filter(pk=away.pk).update(state=State.OFFLINE)
    CheckSchedule.objects.filter(cluster=away).update(checked_at=timezone.now())
    fleet.add("well", {"/api/v1/labels": said(["job"])} | speak([], []))
    assert [row["status"] for row in rows(ask(api))] == ["SKIPPED", "SUCCESS"]
    assert [row["status"] for row in rows(ask(api, ask_offline=True))] == ["SUCCESS", "SUCCESS"]
    for path in ("/api/v1/metrics/labels", f"{FLEET}/labels"):
        told = [json.loads(api.get(path, sent).content) for sent in ({}, {"ask_offline": "true"})]
        assert [bool(one.get("warnings")) for one in told] == [True, False], path
    asked = [api.get(f"{FLEET}/query", INSTANT | more) for more in ({}, {"ask_offline": "1"})]
    assert [one["X-AIOps-Clusters"] for one in asked] == ["1/2", "2/2"]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("Retry-After: 17\r\n", "it is asked too much (429), and is to be asked again in 17 s"),
        ("retry-after: soon\r\n", "it is asked too much (429)"),
        ("Retry-After: Sat, 31 Jan 2026 11:00:00 GMT\r\n", "be asked again in 0 s"),
        ("", "it is asked too much (429)"),
    ],
)
def test_an_upstream_that_is_asked_too_much_says_when_to_come_again(
    api: APIClient, fleet: Fleet, header: str, sentence: str
) -> None:
    head = f"HTTP/1.1 429 X\r\nContent-Length: 4\r\n{header}\r\nwait"
    fleet.add("crowded", {"/api/v1/query": Raw(head.encode())})
    fleet.add("well")
    crowded, well = rows(ask(api))
    assert well["status"] == "SUCCESS"
    assert (crowded["status"], crowded["error"]["code"]) == ("ERROR", "RATE_LIMITED")
    assert crowded["error"]["message"].endswith(sentence)
