"""Who is told of alerts, in the admin: the same rules as over REST, and no secret on any page."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent, User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.contract_notifications import Message
from apps.observability.models import Notification, Receiver, Route
from apps.sealed_fields import unseal_from
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.fakes.upstream import Upstream, serve
from tests.observability.alerts import notifying
from tests.observability.alerts.inbox import URL

pytestmark = pytest.mark.django_db

ADMIN = "/admin/observability"
RECEIVERS, ROUTES, TOLD = (f"{ADMIN}/{one}/" for one in ("receiver", "route", "notification"))
FENCED = ("json", "python")
SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
RECEIVER = {"name": "bridge", "kind": "WEBHOOK", "url": "https://hooks.example.net/T0/part"}
ROUTE = {
    "name": "all",
    "position": "10",
    "enabled": "on",
    "group_by": "cluster,alertname",
    "group_wait_seconds": "0",
    "interval_seconds": "300",
}


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def browser(admin: User) -> Client:
    return browser_of(admin)


@pytest.fixture
def staff(db: None) -> User:
    """Somebody to whom Django's permissions open all these pages, and no grant anything in them."""
    user = make_user("staff", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=["observability", "clusters"])
    )
    return user


@pytest.fixture
def red() -> Cluster:
    return make_cluster("red-1", labels={"team": "red"})


@pytest.fixture
def bridge(settings: Any) -> Iterator[Upstream]:
    settings.ALLOW_INSECURE_UPSTREAMS = True
    with serve({"/hook": (204, "")}) as upstream:
        yield upstream


def page_of(browser: Client, url: str) -> str:
    response = browser.get(url)
    assert response.status_code == 200
    return response.content.decode()


def of(row: Any, below: str = "") -> str:
    return f"{ADMIN}/{type(row)._meta.model_name}/{row.pk}/{below or 'change/'}"


def act(browser: Client, url: str, action: str, *rows: Any, **more: str) -> str:
    body = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return browser.post(url, body, follow=True).content.decode()


def test_a_receiver_is_added_and_its_secret_is_shown_once(browser: Client) -> None:
    answer = browser.post(f"{RECEIVERS}add/", {**RECEIVER, "enabled": "on"})
    receiver = Receiver.objects.get()
    secret = unseal_from(receiver, "signing_secret")
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert unseal_from(receiver, "url") == RECEIVER["url"]
    assert AuditEvent.objects.get(object_type="receiver").action == "added"
    for url in (RECEIVERS, of(receiver), of(receiver, "delete/"), of(receiver, "history/")):
        page = page_of(browser, url)
        for never in (secret, "/T0/part", receiver.url, receiver.signing_secret):
            assert never not in page
    assert "https://hooks.example.net" in page_of(browser, RECEIVERS)
    browser.post(f"{RECEIVERS}add/", {**RECEIVER, "name": "a channel", "kind": "SLACK"})
    channel = Receiver.objects.get(kind="SLACK")
    assert "is signed" in act(browser, RECEIVERS, "renew_secret", channel)
    asked = act(browser, RECEIVERS, "renew_secret", channel, receiver)
    receiver.refresh_from_db()
    assert "The old secrets end at once" in asked
    assert str(receiver.pk) in asked
    assert str(channel.pk) not in asked
    assert unseal_from(receiver, "signing_secret") == secret
    renewed = act(browser, RECEIVERS, "renew_secret", channel, receiver, confirmed="yes")
    receiver.refresh_from_db()
    assert unseal_from(receiver, "signing_secret") in renewed
    assert secret not in renewed


def test_who_only_looks_at_a_receiver_sees_no_sealed_text_either(
    staff: User, browser: Client
) -> None:
    browser.post(f"{RECEIVERS}add/", RECEIVER)
    receiver = Receiver.objects.get()
    grant(staff, Role.ADMIN, everywhere=True)
    staff.user_permissions.set(Permission.objects.filter(codename="view_receiver"))
    page = page_of(browser_of(staff), of(receiver))
    assert receiver.url not in page
    assert receiver.signing_secret not in page
    assert "https://hooks.example.net" in page


