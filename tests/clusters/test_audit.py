"""The audit trail: who did what to which object from where; added to, never changed."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.models import ApiToken, AuditEvent, User
from apps.clusters.models import Cluster
from tests.conftest import signed_in
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db

URL = "/api/v1/clusters"
BODY = {"name": "hub-one", "api_server_url": "https://api.example.net:6443"}


def trail() -> list[tuple[str, str, str]]:
    events = AuditEvent.objects.order_by("id")
    return [(event.action, event.object_type, event.object_name) for event in events]


def test_every_change_of_a_cluster_leaves_a_line(api: APIClient) -> None:
    sent = api.post(URL, BODY | {"credentials": {"token": "secret-token"}}, format="json").json()
    api.patch(f"{URL}/{sent['id']}", {"region": "eu"}, format="json")
    api.patch(f"{URL}/{sent['id']}", {"region": "eu"}, format="json")
    api.delete(f"{URL}/{sent['id']}")
    assert trail() == [
        ("stored", "credential", "hub-one"),
        ("registered", "cluster", "hub-one"),
        ("changed", "cluster", "hub-one"),
        ("retired", "cluster", "hub-one"),
    ]
    assert AuditEvent.objects.get(action="changed").details == {"region": ["", "eu"]}
    assert AuditEvent.objects.get(action="stored").details == {"holds": ["token"]}


def test_a_line_says_who_and_from_where(admin: User, api: APIClient) -> None:
    api.post(URL, BODY, format="json", REMOTE_ADDR="192.0.2.7")
    event = AuditEvent.objects.get()
    assert (event.actor_id, event.actor_name, event.door, event.address) == (
        admin.pk,
        "ada",
        "REST",
        "192.0.2.7",
    )


def test_the_user_of_an_api_token_is_named(admin: User) -> None:
    _, text = ApiToken.issue(admin, "script")
    APIClient().post(URL, BODY, format="json", HTTP_AUTHORIZATION=f"Bearer {text}")
    assert AuditEvent.objects.get().actor_name == "ada"


def test_the_admin_and_the_command_line_are_told_apart(admin: User) -> None:
    browser = Client()
    browser.force_login(admin)
    form = BODY | {
        "cluster_type": "HUB",
        "platform": "OPENSHIFT",
        "environment": "LAB",
        "labels": "{}",
    }
    browser.post("/admin/clusters/cluster/add/", form)
    call_command("create_token", "ada", stdout=StringIO())
    assert list(AuditEvent.objects.order_by("id").values_list("action", "door")) == [
        ("registered", "ADMIN"),
        ("issued", "COMMAND"),
    ]


def test_grants_leave_lines(admin: User) -> None:
    browser = Client()
    browser.force_login(admin)
    form = {"user": str(admin.pk), "role": "VIEWER", "reach": "ALL", "label_selector": "{}"}
    form["namespaces"] = "shop, bank"
    browser.post("/admin/clusters/grant/add/", form)
    event = AuditEvent.objects.get()
    assert (event.action, event.object_type) == ("given", "grant")
    assert event.details["reach"] == "ALL"
    assert event.details["namespaces"] == ["shop", "bank"]


def test_what_is_refused_or_rolled_back_leaves_no_line(api: APIClient) -> None:
    make_cluster("hub-one")
    before = AuditEvent.objects.count()
    assert api.post(URL, BODY, format="json").status_code == 409
    bad = BODY | {"name": "hub-two", "credentials": {"token": "t", "ca_bundle": "no pem"}}
    assert api.post(URL, bad, format="json").status_code == 400
    assert AuditEvent.objects.count() == before
    assert Cluster.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [lambda: AuditEvent.objects.update(actor_name="x"), lambda: AuditEvent.objects.all().delete()],
)
def test_the_database_itself_refuses_to_change_the_trail(change: Callable[[], object]) -> None:
    make_cluster("hub-one")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        change()


def test_the_trail_is_read_by_who_may_do_everything(api: APIClient, operator_of_red: User) -> None:
    api.post(URL, BODY, format="json")
    body = api.get("/api/v1/audit").json()
    assert (body["total"], body["items"][0]["action"]) == (1, "registered")
    assert signed_in(operator_of_red).get("/api/v1/audit").status_code == 403
    assert APIClient().get("/api/v1/audit").status_code == 401


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("action=registered", 2),
        ("object_name=one", 1),
        ("door=ADMIN", 0),
        ("since=2020-01-01T00:00:00Z", 2),
        ("until=2020-01-01T00:00:00Z", 0),
    ],
)
def test_the_trail_is_narrowed(api: APIClient, query: str, count: int) -> None:
    make_cluster("one")
    make_cluster("two")
    assert api.get(f"/api/v1/audit?{query}").json()["total"] == count


@pytest.mark.parametrize("query", ["since=monday", "door=WINDOW", "colour=red", "action=%00"])
def test_a_bad_filter_is_refused_by_name(api: APIClient, query: str) -> None:
    response: Any = api.get(f"/api/v1/audit?{query}")
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(query.partition("=")[0])


def test_the_admin_shows_the_trail_and_lets_nobody_edit_it(admin: User) -> None:
    make_cluster("one")
    browser = Client()
    browser.force_login(admin)
    event = AuditEvent.objects.get()
    page = browser.get("/admin/accounts/auditevent/").content.decode()
    assert f"{event.happened_at:%F %T} UTC" in page
    assert browser.get(f"/admin/accounts/auditevent/{event.pk}/change/").status_code == 200
    assert browser.post(f"/admin/accounts/auditevent/{event.pk}/delete/").status_code == 403
