"""A change may name the description it is made to; another one is not changed by it."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.actions import registration
from apps.clusters.models import Cluster
from tests.conftest import signed_in
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db

URL = "/api/v1/clusters"
BODY = {"name": "hub", "api_server_url": "https://127.0.0.1:1"}


@pytest.fixture
def hub(db: None) -> Cluster:
    return make_cluster("hub")


def send(api: APIClient, method: str, cluster: Cluster, tag: str, **change: Any) -> Any:
    body = change if method == "patch" else BODY | change
    url = f"{URL}/{cluster.pk}"
    return getattr(api, method)(url, body, format="json", headers={"If-Match": tag})


def test_each_answer_about_one_cluster_carries_its_etag(api: APIClient) -> None:
    made = api.post(URL, BODY, format="json")
    one = f"{URL}/{made.json()['id']}"
    assert made["ETag"] == '"1"'
    assert api.get(one)["ETag"] == api.get(f"{URL}/by-name/hub")["ETag"] == '"1"'
    assert api.patch(one, {"region": "eu"}, format="json")["ETag"] == '"2"'
    assert api.put(one, BODY, format="json")["ETag"] == '"3"'
    assert api.get(one)["ETag"] == '"3"'


@pytest.mark.parametrize(
    ("change", "grows"),
    [
        ({"region": "eu"}, True),
        ({"labels": {"team": "red"}}, True),
        ({"enabled": False}, True),
        ({"endpoints": {"loki_url": "https://loki.example.net"}}, True),
        ({"region": ""}, False),
        ({"endpoints": {}}, False),
        ({}, False),
    ],
)
def test_an_etag_changes_with_what_people_describe(
    api: APIClient, hub: Cluster, change: Any, grows: bool
) -> None:
    changed = api.patch(f"{URL}/{hub.pk}", change, format="json")
    assert changed["ETag"] == ('"2"' if grows else '"1"')


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_change_of_what_was_read_is_made(api: APIClient, hub: Cluster, method: str) -> None:
    assert send(api, method, hub, '"1"', region="eu").status_code in {200, 204}


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_change_of_something_else_is_refused_with_the_etag_of_today(
    api: APIClient, hub: Cluster, method: str
) -> None:
    registration.change(hub, {"region": "changed meanwhile"})
    response = send(api, method, hub, '"1"', region="eu")
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (412, "PRECONDITION_FAILED")
    assert error["details"] == {"etag": '"2"'}
    assert "Read it again" in error["message"]
    assert Cluster.objects.get().region == "changed meanwhile"


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ("*", 200),
        ('"7", "1"', 200),
        (' ,"1",, ', 200),
        ('"with,a-comma" , "1"', 200),
        ('W/"1"', 412),
        ('W/"1", "2"', 412),
        ('""', 412),
        ('"01"', 412),
        ('"1.0"', 412),
        ('"-1"', 412),
        ('"99999999999999999999999999"', 412),
        ("1", 400),
        ('"1', 400),
        ('"1" "1"', 400),
        ('w/"1"', 400),
        ("*, *", 400),
        ("", 400),
        (",", 400),
        (" " * 5000 + "x", 400),
        (", " * 2000 + "x", 400),
    ],
)
def test_etags_are_compared_as_http_has_it(
    api: APIClient, hub: Cluster, tag: str, status: int
) -> None:
    response = send(api, "patch", hub, tag, region="eu")
    assert response.status_code == status
    assert Cluster.objects.get().region == ("eu" if status == 200 else "")
    if status == 400:
        assert response.json()["error"]["message"].startswith("If-Match:")


def test_without_an_etag_the_last_writer_wins(api: APIClient, hub: Cluster) -> None:
    registration.change(hub, {"region": "one"})
    assert api.patch(f"{URL}/{hub.pk}", {"region": "two"}, format="json").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["patch", "delete"])
def test_a_change_that_waited_for_another_sees_what_that_one_did(admin: User, method: str) -> None:
    """Both had read the same, and the first had not committed when the second came."""
    hub = make_cluster("hub")
    answers: list[int] = []

    def change_too() -> None:
        answers.append(send(signed_in(admin), method, hub, '"1"', region="second").status_code)
        connection.close()

    second = threading.Thread(target=change_too)
    with transaction.atomic():
        registration.change(hub, {"region": "first"}, only_if={1})
        second.start()
        wait_until_somebody_waits()
    second.join(10)
    assert answers == [412]
    assert Cluster.objects.get().region == "first"


def wait_until_somebody_waits() -> None:
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with connection.cursor() as cursor:
        for _ in range(100_000):
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            if cursor.fetchone() != (0,):
                return
    raise AssertionError("nobody waited")


@pytest.mark.django_db(transaction=True)
def test_a_cluster_that_is_let_go_twice_is_let_go_once(admin: User, published: list[Any]) -> None:
    hub = make_cluster("hub")
    api = signed_in(admin)
    registration.retire(hub)
    registration.retire(hub)
    assert [event.event_type for event in published] == ["CLUSTER_REGISTERED", "CLUSTER_DELETED"]
    assert api.delete(f"{URL}/{hub.pk}").status_code == 404