def test_empty_boxes_keep_the_address_and_typed_ones_replace_it(browser: Client) -> None:
    browser.post(f"{RECEIVERS}add/", {**RECEIVER, "signing_secret": SECRET})
    receiver = Receiver.objects.get()
    Receiver.objects.update(enabled=False, problem="gone for good")
    changed = {"name": "Bridge 2", "enabled": "on", "url": "", "signing_secret": ""}
    assert browser.post(of(receiver), changed).status_code == 302
    receiver.refresh_from_db()
    assert (receiver.name, receiver.enabled, receiver.problem) == ("Bridge 2", True, "")
    assert unseal_from(receiver, "url") == RECEIVER["url"]
    assert unseal_from(receiver, "signing_secret") == SECRET
    moved = {**changed, "url": "https://other.example.net/x", "kind": "EMAIL"}
    assert browser.post(of(receiver), moved).status_code == 302
    receiver.refresh_from_db()
    assert unseal_from(receiver, "url") == "https://other.example.net/x"
    assert (receiver.host, receiver.kind) == ("https://other.example.net", "WEBHOOK")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"url": ""}, "Write where to post to."),
        ({"url": "https://169.254.169.254/secret-part"}, "Nobody is told at this address"),
        ({"url": "http://hooks.example.net/secret-part"}, "Use https."),
        ({"url": "https://a:secret-part@hooks.example.net/"}, "Leave user and password out"),
        ({"signing_secret": "secret-part"}, "A signing secret is whsec_"),
        ({"ca_bundle": "no certificate"}, "This is no bundle of certificates"),
        ({"email_addresses": "a@example.net"}, "Only letters go to addresses."),
        ({"kind": "EMAIL", "url": ""}, "Write whom letters go to."),
        ({"kind": "EMAIL", "url": "", "email_addresses": "nobody"}, "valid email"),
        ({"kind": "SLACK", "signing_secret": SECRET}, "Only what goes to a webhook is signed."),
    ],
)
def test_what_cannot_be_told_is_refused_and_not_quoted(
    browser: Client, changes: dict[str, str], sentence: str
) -> None:
    answer = browser.post(f"{RECEIVERS}add/", {**RECEIVER, **changes}, follow=True)
    page = answer.content.decode()
    assert sentence in page
    assert "secret-part" not in page
    assert not Receiver.objects.exists()


def test_a_receiver_in_use_is_not_removed(browser: Client, api: APIClient) -> None:
    browser.post(f"{RECEIVERS}add/", RECEIVER)
    receiver = Receiver.objects.get()
    notifying.add_route(api, str(receiver.pk))
    assert "the route all leads to bridge" in page_of(browser, of(receiver, "delete/"))
    browser.post(of(receiver, "delete/"), {"post": "yes"})
    act(browser, RECEIVERS, "delete_selected", receiver)
    assert Receiver.objects.exists()
    browser.post(of(Route.objects.get(), "delete/"), {"post": "yes"})
    assert browser.post(of(receiver, "delete/"), {"post": "yes"}).status_code == 302
    assert not Receiver.objects.exists()
    removed = AuditEvent.objects.filter(action="removed").values_list("object_type", flat=True)
    assert set(removed) == {"receiver", "route"}


