"""One change to many clusters: each for itself, with a result of its own."""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent, User
from apps.clusters.actions import registration
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.streaming.envelope import Event
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user

pytestmark = pytest.mark.django_db

URL = "/api/v1/clusters/bulk"


def order(api: APIClient, operation: str, clusters: list[Any], **more: Any) -> Any:
    ids = [str(getattr(one, "pk", one)) for one in clusters]
    return api.post(URL, {"operation": operation, "ids": ids} | more, format="json")


def statuses(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [one["status"] for one in response.json()["results"]]


@pytest.fixture
def three(db: None) -> list[Cluster]:
    return [
        make_cluster(name, labels={"team": "red", "old": "x"}) for name in ("a-1", "b-2", "c-3")
    ]


def test_each_cluster_has_its_result_and_the_same_order_again_changes_nothing(
    api: APIClient, three: list[Cluster]
) -> None:
    first = order(api, "DISABLE", three)
    assert statuses(first) == ["DONE"] * 3
    assert [one["cluster_id"] for one in first.json()["results"]] == [str(c.pk) for c in three]
    assert not Cluster.objects.filter(enabled=True).exists()
    assert statuses(order(api, "DISABLE", three)) == ["UNCHANGED"] * 3
    assert statuses(order(api, "ENABLE", three[:1])) == ["DONE"]
    assert list(Cluster.objects.values_list("generation", flat=True)) == [3, 2, 2]


def test_labels_are_set_and_taken_away_beside_those_that_are_there(
    api: APIClient, three: list[Cluster]
) -> None:
    Cluster.objects.filter(pk=three[1].pk).update(labels={"tier": "1"})
    response = order(api, "LABEL", three, labels={"tier": "1"}, remove_labels=["old", "none"])
    assert statuses(response) == ["DONE", "UNCHANGED", "DONE"]
    assert [one.labels for one in Cluster.objects.order_by("name")] == [
        {"team": "red", "tier": "1"},
        {"tier": "1"},
        {"team": "red", "tier": "1"},
    ]


def test_deleted_clusters_are_gone_and_were_never_there_when_asked_again(
    api: APIClient, three: list[Cluster]
) -> None:
    assert statuses(order(api, "DELETE", three[:2])) == ["DONE", "DONE"]
    assert [one.name for one in Cluster.objects.all()] == ["c-3"]
    assert statuses(order(api, "DELETE", three)) == ["NOT_FOUND", "NOT_FOUND", "DONE"]


def test_an_id_that_is_named_twice_counts_once(api: APIClient, three: list[Cluster]) -> None:
    assert statuses(order(api, "DELETE", [three[0], three[1], three[0]])) == ["DONE", "DONE"]


def test_a_hidden_cluster_looks_like_none_and_a_visible_one_takes_its_role(db: None) -> None:
    seen = make_cluster("seen", labels={"team": "blue"})
    mine = make_cluster("mine", labels={"team": "green"})
    hidden = make_cluster("hidden")
    user = make_user("someone")
    grant(user, Role.OPERATOR, label_selector={"team": "blue"})
    grant(user, Role.ADMIN, mine)
    response = order(signed_in(user), "DISABLE", [hidden, seen, mine, uuid4()])
    assert statuses(response) == ["NOT_FOUND", "REFUSED", "DONE", "NOT_FOUND"]
    reasons = [one["reason"] for one in response.json()["results"]]
    assert reasons[0] == reasons[3]
    assert reasons[1] == "This takes the role admin on seen."
    assert list(Cluster.objects.filter(enabled=False)) == [mine]


def test_one_that_cannot_be_changed_spoils_no_other(api: APIClient, three: list[Cluster]) -> None:
    full = {f"key-{number}": "x" for number in range(64)}
    Cluster.objects.filter(pk=three[1].pk).update(labels=full)
    response = order(api, "LABEL", three, labels={"one": "more"})
    assert statuses(response) == ["DONE", "REFUSED", "DONE"]
    assert response.json()["results"][1]["reason"] == "At most 64 labels, please."


def test_one_that_goes_meanwhile_is_not_found_and_spoils_no_other(
    api: APIClient, three: list[Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = registration.hold

    def too_late(cluster_id: Any, *rest: Any) -> Cluster:
        Cluster.objects.filter(pk=three[0].pk).delete()
        return hold(cluster_id, *rest)

    monkeypatch.setattr(registration, "hold", too_late)
    assert statuses(order(api, "DISABLE", three)) == ["NOT_FOUND", "DONE", "DONE"]


def test_each_change_is_told_and_noted_by_itself(
    api: APIClient,
    three: list[Cluster],
    published: list[Event],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        order(api, "LABEL", three[:2], labels={"team": "blue"})
        order(api, "DELETE", three[2:])
    assert [(one.event_type, one.cluster_name) for one in published] == [
        ("CLUSTER_UPDATED", "a-1"),
        ("CLUSTER_UPDATED", "b-2"),
        ("CLUSTER_DELETED", "c-3"),
    ]
    noted = (
        AuditEvent.objects.exclude(action="registered")
        .order_by("pk")
        .values_list("action", "object_name", "actor_name")
    )
    assert list(noted) == [
        ("changed", "a-1", "ada"),
        ("changed", "b-2", "ada"),
        ("retired", "c-3", "ada"),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"operation": "PURGE"}, "operation"),
        ({"ids": []}, "ids"),
        ({"ids": ["x"]}, "ids"),
        ({"ids": [str(uuid4()) for _ in range(501)]}, "ids"),
        ({"operation": "LABEL"}, "labels"),
        ({"operation": "LABEL", "labels": {"a b": "c"}}, "labels"),
        ({"operation": "LABEL", "labels": ["a"]}, "labels"),
        ({"operation": "LABEL", "labels": {"team": 1}}, "labels"),
        ({"operation": "DELETE", "labels": {"team": "red"}}, "labels"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_as_a_whole(
    api: APIClient, change: Any, field: str
) -> None:
    cluster = make_cluster("hub")
    body = {"operation": "DELETE", "ids": [str(cluster.pk)]} | change
    response = api.post(URL, body, format="json")
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(field)
    assert Cluster.objects.filter(pk=cluster.pk).exists()


def test_orders_take_a_sign_in(admin: User) -> None:
    cluster = make_cluster("hub")
    assert order(APIClient(), "DELETE", [cluster]).status_code == 401
