"""Who is told of which alerts, when, and how often: from the change to the receiver's wire."""

import base64
import hmac
from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.observability.actions.alerts.routing import fits, wanted
from apps.observability.models import Alert, AlertChange, Notification
from apps.observability.tasks import tidy_notifications
from apps.observability.telling.signing import sign
from tests.factories import make_cluster
from tests.fakes.upstream import Upstream, serve
from tests.observability.alerts.notifying import (
    URL,
    add_receiver,
    add_route,
    counts,
    end,
    fire,
    let_pass,
    listed,
    make_rounds,
    messages,
)
from tests.observability.alerts.telling import NOON

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
    return add_receiver(api, f"{bridge.url}/hook?key=1")


def test_an_alert_that_fires_and_ends_is_told_once_each(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    add_route(api, made["id"])
    fire(red, "NodeDown")
    make_rounds(2)
    [first] = messages(bridge)
    assert (first["version"], first["type"]) == (1, "alerts.changed")
    assert first["data"]["group_labels"] == {"cluster": "red-1", "alertname": "NodeDown"}
    [alert] = first["data"]["alerts"]
    assert (alert["alertname"], alert["state"], alert["severity"]) == (
        "NodeDown",
        "FIRING",
        "CRITICAL",
    )
    end(red, "NodeDown")
    make_rounds()
    assert len(bridge.requests) == 1
    let_pass(seconds=301)
    make_rounds(2)
    assert counts(bridge) == [(1, 0), (0, 1)]
    assert messages(bridge)[1]["data"]["alerts"][0]["state"] == "RESOLVED"
    assert [one["status"] for one in listed(api)] == ["DELIVERED", "DELIVERED"]
    assert not AlertChange.objects.exists()


def test_a_message_is_signed_as_the_standard_says(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    add_route(api, made["id"])
    fire(red, "NodeDown")
    make_rounds()
    [request] = bridge.requests
    assert (request.path, request.query) == ("/hook", "key=1")
    [shown] = listed(api)
    assert request.headers["webhook-id"] == shown["id"]
    key = base64.b64decode(made["signing_secret"].removeprefix("whsec_"))
    signed = f"{shown['id']}.{request.headers['webhook-timestamp']}.{request.body}"
    expected = base64.b64encode(hmac.digest(key, signed.encode(), "sha256")).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    secret, message_id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    signature = sign(secret, message_id, 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_happens_within_an_interval_is_told_together(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    add_route(api, made["id"], group_by=["cluster"], group_wait_seconds=30)
    fire(red, "One", "Two")
    make_rounds()
    assert bridge.requests == []
    fire(red, "Three")
    let_pass(seconds=31)
    make_rounds()
    assert counts(bridge) == [(3, 0)]
    for name in ("Four", "Five", "Six"):
        fire(red, name)
        make_rounds()
    end(red, "One")
    make_rounds()
    assert len(bridge.requests) == 1
    let_pass(seconds=301)
    make_rounds(2)
    assert counts(bridge) == [(3, 0), (3, 1)]


def test_routes_choose_by_severity_cluster_and_labels(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    blue = make_cluster("blue-1", labels={"team": "blue"})
    bridge.answers |= {f"/{name}": (200, "") for name in ("red", "shop", "rest")}
    to = {
        name: add_receiver(api, f"{bridge.url}/{name}", name=name)["id"]
        for name in ("red", "shop", "rest")
    }
    red_only = {"cluster_labels": {"team": "red"}, "severities": ["CRITICAL"]}
    add_route(api, to["red"], name="red", position=1, continues=True, **red_only)
    add_route(api, to["shop"], name="shop", position=2, alert_labels={"namespace": "shop-*"})
    add_route(api, to["rest"], name="rest", position=3, tells_resolved=False)
    fire(red, "InRed")
    fire(blue, "InShop", labels={"namespace": "shop-cart"})
    fire(red, "InBoth", labels={"namespace": "shop-cart"})
    fire(red, "Mild", labels={"severity": "warning"})
    end(red, "Mild", labels={"severity": "warning"})
    make_rounds()
    said = sorted(
        (request.path, message["data"]["group_labels"]["alertname"])
        for request, message in zip(bridge.requests, messages(bridge), strict=True)
    )
    assert said == [
        ("/red", "InBoth"),
        ("/red", "InRed"),
        ("/rest", "InRed"),
        ("/rest", "Mild"),
        ("/shop", "InBoth"),
        ("/shop", "InShop"),
    ]
    mild = next(one for one in messages(bridge) if "Mild" in str(one))
    assert (mild["data"]["fired"], mild["data"]["resolved"]) == (1, 0)


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("shop-*", "shop-cart", True),
        ("shop-*", "shop-", True),
        ("shop-*", "a shop-cart", False),
        ("*-cart", "shop-cart", True),
        ("a*a", "a", False),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("*", "", True),
        ("", "", True),
        ("", "x", False),
        ("a.c", "abc", False),
        ("*a*" * 300 + "b", "a" * 20_000, False),
    ],
)
def test_a_star_is_any_text_and_nothing_else_is_special(
    pattern: str, text: str, does: bool
) -> None:
    assert fits(pattern, text) is does


@pytest.mark.parametrize(
    "suppressed",
    [{"silenced_by": ["s"]}, {"inhibited_by": ["f"]}, {"acknowledged_at": NOON}],
    ids=lambda one: next(iter(one)),
)
def test_what_is_suppressed_is_told_only_if_it_outlasts_that(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any, suppressed: dict[str, Any]
) -> None:
    add_route(api, made["id"], group_by=["cluster"])
    fire(red, "Lasting", "Brief")
    Alert.objects.update(**suppressed)
    make_rounds(2)
    assert bridge.requests == []
    end(red, "Brief")
    make_rounds()
    cleared: dict[str, Any] = {name: [] if name.endswith("_by") else None for name in suppressed}
    Alert.objects.filter(alertname="Lasting").update(**cleared)
    make_rounds()
    assert counts(bridge) == [(1, 0)]
    assert messages(bridge)[0]["data"]["alerts"][0]["alertname"] == "Lasting"
    assert not AlertChange.objects.exists()


def test_the_end_of_what_was_told_is_told_although_it_was_silenced_meanwhile(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    add_route(api, made["id"], interval_seconds=10)
    fire(red, "NodeDown")
    make_rounds()
    Alert.objects.update(silenced_by=["s"])
    end(red, "NodeDown")
    make_rounds()
    let_pass(seconds=11)
    make_rounds()
    assert counts(bridge) == [(1, 0), (0, 1)]


def test_nothing_is_kept_where_nobody_is_to_be_told(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    assert not wanted()
    fire(red, "Before")
    assert not AlertChange.objects.exists()
    there = add_route(api, made["id"])
    assert wanted()
    api.patch(f"{URL}/routes/{there['id']}", {"enabled": False}, format="json")
    assert not wanted()
    api.patch(f"{URL}/routes/{there['id']}", {"enabled": True}, format="json")
    api.patch(f"{URL}/receivers/{made['id']}", {"enabled": False}, format="json")
    assert not wanted()
    make_rounds()
    assert bridge.requests == []


def test_what_a_deleted_cluster_leaves_is_told_to_nobody(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    add_route(api, made["id"])
    fire(red, "NodeDown")
    red.delete()
    make_rounds()
    assert (bridge.requests, Notification.objects.count()) == ([], 0)
    assert not AlertChange.objects.exists()


def test_old_notifications_are_forgotten(
    api: APIClient, bridge: Upstream, red: Cluster, made: Any
) -> None:
    add_route(api, made["id"])
    fire(red, "NodeDown")
    make_rounds()
    let_pass(days=29)
    assert tidy_notifications() == 0
    let_pass(days=2)
    assert tidy_notifications() == 1
    assert listed(api) == []
