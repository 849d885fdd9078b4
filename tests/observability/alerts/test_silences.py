"""Silences over REST, measured by what a real Alertmanager has, and really keeps silent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent, User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.models import Alert, AlertEntry
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability.alerts.one_alertmanager import Alertmanager
from tests.observability.alerts.silencing import DOWN, URL, know, make

pytestmark = pytest.mark.django_db


def made(api: APIClient, *clusters: Cluster, **fields: Any) -> list[dict[str, Any]]:
    response = make(api, *clusters, **fields)
    assert response.status_code == 200, response.content
    results: list[dict[str, Any]] = response.json()["results"]
    return results


def listed(api: APIClient, **query: Any) -> list[dict[str, Any]]:
    response: Any = api.get(URL, query)
    assert response.status_code == 200, response.content
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def test_a_silence_is_made_listed_changed_and_ended(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager
) -> None:
    [result] = made(api, cluster)
    assert (result["status"], result["cluster_name"], result["error"]) == ("CREATED", "red-1", None)
    own = alertmanager.silences()[result["id"]]
    assert (own["createdBy"], own["comment"]) == ("ada", "It is being repaired")
    matcher = {"name": "alertname", "value": "NodeDown", "is_regex": False, "is_equal": True}
    [shown] = listed(api)
    assert (shown["id"], shown["state"], shown["matchers"]) == (own["id"], "ACTIVE", [matcher])
    assert datetime.fromisoformat(shown["ends_at"]) == datetime.fromisoformat(own["endsAt"])

    url = f"{URL}/{cluster.pk}/{result['id']}"
    body = {"matchers": DOWN, "duration_seconds": 7200, "comment": "It takes longer"}
    longer: Any = api.put(url, body, format="json").json()
    assert (longer["id"], longer["replaced"]) == (result["id"], False)
    own = alertmanager.silences()[result["id"]]
    assert own["comment"] == "It takes longer"
    ends_at = datetime.fromisoformat(own["endsAt"])
    assert timedelta(hours=1.9) < ends_at - timezone.now() < timedelta(hours=2.1)

    other = [*DOWN, {"name": "node", "value": "a.*", "is_regex": True, "is_equal": False}]
    moved: Any = api.put(url, body | {"matchers": other}, format="json").json()
    assert moved["replaced"]
    now = alertmanager.silences()
    assert [now[one]["status"]["state"] for one in (own["id"], moved["id"])] == [
        "expired",
        "active",
    ]

    url = f"{URL}/{cluster.pk}/{moved['id']}"
    assert [api.delete(url).status_code for _ in range(2)] == [204, 204]
    assert listed(api) == []
    expired = listed(api, state="EXPIRED", search=moved["id"])
    assert [str(one["id"]) for one in expired] == [moved["id"]]
    noted = AuditEvent.objects.filter(object_type="silence").values_list("action", flat=True)
    assert sorted(noted) == ["changed", "changed", "expired", "silenced"]


def test_sent_twice_it_is_one_silence(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager
) -> None:
    [first], [second] = made(api, cluster), made(api, cluster)
    assert (second["status"], second["id"]) == ("EXISTS", first["id"])
    # Another comment, other matchers, or an hour more, is another silence.
    others = [
        made(api, cluster, comment="Another reason"),
        made(api, cluster, duration_seconds=7200),
        made(api, cluster, matchers=[{"name": "alertname", "value": "NodeUp"}]),
    ]
    assert [one["status"] for [one] in others] == ["CREATED"] * 3
    active = [one for one in listed(api, page_size=100) if one["created_by"] == "ada"]
    assert len(active) == 4


def test_each_cluster_has_a_result_of_its_own(
    operator_of_red: User, cluster: Cluster, alertmanager: Alertmanager
) -> None:
    red: dict[str, Any] = {"labels": {"team": "red"}}
    away = make_cluster("red-2", alertmanager_url="http://127.0.0.1:1", **red)
    without = make_cluster("red-3", **red)
    disabled = make_cluster("red-4", alertmanager_url=alertmanager.url, enabled=False, **red)
    blue = make_cluster("blue-1", alertmanager_url=alertmanager.url)
    seen = make_cluster("green-1", alertmanager_url=alertmanager.url)
    grant(operator_of_red, Role.VIEWER, seen)
    results = made(signed_in(operator_of_red), away, cluster, without, disabled, blue, seen)
    told = [(one["status"], (one["error"] or {}).get("code")) for one in results]
    assert told == [
        ("FAILED", "CLUSTER_UNREACHABLE"),
        ("CREATED", None),
        ("FAILED", "ALERTMANAGER_NOT_AVAILABLE"),
        ("REFUSED", "PERMISSION_DENIED"),
        ("NOT_FOUND", "CLUSTER_NOT_FOUND"),
        ("REFUSED", "PERMISSION_DENIED"),
    ]
    ours = [one for one in alertmanager.silences().values() if one["createdBy"] == "red-operator"]
    assert len(ours) == 1


def test_who_may_not_write_changes_nothing(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager
) -> None:
    [one] = made(api, cluster)
    viewer = make_user("looker")
    grant(viewer, Role.VIEWER, cluster)
    looking = signed_in(viewer)
    assert [shown["id"] for shown in listed(looking)] == [one["id"]]
    url = f"{URL}/{cluster.pk}/{one['id']}"
    body = {"matchers": DOWN, "duration_seconds": 60, "comment": "x"}
    assert looking.put(url, body, format="json").status_code == 403
    assert looking.delete(url).status_code == 403
    assert signed_in(make_user("stranger")).delete(url).status_code == 404
    assert alertmanager.silences()[one["id"]]["status"]["state"] == "active"


def test_who_is_held_to_namespaces_silences_and_sees_these_alone(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager
) -> None:
    keeper = make_user("keeper")
    grant(keeper, Role.OPERATOR, cluster, namespaces=["shop", "bank"])
    keeping = signed_in(keeper)

    def within(value: str, **more: Any) -> dict[str, Any]:
        return {"name": "namespace", "value": value, **more}

    refused = [
        DOWN,
        [within("web")],
        [*DOWN, within("shop|web", is_regex=True)],
        [*DOWN, within("sh.p", is_regex=True)],
        [*DOWN, within("shop", is_equal=False)],
        [*DOWN, within("")],
    ]
    for matchers in refused:
        [one] = made(keeping, cluster, matchers=matchers)
        assert (one["status"], one["error"]["code"]) == ("REFUSED", "PERMISSION_DENIED"), matchers
    allowed = [[*DOWN, within("shop")], [within("shop|bank", is_regex=True)]]
    own = [made(keeping, cluster, matchers=one)[0]["id"] for one in allowed]
    [wide] = made(api, cluster)
    assert {one["id"] for one in listed(keeping)} == set(own)
    body = {"matchers": allowed[0], "duration_seconds": 60, "comment": "x"}
    hidden = f"{URL}/{cluster.pk}/{wide['id']}"
    assert keeping.put(hidden, body, format="json").status_code == 404
    assert keeping.delete(hidden).status_code == 404
    url = f"{URL}/{cluster.pk}/{own[0]}"
    assert keeping.put(url, body | {"matchers": DOWN}, format="json").status_code == 403
    assert keeping.delete(url).status_code == 204
    assert alertmanager.silences()[wide["id"]]["status"]["state"] == "active"


def test_a_silence_made_for_an_alert_is_of_its_labels_and_told_in_its_story(
    api: APIClient, admin: User, cluster: Cluster, alertmanager: Alertmanager
) -> None:
    alertmanager.fire(*({"alertname": "DiskFull", "node": node} for node in "ab"))
    know(cluster, alertmanager)
    first, second = Alert.objects.filter(alertname="DiskFull").order_by("labels__node")
    body = {"alert_id": str(first.pk), "duration_seconds": 600, "comment": "A larger one comes"}
    [result] = api.post(URL, body, format="json").json()["results"]
    [shown] = listed(api, search="larger")
    assert shown["id"] == result["id"]
    values = {one["name"]: one["value"] for one in shown["matchers"]}
    assert values == {"alertname": "DiskFull", "node": "a"}
    [entry] = AlertEntry.objects.all()
    assert (entry.alert_id, entry.author, entry.deed) == (first.pk, admin, "SILENCED")
    assert entry.text.startswith("A larger one comes (until ")
    wider = body | {"matchers": [{"name": "alertname", "value": "DiskFull"}]}
    api.post(URL, wider, format="json")
    assert AlertEntry.objects.filter(alert=second).count() == 1
    unknown = api.post(URL, body | {"alert_id": str(cluster.pk)}, format="json")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"matchers": []}, "matchers"),
        ({"matchers": None}, "matchers"),
        ({"matchers": [{"name": "node", "value": ""}]}, "matchers"),
        ({"matchers": [{"name": "node", "value": ".*", "is_regex": True}]}, "matchers"),
        ({"matchers": [{"name": "node", "value": "(", "is_regex": True}]}, "matchers"),
        ({"matchers": [{"name": "node", "value": "a)|(?:b", "is_regex": True}]}, "matchers"),
        ({"matchers": [{"name": "a", "value": "(\\w{900}){900}", "is_regex": True}]}, "matchers"),
        ({"matchers": [{"name": "", "value": "a"}]}, "matchers"),
        ({"matchers": DOWN * 65}, "matchers"),
        ({"comment": " "}, "comment"),
        ({"comment": None}, "comment"),
        ({"duration_seconds": 1}, "duration_seconds"),
        ({"duration_seconds": None}, "duration_seconds"),
        ({"ends_at": "2099-01-01T00:00:00Z"}, "ends_at"),
        ({"cluster_ids": []}, "cluster_ids"),
        ({"cluster_ids": ["x"]}, "cluster_ids"),
        ({"starts_at": "9999-12-31T23:59:59Z"}, "starts_at"),
    ],
)
def test_what_is_no_silence_is_refused_by_its_field(
    api: APIClient, fields: dict[str, Any], named: str
) -> None:
    response = make(api, **{"cluster_ids": ["7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10"], **fields})
    assert response.status_code == 400, response.content
    assert named in response.json()["error"]["message"]


def test_an_end_may_be_named_and_is_not_in_the_past(api: APIClient) -> None:
    def ending(at: str) -> int:
        fields = {"matchers": DOWN, "comment": "x", "ends_at": at}
        body = {"cluster_ids": ["7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10"], **fields}
        return int(api.post(URL, body, format="json").status_code)

    assert [ending(at) for at in ("2020-01-01T00:00:00Z", "9999-01-01T00:00:00Z")] == [400, 400]
    assert ending(f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}") == 200


def test_the_list_is_narrowed_ordered_and_paged(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager
) -> None:
    later = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    made(api, cluster, comment="Alpha", duration_seconds=9000)
    made(api, cluster, comment="Beta", starts_at=later)
    other = make_cluster("red-2")
    comments = [one["comment"] for one in listed(api, ordering="-ends_at")]
    assert comments == ["Alpha", "Beta"]
    assert [one["comment"] for one in listed(api, state="PENDING")] == ["Beta"]
    assert [one["comment"] for one in listed(api, search="ALPHA")] == ["Alpha"]
    assert [one["comment"] for one in listed(api, cluster_id=cluster.pk, page_size=1)] == ["Beta"]
    both: dict[str, Any] = {"cluster_id": [cluster.pk, other.pk], "page_size": 1}
    body: Any = api.get(URL, both).json()
    assert (body["total"], body["total_pages"], body["clusters_succeeded"]) == (2, 2, 1)
    assert body["warnings"] == ["red-2: no Alertmanager URL is registered"]
    assert (body["by_state"]["ACTIVE"], body["by_state"]["PENDING"]) == (1, 1)
    for wrong in ("state", "ordering", "colour", "cluster_id", "ask_offline"):
        assert api.get(URL, {wrong: "red"}).status_code == 400
