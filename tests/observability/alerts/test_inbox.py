"""The inbox over REST: what is in it, for whom, in which order, and what narrows it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.models import Alert
from apps.observability.queries.alerts import finding, looking_back
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability.alerts.inbox import URL, fire, names, read, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def red() -> Cluster:
    return make_cluster("red-1", labels={"team": "red"})


@pytest.fixture
def blue() -> Cluster:
    return make_cluster("blue-1", labels={"team": "blue"})


def test_an_alert_looks_as_the_contract_says(api: APIClient, red: Cluster) -> None:
    alert = fire(red, namespace="shop", severity="page", team="web")
    (seen,) = read(api)["items"]
    assert (
        seen
        | {
            "id": str(alert.pk),
            "fingerprint": alert.fingerprint,
            "cluster_id": str(red.pk),
            "cluster_name": "red-1",
            "alertname": "NodeDown",
            "state": "FIRING",
            "namespace": "shop",
            "labels": {
                "alertname": "NodeDown",
                "severity": "page",
                "namespace": "shop",
                "team": "web",
            },
            "silenced": False,
            "acknowledged_by": None,
            "ends_at": None,
            "ending": "",
        }
        == seen
    )
    assert seen["starts_at"].endswith("Z")


def test_what_is_not_over_is_listed_the_worst_first_and_of_that_the_newest(
    api: APIClient, red: Cluster
) -> None:
    fire(red, "Info", severity="info", ago=10)
    fire(red, "Old", severity="critical", ago=50)
    fire(red, "New", severity="critical", ago=40)
    fire(red, "Warned", severity="warning", ago=30)
    fire(red, "Over", over_after=5)
    pending = fire(red, "Pending", severity="critical")
    Alert.objects.filter(pk=pending.pk).update(state="PENDING")
    found = read(api)
    assert [one["alertname"] for one in found["items"]] == [
        "New",
        "Old",
        "Warned",
        "Info",
        "Pending",
    ]
    assert found["by_severity"] == {"CRITICAL": 3, "WARNING": 1, "INFO": 1}
    assert (found["total"], found["total_pages"], found["looked_back_to"]) == (5, 1, None)
    assert names(api, state="PENDING") == ["Pending"]
    assert names(api, ordering="alertname", page_size=2) == ["Info", "New"]
    assert names(api, ordering="alertname", page_size=2, page=3) == ["Warned"]
    assert names(api, ordering="severity,-starts_at")[:2] == ["Info", "Warned"]
    assert set(names(api, state=["FIRING", "RESOLVED"])) == {"New", "Old", "Warned", "Info", "Over"}


def test_every_ordering_is_one_that_can_be(api: APIClient, red: Cluster, blue: Cluster) -> None:
    fire(blue, "A", over_after=1)
    fire(red, "B", ago=10, over_after=1)
    for name in finding.ORDERINGS:
        for path in ("", "/history"):
            there = names(api, path, ordering=name, state=["RESOLVED"]) if not path else None
            there = there or names(api, path, ordering=name)
            back = names(api, path or "/history", ordering=f"-{name}")
            assert sorted(there) == sorted(back) == ["A", "B"]
    assert names(api, "/history", ordering="cluster") == ["A", "B"]
    assert names(api, "/history", ordering="-cluster") == ["B", "A"]


def test_the_history_begins_with_what_was_over_last(api: APIClient, red: Cluster) -> None:
    fire(red, "Long", ago=100, over_after=90)
    fire(red, "Short", ago=100, over_after=10)
    fire(red, "Still")
    assert names(api, "/history") == ["Long", "Short"]
    middle = timezone.now() - timedelta(seconds=50)
    assert names(api, "/history", since=middle.isoformat()) == ["Long"]
    assert names(api, "/history", until=middle.isoformat()) == ["Short"]
    assert refused(api, "/history", state="FIRING")[0] == 400


NARROWED: list[tuple[dict[str, Any], list[str]]] = [
    ({"severity": "CRITICAL"}, ["Disk", "Web"]),
    ({"severity": ["CRITICAL", "INFO"]}, ["Disk", "Idle", "Web"]),
    ({"alertname": ["Web", "Idle"]}, ["Idle", "Web"]),
    ({"namespace": "shop"}, ["Web"]),
    ({"label": "namespace=shop"}, ["Web"]),
    ({"label": "namespace="}, ["Disk", "Idle"]),
    ({"label": "namespace!="}, ["Web"]),
    ({"label": "namespace!=shop"}, ["Disk", "Idle"]),
    ({"label": "pod=~web-*"}, ["Web"]),
    ({"label": "pod=~*-1"}, ["Web"]),
    ({"label": "pod!~web-*"}, ["Disk", "Idle"]),
    ({"label": "pod=~web_1"}, []),
    ({"label": ["pod=~web*", "namespace=other"]}, []),
    ({"label": "a__b=100%"}, ["Disk"]),
    ({"search": "full"}, ["Disk"]),
    ({"search": "WEB"}, ["Web"]),
    ({"search": ["node", "data"]}, ["Disk"]),
    ({"search": "namespace"}, []),
    ({"search": "100%"}, ["Disk"]),
    ({"acknowledged": "false"}, ["Disk", "Idle", "Web"]),
    ({"acknowledged": "true"}, []),
    ({"silenced": "true"}, []),
    ({"silenced": "false", "inhibited": "false"}, ["Disk", "Idle", "Web"]),
    ({"assigned_to": ""}, ["Disk", "Idle", "Web"]),
    ({"assigned_to": "ada"}, []),
]


@pytest.mark.parametrize("over", [False, True])
def test_a_filter_leaves_what_it_says_active_or_over(
    api: APIClient, red: Cluster, over: bool
) -> None:
    after = 1 if over else None
    fire(red, "Web", over_after=after, namespace="shop", pod="web-1", instance="node-1.example.net")
    fire(
        red,
        "Disk",
        over_after=after,
        a__b="100%",
        instance="node-2.example.net:9100",
        annotations={"summary": "/data is full"},
    )
    fire(red, "Idle", severity="none", over_after=after, annotations={"summary": "so it is"})
    for query, left in NARROWED:
        assert sorted(names(api, "/history" if over else "", **query)) == left, query


def test_of_what_is_over_words_are_found_by_their_beginnings(api: APIClient, red: Cluster) -> None:
    fire(red, "Web", over_after=1, instance="node-1.example.net")
    for text in ("NODE-1.exa", "web exam", "crit"):
        assert names(api, "/history", search=text) == ["Web"], text
    for text in ("ode", "node-2", "'':* | a", "!", "\\"):
        assert names(api, "/history", search=text) == [], text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"severity": "PAGE"}, "severity"),
        ({"state": "GONE"}, "state"),
        ({"cluster_id": "red"}, "cluster_id"),
        ({"label": "namespace"}, "label"),
        ({"label": "=x"}, "label"),
        ({"acknowledged": "perhaps"}, "acknowledged"),
        ({"since": "yesterday"}, "since"),
        ({"ordering": "labels"}, "ordering"),
        ({"search": "a\x00"}, "search"),
        ({"search": "a" * 2000}, "search"),
        ({"label": ["a=b"] * 101}, "label"),
        ({"page_size": "1000"}, "page_size"),
    ],
)
@pytest.mark.parametrize("path", ["", "/history", "/groups", "/same", "/export"])
def test_what_cannot_be_meant_is_refused_by_name(
    api: APIClient, path: str, query: dict[str, Any], field: str
) -> None:
    status, message = refused(api, path, **query)
    assert status == 400
    assert message.startswith(field)


def test_a_hidden_cluster_is_none_to_narrow_to(
    operator_of_red: Any, red: Cluster, blue: Cluster
) -> None:
    api = signed_in(operator_of_red)
    assert names(api, cluster_id=str(red.pk)) == []
    assert refused(api, cluster_id=[str(red.pk), str(blue.pk)])[0] == 404


def test_people_see_the_alerts_of_their_clusters_and_namespaces(
    red: Cluster, blue: Cluster
) -> None:
    fire(red, "Shop", namespace="shop")
    fire(red, "Bank", namespace="bank")
    fire(red, "Node")
    fire(blue, "Blue", namespace="shop")
    held = make_user("held")
    grant(held, Role.VIEWER, red, namespaces=["shop"])
    assert names(signed_in(held)) == ["Shop"]
    grant(held, Role.VIEWER, blue)
    assert sorted(names(signed_in(held))) == ["Blue", "Shop"]
    assert names(signed_in(make_user("nobody"))) == []
    assert APIClient().get(URL).status_code == 401


def test_what_pends_has_not_fired_and_does_not_flap(api: APIClient, red: Cluster) -> None:
    for ago in (400, 300, 200):
        fire(red, ago=ago, over_after=60)
    pending = fire(red, ago=100)
    Alert.objects.filter(pk=pending.pk).update(state="PENDING")
    seen = read(api, f"/{pending.pk}")
    assert (seen["times_in_24_h"], seen["flapping"]) == (3, False)


def test_alerts_of_a_cluster_that_is_gone_are_gone(api: APIClient, red: Cluster) -> None:
    alert = fire(red)
    red.delete()
    assert names(api) == []
    assert api.get(f"{URL}/{alert.pk}").status_code == 404


def test_one_alert_tells_its_story_and_its_other_times(
    api: APIClient, red: Cluster, blue: Cluster
) -> None:
    for ago in (500_000, 400, 300, 200):
        fire(red, ago=ago, over_after=60)
    alert = fire(red, ago=100)
    fire(blue, ago=5000)
    seen = read(api, f"/{alert.fingerprint}", cluster_id=str(red.pk))
    assert (seen["id"], seen["story"], seen["also_in"]) == (str(alert.pk), [], ["blue-1"])
    assert [one["duration_seconds"] for one in seen["times"]] == [None, 60.0, 60.0, 60.0, 60.0]
    assert (seen["times_in_24_h"], seen["flapping"]) == (4, True)
    assert read(api, f"/{alert.fingerprint}")["id"] == str(alert.pk)
    first = seen["times"][-1]["id"]
    assert read(api, f"/{first}")["id"] == first
    for absent in ("0000000000000000", "00000000-0000-4000-8000-000000000000", "%00", "a" * 500):
        assert api.get(f"{URL}/{absent}").status_code == 404


def test_of_very_much_that_is_over_the_newest_is_looked_at(
    api: APIClient, red: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking_back, "MOST", 3)
    for ago in (10, 20, 30, 40, 50):
        fire(red, f"Over{ago}", ago=ago, over_after=1)
    found = read(api, "/history")
    assert [one["alertname"] for one in found["items"]] == ["Over10", "Over20", "Over30"]
    assert found["total"] == 3
    assert names(api, "/history", until=found["looked_back_to"]) == ["Over40", "Over50"]


def test_no_list_asks_more_for_more_alerts(
    api: APIClient, red: Cluster, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        fire(red, f"Alert{number}", over_after=1 if number % 2 else None)
    for path in ("", "/history", "/groups", "/same", "/statistics", "/export"):
        with django_assert_max_num_queries(8):
            api.get(f"{URL}{path}").getvalue()


def test_what_is_searched_for_is_read_once(api: APIClient, red: Cluster) -> None:
    for severity in ("critical", "warning", "warning"):
        fire(red, f"Zebra{severity}{timezone.now():%f}", severity=severity)
    fire(red, "Lion")
    with CaptureQueriesContext(connection) as queries:
        found = read(api, search="zebra")
    assert (found["total"], found["by_severity"]["WARNING"], len(found["items"])) == (3, 2, 3)
    assert len([one for one in queries if "ILIKE" in one["sql"]]) == 1
    assert len([one for one in queries if "count(" in one["sql"].lower()]) == 0
