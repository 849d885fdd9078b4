"""Delivery at least once: back-off, refusals, deaths in between, and a log that tells no secret."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent
from apps.clusters.models import Cluster
from apps.observability.actions.alerts import delivering, gathering, routing
from apps.observability.collect.telling import Outcome
from apps.observability.models import Notification, Receiver
from tests.factories import make_cluster
from tests.fakes.upstream import Behaviour, Upstream, serve
from tests.observability.alerts.notifying import (
    URL,
    add_receiver,
    add_route,
    detail,
    fire,
    let_pass,
    listed,
    make_rounds,
    messages,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bridge() -> Iterator[Upstream]:
    with serve({"/hook": (204, "")}) as upstream:
        yield upstream


@pytest.fixture(autouse=True)
def plain_http(settings: Any) -> None:
    settings.ALLOW_INSECURE_UPSTREAMS = True


@pytest.fixture
def red() -> Cluster:
    return make_cluster("red-1", labels={"team": "red"})


@pytest.fixture
def made(api: APIClient, bridge: Upstream) -> Any:
    added = add_receiver(api, f"{bridge.url}/hook")
    add_route(api, added["id"])
    return added


def only(api: APIClient) -> Any:
    [shown] = listed(api)
    return detail(api, shown["id"])


def seconds_until(moment: str) -> float:
    due = parse_datetime(moment)
    assert due
    return (due - timezone.now()).total_seconds()


def test_what_fails_is_tried_again_later_and_later_under_the_same_id(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    bridge.answers["/hook"] = (500, "boom")
    fire(red, "NodeDown")
    waits = []
    for _ in range(4):
        make_rounds(2)
        failed = only(api)
        waits.append(seconds_until(failed["due_at"]))
        let_pass(hours=1)
    assert failed["status"] == "FAILED"
    assert [one["error"] for one in failed["deliveries"]] == ["it answered 500"] * 4
    for number, wait in enumerate(waits):
        assert 0.7 * 10 * 2**number < wait < 1.3 * 10 * 2**number
    bridge.answers["/hook"] = (200, "")
    make_rounds()
    told = only(api)
    assert (told["status"], told["attempts"], told["due_at"]) == ("DELIVERED", 5, None)
    assert len({request.headers["webhook-id"] for request in bridge.requests}) == 1
    assert len({request.body for request in bridge.requests}) == 1


def test_it_is_given_up_after_a_day_and_redelivered_when_asked(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    bridge.answers["/hook"] = (503, "")
    fire(red, "NodeDown")
    make_rounds()
    let_pass(hours=23)
    make_rounds()
    assert only(api)["status"] == "FAILED"
    let_pass(hours=2)
    make_rounds()
    given_up = only(api)
    assert (given_up["status"], len(bridge.requests)) == ("GIVEN_UP", 2)
    bridge.answers["/hook"] = (200, "")
    again = api.post(f"{URL}/notifications/{given_up['id']}/redeliver")
    assert (again.status_code, again.json()["status"]) == (200, "PENDING")
    make_rounds()
    assert only(api)["status"] == "DELIVERED"
    assert len({request.headers["webhook-id"] for request in bridge.requests}) == 1
    assert AuditEvent.objects.filter(action="redelivered").count() == 1


@pytest.mark.parametrize("status", [301, 400, 401, 404, 422])
def test_a_refusal_is_tried_a_few_times_only(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any, status: int
) -> None:
    bridge.headers["Location"] = f"{bridge.url}/elsewhere"
    bridge.answers["/hook"] = (status, "")
    fire(red, "NodeDown")
    for _ in range(5):
        make_rounds()
        let_pass(hours=2)
    assert only(api)["status"] == "GIVEN_UP"
    assert bridge.paths() == ["/hook"] * delivering.REFUSALS


def test_a_receiver_says_when_to_come_again(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    bridge.answers["/hook"] = (429, "")
    bridge.headers["Retry-After"] = "1800"
    fire(red, "NodeDown")
    make_rounds()
    failed = only(api)
    assert (failed["status"], failed["deliveries"][0]["status_code"]) == ("FAILED", 429)
    assert 1790 < seconds_until(failed["due_at"]) < 1801


def test_a_receiver_that_is_gone_is_switched_off(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    bridge.answers["/hook"] = (410, "")
    fire(red, "NodeDown")
    make_rounds()
    assert only(api)["status"] == "GIVEN_UP"
    url = f"{URL}/receivers/{made['id']}"
    off = api.get(url).json()
    assert off["enabled"] is False
    assert "410" in off["problem"]
    again = api.post(f"{URL}/notifications/{only(api)['id']}/redeliver")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "NOTIFICATION_NOT_READY")
    on = api.patch(url, {"enabled": True}, format="json").json()
    assert (on["enabled"], on["problem"]) == (True, "")


def test_whoever_dies_between_sending_and_noting_it_has_it_sent_again(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    fire(red, "NodeDown")
    routing.route()
    gathering.close_due()
    # Killed after the claim, whether it was sent or not.
    [parcel] = delivering.claim(10, {})
    make_rounds()
    assert (bridge.requests, only(api)["status"]) == ([], "PENDING")
    let_pass(seconds=delivering.LEASE_SECONDS)
    make_rounds()
    assert only(api)["status"] == "DELIVERED"
    # The one who was believed to be dead comes back, and changes nothing.
    delivering.record(parcel, Outcome("it answered 500", 500, 10))
    told = only(api)
    assert (told["status"], len(told["deliveries"])) == ("DELIVERED", 2)
    assert [request.headers["webhook-id"] for request in bridge.requests] == [str(parcel.id)]


def test_one_that_hangs_does_not_hold_up_the_others(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    fire(red, *(f"Alert{n}" for n in range(12)))
    other = add_receiver(api, f"{bridge.url}/other", name="other")
    add_route(api, other["id"], name="others", position=1, alert_labels={"alertname": "Mine"})
    fire(red, "Mine")
    routing.route()
    gathering.close_due()
    Notification.objects.filter(receiver__name="bridge").update(due_at=timezone.now())
    taken = delivering.claim(delivering.AT_ONCE, {})
    names = [Receiver.objects.get(pk=one.receiver_id).name for one in taken]
    assert sorted(names) == ["bridge"] * delivering.OF_ONE_RECEIVER + ["other"]
    busy = dict.fromkeys([one.receiver_id for one in taken], delivering.OF_ONE_RECEIVER)
    assert delivering.claim(delivering.AT_ONCE, busy) == []


def test_no_answer_is_said_in_words(api: APIClient, bridge: Upstream, made: Any) -> None:
    bridge.answers["/hook"] = Behaviour.LEAVE
    tried = api.post(f"{URL}/receivers/{made['id']}/test").json()
    assert (tried["status_code"], "connection broke" in tried["error"]) == (None, True)
    assert only(api)["status"] == "GIVEN_UP"


def test_a_test_travels_the_way_that_all_goes(api: APIClient, bridge: Upstream, made: Any) -> None:
    tried = api.post(f"{URL}/receivers/{made['id']}/test")
    assert (tried.status_code, tried.json()["error"]) == (200, "")
    [message] = messages(bridge)
    assert (message["type"], message["data"]["alerts"][0]["alertname"]) == ("test", "TestAlert")
    assert bridge.requests[0].headers["webhook-id"] == tried.json()["notification_id"]
    assert only(api)["is_test"] is True


def test_a_new_secret_signs_from_then_on(api: APIClient, bridge: Upstream, made: Any) -> None:
    renewed = api.post(f"{URL}/receivers/{made['id']}/signing-secret")
    assert renewed.headers["Cache-Control"] == "no-store"
    assert renewed.json()["signing_secret"] not in {"", made["signing_secret"]}
    shown = api.get(f"{URL}/receivers/{made['id']}").content.decode()
    assert "whsec_" not in shown
    assert "/hook" not in shown


def test_a_letter_is_plain_text_to_the_addresses(
    api: APIClient, red: Cluster, settings: Any
) -> None:
    settings.EMAIL_HOST = "mail.example.net"
    people = ["ada@example.net", "bob@example.net"]
    body = {"name": "people", "kind": "EMAIL", "email_addresses": people}
    made = api.post(f"{URL}/receivers", body, format="json").json()
    add_route(api, made["id"])
    fire(red, "Bad\r\nBcc: evil@example.net", labels={"pod": "<b>x</b>"})
    make_rounds()
    [letter] = mail.outbox
    assert letter.to == people
    assert letter.subject == "[1 fired] cluster=red-1 alertname=Bad  Bcc: evil@example.net"
    assert not letter.message().is_multipart()
    assert letter.message().get_content_type() == "text/plain"
    assert "Bcc" not in letter.message()
    assert only(api)["id"] in letter.message()["Message-ID"]


def test_slack_gets_a_message_of_its_own(api: APIClient, bridge: Upstream, red: Cluster) -> None:
    bridge.answers["/services/x"] = (200, "ok")
    made = add_receiver(api, f"{bridge.url}/services/x", kind="SLACK")
    assert made["signing_secret"] == ""
    add_route(api, made["id"])
    fire(red, "NodeDown")
    make_rounds()
    [request] = bridge.requests
    said = json.loads(request.body)
    assert said["text"] == "[1 fired] cluster=red-1 alertname=NodeDown"
    assert said["attachments"][0]["text"].startswith("FIRING CRITICAL NodeDown on red-1 since")
    assert "webhook-signature" not in request.headers


def test_the_log_is_filtered_and_read_by_few_statements(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    for number in range(12):
        fire(red, f"Alert{number}")
    make_rounds(3)
    assert len(bridge.requests) == 12
    with CaptureQueriesContext(connection) as queries:
        assert len(listed(api)) == 12
    assert len(queries) <= 8
    assert api.get(f"{URL}/notifications", {"status": "DELIVERED"}).json()["total"] == 12
    for query in ({"status": "LOST"}, {"route_id": "x"}, {"colour": "red"}, {"is_test": "yes?"}):
        assert api.get(f"{URL}/notifications", query).status_code == 400
    assert listed(api, since=(timezone.now() + timedelta(hours=1)).isoformat()) == []
