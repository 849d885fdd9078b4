"""Work on alerts: who takes one, hands it on or says something, and what is left of that."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent, User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Rights, Role
from apps.observability.actions.alerts.storing import store
from apps.observability.models import Alert
from apps.streaming.envelope import Event
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability.alerts.inbox import URL, fire, names, read
from tests.observability.alerts.telling import NOON, arrival, told
from tests.payloads import payload_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def red() -> Cluster:
    return make_cluster("red-1", labels={"team": "red"})


@pytest.fixture
def mine(operator_of_red: User) -> APIClient:
    return signed_in(operator_of_red)


def take(api: APIClient, alert: Alert, note: str = "Looking.") -> Any:
    return api.post(f"{URL}/{alert.pk}/acknowledge", {"note": note}, format="json")


def assign(api: APIClient, alert: Alert, username: str | None) -> Any:
    return api.put(f"{URL}/{alert.pk}/assignee", {"username": username}, format="json")


def say(api: APIClient, alert: Alert, text: str) -> Any:
    return api.post(f"{URL}/{alert.pk}/comments", {"text": text}, format="json")


def order(api: APIClient, operation: str, ids: list[Any], **more: Any) -> dict[str, str]:
    body = {"operation": operation, "ids": [str(one) for one in ids], **more}
    response = api.post(f"{URL}/bulk", body, format="json")
    assert response.status_code == 200, response.content
    return {one["alert_id"]: one["status"] for one in response.json()["results"]}


def story(api: APIClient, alert: Alert) -> list[tuple[str | None, str, str]]:
    found = api.get(f"{URL}/{alert.pk}/comments").json()["items"]
    return [(one["author"], one["deed"], one["text"]) for one in found]


@pytest.mark.django_db(transaction=True)
def test_an_alert_is_taken_once_and_everybody_is_told(
    mine: APIClient, red: Cluster, published: list[Event]
) -> None:
    alert = fire(red)
    published.clear()
    first = take(mine, alert).json()
    assert (first["acknowledged_by"], first["acknowledgement"]) == ("red-operator", "Looking.")
    assert first["acknowledged_at"] == first["taken_at"] is not None
    assert take(mine, alert).json() == first
    again = take(mine, alert, "It is the disk.").json()
    assert again["acknowledged_at"] == first["acknowledged_at"]
    assert story(mine, alert) == [
        ("red-operator", "ACKNOWLEDGED", "Looking."),
        ("red-operator", "ACKNOWLEDGED", "It is the disk."),
    ]
    told = [(one.event_type, payload_of(one)["acknowledgement"]) for one in published]
    assert told == [("ALERT_UPDATED", "Looking."), ("ALERT_UPDATED", "It is the disk.")]
    assert [one.actor_name for one in AuditEvent.objects.filter(action="acknowledged")] == [
        "red-operator",
        "red-operator",
    ]
    assert names(mine, acknowledged="true") == ["NodeDown"]


def test_what_somebody_holds_is_released_before_another_takes_it(
    mine: APIClient, api: APIClient, red: Cluster
) -> None:
    alert = fire(red)
    take(mine, alert)
    refused = take(api, alert)
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "ALERT_ALREADY_ACKNOWLEDGED"
    assert "red-operator" in refused.json()["error"]["message"]
    for _ in range(2):
        released = api.delete(f"{URL}/{alert.pk}/acknowledge")
        assert (released.status_code, released.json()["acknowledged_by"]) == (200, None)
    assert take(api, alert).json()["acknowledged_by"] == "ada"
    assert [one[:2] for one in story(api, alert)] == [
        ("red-operator", "ACKNOWLEDGED"),
        ("ada", "RELEASED"),
        ("ada", "ACKNOWLEDGED"),
    ]


def test_an_acknowledgement_survives_a_repeat_and_ends_with_the_alert(
    mine: APIClient, red: Cluster
) -> None:
    store([arrival(red, told())])
    alert = Alert.objects.get()
    first = take(mine, alert).json()
    store([arrival(red, told(annotations={"summary": "it still is"}), minute=5)])
    again = read(mine, f"/{alert.pk}")
    assert (again["annotations"], again["acknowledged_by"], again["acknowledged_at"]) == (
        {"summary": "it still is"},
        "red-operator",
        first["acknowledged_at"],
    )
    store([arrival(red, told(over=NOON + timedelta(minutes=9)), minute=10)])
    over = read(mine, f"/{alert.pk}")
    assert (over["state"], over["acknowledged_by"], over["acknowledged_at"]) == (
        "RESOLVED",
        None,
        None,
    )
    assert over["taken_at"] == first["taken_at"]
    assert story(mine, alert) == [("red-operator", "ACKNOWLEDGED", "Looking.")]
    assert names(mine, "/history", acknowledged="true") == ["NodeDown"]


def test_what_is_over_is_nobodys_to_take(mine: APIClient, red: Cluster) -> None:
    over = fire(red, over_after=30)
    for attempt in (take(mine, over), assign(mine, over, "red-operator")):
        assert attempt.status_code == 409
        assert attempt.json()["error"]["code"] == "ALERT_NOT_ACTIVE"
    assert mine.delete(f"{URL}/{over.pk}/acknowledge").status_code == 200
    assert say(mine, over, "It was the disk.").status_code == 201


def test_what_only_is_about_to_fire_is_nobodys(mine: APIClient, red: Cluster) -> None:
    alert = fire(red)
    Alert.objects.filter(pk=alert.pk).update(state="PENDING")
    assert take(mine, alert).status_code == 409


def test_an_alert_is_handed_to_who_may_see_it(
    mine: APIClient, red: Cluster, viewer_of_blue: User, admin: User
) -> None:
    alert = fire(red)
    assert assign(mine, alert, "ada").json()["assigned_to"] == "ada"
    assert names(mine, assigned_to="ada") == ["NodeDown"]
    refusals = [assign(mine, alert, name) for name in (viewer_of_blue.username, "nobody")]
    for refused, name in zip(refusals, (viewer_of_blue.username, "nobody"), strict=True):
        assert refused.status_code == 400
        message = f"username: nobody who is called {name!r} may see this alert"
        assert refused.json()["error"]["message"] == message
    for _ in range(2):
        assert assign(mine, alert, None).json()["assigned_to"] is None
    assert story(mine, alert) == [
        ("red-operator", "ASSIGNED", "ada"),
        ("red-operator", "ASSIGNED", ""),
    ]


def test_a_comment_is_kept_as_it_was_written(mine: APIClient, red: Cluster) -> None:
    alert = fire(red)
    text = "<b>=1+1</b>\nsecond line"
    assert say(mine, alert, text).json()["text"] == text
    assert story(mine, alert) == [("red-operator", "COMMENTED", text)]
    assert read(mine, f"/{alert.pk}")["story"][0]["text"] == text
    for wrong in ("", "a" * 5000, None, 7):
        response = mine.post(f"{URL}/{alert.pk}/comments", {"text": wrong}, format="json")
        assert (
            response.status_code,
            next(iter(response.json()["error"]["details"]["fields"])),
        ) == (
            400,
            "text",
        )


@pytest.mark.parametrize(
    "act", [take, lambda a, b: assign(a, b, None), lambda a, b: say(a, b, "x")]
)
def test_it_takes_an_operator_there_and_of_the_namespace(act: Any, red: Cluster) -> None:
    shop, bank = fire(red, "Shop", namespace="shop"), fire(red, "Bank", namespace="bank")
    blue = fire(make_cluster("blue-1"), "Blue")
    user = make_user("someone")
    grant(user, Role.VIEWER, red)
    grant(user, Role.OPERATOR, red, namespaces=["shop"])
    api = signed_in(user)
    assert act(api, shop).status_code < 300
    assert act(api, bank).status_code == 403
    assert act(api, blue).status_code == 404
    assert Alert.objects.filter(acknowledged_at__isnull=False).exclude(pk=shop.pk).count() == 0
    assert AuditEvent.objects.filter(object_id=str(bank.pk)).count() == 0


def test_many_are_done_each_for_itself(mine: APIClient, red: Cluster, admin: User) -> None:
    fires, over = fire(red, "Fires"), fire(red, "Over", over_after=1)
    hidden = fire(make_cluster("blue-1"), "Hidden")
    ids = [fires.pk, over.pk, hidden.pk, fires.pk]
    due = {str(fires.pk): "DONE", str(over.pk): "REFUSED", str(hidden.pk): "NOT_FOUND"}
    assert order(mine, "ACKNOWLEDGE", ids, note="All mine.") == due
    assert order(mine, "ACKNOWLEDGE", ids, note="All mine.")[str(fires.pk)] == "UNCHANGED"
    assert order(mine, "ASSIGN", ids, username="ada") == due
    assert order(mine, "RELEASE", [fires.pk, over.pk]) == {
        str(fires.pk): "DONE",
        str(over.pk): "UNCHANGED",
    }
    viewer = make_user("viewer")
    grant(viewer, Role.VIEWER, red)
    assert order(signed_in(viewer), "RELEASE", [fires.pk]) == {str(fires.pk): "REFUSED"}
    for body in (
        {"operation": "ASSIGN", "ids": [str(fires.pk)]},
        {"operation": "RELEASE", "ids": [str(fires.pk)], "username": "ada"},
        {"operation": "FORGET", "ids": [str(fires.pk)]},
        {"operation": "RELEASE", "ids": []},
    ):
        assert mine.post(f"{URL}/bulk", body, format="json").status_code == 400


def test_lists_and_rights_agree_on_who_sees_what(red: Cluster) -> None:
    """What `visible_to` narrows in SQL is what `Rights` says of each cluster and namespace."""
    clusters = [red, make_cluster("blue-1", labels={"team": "blue"}), make_cluster("lab-1")]
    places: list[Any] = [{"namespace": "shop"}, {"namespace": "bank"}, {}]
    alerts = [
        fire(cluster, f"{cluster.name}-{number}", **labels)
        for cluster in clusters
        for number, labels in enumerate(places)
    ]
    grants: list[dict[str, Any]] = [
        {"namespaces": ["shop"], "label_selector": {"team": "red"}},
        {"label_selector": {"team": "blue"}},
        {"namespaces": ["bank"], "everywhere": True},
        {"everywhere": True},
    ]
    for chosen in range(2 ** len(grants)):
        user = make_user(f"user-{chosen}")
        for number, scope in enumerate(grants):
            if chosen & 1 << number:
                grant(user, Role.VIEWER, **dict(scope))
        rights = Rights.of(user)
        due = set()
        for alert in alerts:
            within = rights.namespaces_on(alert.cluster)
            sees = rights.role_on(alert.cluster) is not None
            if sees and (within is None or alert.namespace in within):
                due.add(alert.alertname)
        assert set(names(signed_in(user), page_size=100)) == due, scope