def test_a_route_is_made_and_changed_as_over_rest(browser: Client, api: APIClient) -> None:
    made = notifying.add_receiver(api, RECEIVER["url"])
    typed = {
        **ROUTE,
        "receiver": made["id"],
        "severities": ["CRITICAL", "WARNING"],
        "cluster_labels": '{"team": "red"}',
        "alert_labels": '{"namespace": "shop-*"}',
        "group_by": "cluster,alertname,cluster",
    }
    assert browser.post(f"{ROUTES}add/", typed).status_code == 302
    (route,) = api.get(f"{URL}/routes").json()["items"]
    assert route["severities"] == ["CRITICAL", "WARNING"]
    assert route["alert_labels"] == {"namespace": "shop-*"}
    assert route["group_by"] == ["cluster", "alertname"]
    assert (route["tells_resolved"], route["enabled"]) == (False, True)
    row = Route.objects.get()
    assert browser.post(of(row), {**ROUTE, "receiver": made["id"]}).status_code == 302
    row.refresh_from_db()
    assert (row.severities, row.cluster_labels, row.alert_labels) == ([], {}, {})
    noted = AuditEvent.objects.filter(object_type="route").values_list("action", flat=True)
    assert set(noted) == {"added", "changed"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"alert_labels": '{"a": 1}'}, "Write a text for"),
        ({"alert_labels": "[1]"}, "labels, each with a text"),
        ({"cluster_labels": '{"a": 1}'}, "errorlist"),
        ({"severities": "LOUD"}, "Select a valid choice"),
        ({"interval_seconds": "1"}, "greater than or equal to 10"),
        ({"group_wait_seconds": "99999"}, "less than or equal to 3600"),
        ({"group_by": ",".join("abcdefghijkl")}, "no more than 10"),
        ({"receiver": ""}, "required"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused(
    browser: Client, api: APIClient, changes: dict[str, str], sentence: str
) -> None:
    made = notifying.add_receiver(api, RECEIVER["url"])
    answer = browser.post(f"{ROUTES}add/", {**ROUTE, "receiver": made["id"], **changes})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Route.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_receiver_is_tried_out_and_what_it_was_told_goes_out_again(
    browser: Client, api: APIClient, bridge: Upstream, red: Cluster
) -> None:
    hook = f"{bridge.url}/hook"
    made = notifying.add_receiver(api, f"{hook}?key=secret-part")
    receiver = Receiver.objects.get()
    assert "Taken by bridge." in act(browser, RECEIVERS, "try_out", receiver)
    notifying.add_route(api, made["id"])
    notifying.fire(red, "NodeDown")
    bridge.answers["/hook"] = (400, "no, secret-part")
    notifying.make_rounds()
    told = Notification.objects.get(is_test=False)
    page = page_of(browser, of(told))
    assert "it answered 400" in page
    assert "NodeDown" in page
    assert "secret-part" not in page
    bridge.answers["/hook"] = (204, "")
    assert "1 notification goes out again" in act(browser, TOLD, "deliver_again", told)
    notifying.make_rounds()
    ids = [one.headers["webhook-id"] for one in bridge.requests]
    assert ids[1:] == [str(told.pk)] * 2
    told.refresh_from_db()
    assert told.status == "DELIVERED"
    Receiver.objects.update(enabled=False)
    refused = act(browser, TOLD, "deliver_again", told)
    assert "bridge is switched off" in refused
    assert "0 notifications go out again" in refused
    bridge.answers["/hook"] = (500, "")
    Receiver.objects.update(enabled=True)
    refused = act(browser, RECEIVERS, "try_out", receiver)
    assert "Not taken by bridge: it answered 500." in refused


@pytest.mark.django_db(transaction=True)
def test_what_the_docs_say_of_a_message_is_so(
    browser: Client, bridge: Upstream, settings: Any
) -> None:
    typed = {**RECEIVER, "url": f"{bridge.url}/hook", "signing_secret": SECRET}
    browser.post(f"{RECEIVERS}add/", typed)
    act(browser, RECEIVERS, "try_out", Receiver.objects.get())
    (sent,) = bridge.requests
    text = (settings.BASE_DIR / "docs/notifications.md").read_text()
    example, code = (re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)[0] for kind in FENCED)
    known: dict[str, Any] = {}
    exec(code, known)
    body = sent.body.encode()
    assert known["is_ours"](SECRET, sent.headers, body)
    assert not known["is_ours"](SECRET, sent.headers, body + b" ")
    assert not known["is_ours"](SECRET, {**sent.headers, "webhook-timestamp": "1"}, body)
    written, came = Message.model_validate_json(example), json.loads(body)
    assert json.loads(example).keys() == came.keys()
    assert written.data.model_dump().keys() == came["data"].keys()
    assert json.loads(example)["data"]["alerts"][0].keys() == came["data"]["alerts"][0].keys()


def test_the_log_of_what_was_told_costs_the_same_for_any_number(
    browser: Client, api: APIClient
) -> None:
    notifying.add_receiver(api, RECEIVER["url"])
    receiver, now = Receiver.objects.get(), timezone.now()

    def questions(count: int) -> int:
        Notification.objects.bulk_create(
            Notification(receiver=receiver, created_at=now, due_at=now, closed_at=now)
            for _ in range(count)
        )
        with CaptureQueriesContext(connection) as captured:
            page_of(browser, TOLD)
        assert not any('"content"' in one["sql"] for one in captured)
        return len(captured)

    assert questions(2) == questions(40) <= 8


def test_who_is_told_is_for_an_admin_of_all_clusters(
    staff: User, red: Cluster, api: APIClient
) -> None:
    notifying.add_route(api, notifying.add_receiver(api, RECEIVER["url"])["id"])
    now = timezone.now()
    told = Notification.objects.create(
        receiver=Receiver.objects.get(), created_at=now, due_at=now, closed_at=now
    )
    grant(staff, Role.ADMIN, red)
    assert signed_in(staff).get(f"{URL}/receivers").status_code == 403
    browser = browser_of(staff)
    rows = (Receiver.objects.get(), Route.objects.get(), told)
    urls = [RECEIVERS, ROUTES, TOLD, *map(of, rows)]
    assert {browser.get(url).status_code for url in urls} == {403}
    assert browser.post(f"{RECEIVERS}add/", RECEIVER).status_code == 403
    assert browser.post(f"{ROUTES}add/", ROUTE).status_code == 403
    act(browser, TOLD, "deliver_again", told)
    assert not AuditEvent.objects.filter(action="redelivered").exists()
    assert "Receivers" not in page_of(browser, "/admin/")
    grant(staff, Role.ADMIN, everywhere=True)
    assert {browser.get(url).status_code for url in urls} == {200}
    act(browser, TOLD, "deliver_again", told)
    assert AuditEvent.objects.get(action="redelivered").object_id == str(told.pk)
