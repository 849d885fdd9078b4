"""Saved queries over REST and in the admin: whose they are, and who may change them."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent, User
from apps.clusters.models.grant import Role
from apps.observability.models import SavedQuery
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user

pytestmark = pytest.mark.django_db
URL = "/api/v1/saved-queries"


@pytest.fixture
def mine(operator_of_red: User) -> APIClient:
    return signed_in(operator_of_red)


@pytest.fixture
def others(viewer_of_blue: User) -> APIClient:
    return signed_in(viewer_of_blue)


def save(api: APIClient, **fields: Any) -> Any:
    body = {"name": "Load", "query": "sum(node_load1)", **fields}
    return api.post(URL, body, format="json")


def names(api: APIClient, **query: str) -> list[str]:
    return [one["name"] for one in api.get(URL, query).json()["items"]]


def test_a_query_is_saved_and_read_again(mine: APIClient) -> None:
    response = save(mine, description="All nodes", unit="1", scope={"labels": {"team": "red"}})
    assert response.status_code == 201
    saved = response.json()
    assert (saved["owner"], saved["permissions"]) == ("red-operator", ["view", "change"])
    assert saved["scope"] == {"all_clusters": True, "cluster_ids": [], "labels": {"team": "red"}}
    assert mine.get(f"{URL}/{saved['id']}").json() == saved
    assert AuditEvent.objects.get(action="saved").actor_name == "red-operator"


def test_others_see_what_is_shared_and_nothing_else(mine: APIClient, others: APIClient) -> None:
    kept = save(mine, name="Kept").json()
    shared = save(mine, name="Shared", shared=True).json()
    assert names(others) == ["Shared"]
    assert others.get(f"{URL}/{kept['id']}").status_code == 404
    assert others.get(f"{URL}/{shared['id']}").json()["permissions"] == ["view"]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_only_the_owner_or_an_admin_changes_a_query(
    mine: APIClient, others: APIClient, api: APIClient, method: str
) -> None:
    kept = save(mine, name="Kept").json()["id"]
    shared = save(mine, name="Shared", shared=True).json()["id"]
    body = {"name": "Other", "query": "up"}

    def attempt(who: APIClient, query: str) -> int:
        return int(getattr(who, method)(f"{URL}/{query}", body, format="json").status_code)

    assert attempt(others, kept) == 404
    assert attempt(others, shared) == 403
    assert SavedQuery.objects.filter(name="Other").count() == 0
    assert attempt(api, shared) in {200, 204}
    assert attempt(mine, kept) in {200, 204, 409}


def test_names_are_ones_own(mine: APIClient, others: APIClient) -> None:
    assert save(mine).status_code == 201
    again = save(mine)
    assert (again.status_code, again.json()["error"]["code"]) == (
        409,
        "SAVED_QUERY_ALREADY_EXISTS",
    )
    assert save(others).status_code == 201
    second = save(mine, name="Second").json()["id"]
    assert mine.patch(f"{URL}/{second}", {"name": "Load"}, format="json").status_code == 409


def test_a_patch_leaves_the_rest_and_a_put_does_not(mine: APIClient) -> None:
    first = save(mine, unit="s", scope={"labels": {"a": "b"}}).json()
    url = f"{URL}/{first['id']}"
    patched = mine.patch(url, {"name": "New"}, format="json").json()
    assert (patched["unit"], patched["scope"]["labels"]) == ("s", {"a": "b"})
    put = mine.put(url, {"name": "New", "query": "up"}, format="json").json()
    assert (put["unit"], put["query"], put["scope"]["labels"]) == ("", "up", {})


def test_a_change_to_what_somebody_changed_meanwhile_is_refused(mine: APIClient) -> None:
    response = save(mine)
    url, tag = f"{URL}/{response.json()['id']}", response["ETag"]
    changed = mine.patch(url, {"unit": "s"}, format="json", headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] != tag
    late = mine.patch(url, {"unit": "ms"}, format="json", headers={"If-Match": tag})
    assert late.status_code == 412
    assert late.json()["error"]["details"] == {"etag": changed["ETag"]}
    assert mine.delete(url, headers={"If-Match": tag}).status_code == 412
    assert mine.delete(url, headers={"If-Match": changed["ETag"]}).status_code == 204


@pytest.mark.parametrize("query", ["sum(", "up{", "((((", "a" * 9000])
def test_what_is_no_promql_is_not_saved(mine: APIClient, query: str) -> None:
    response = save(mine, query=query)
    assert response.status_code == 400
    assert response.json()["error"]["code"] in {"INVALID_PROMQL", "VALIDATION_FAILED"}


def test_a_scope_names_visible_clusters_and_shows_each_person_his_own(
    mine: APIClient, operator_of_red: User, others: APIClient
) -> None:
    red, blue = (make_cluster(team, labels={"team": team}) for team in ("red", "blue"))
    hidden = save(mine, scope={"cluster_ids": [str(blue.pk)]})
    assert (hidden.status_code, hidden.json()["error"]["code"]) == (404, "CLUSTER_NOT_FOUND")
    saved = save(mine, shared=True, scope={"cluster_ids": [str(red.pk)]}).json()
    assert saved["scope"]["cluster_ids"] == [str(red.pk)]
    scope = others.get(f"{URL}/{saved['id']}").json()["scope"]
    assert scope == {"all_clusters": False, "cluster_ids": [], "labels": {}}
    # With its only cluster deleted it is one for none, and not for all.
    red.delete()
    assert mine.get(f"{URL}/{saved['id']}").json()["scope"]["all_clusters"] is False


def test_the_list_is_narrowed_searched_and_ordered(mine: APIClient, others: APIClient) -> None:
    save(mine, name="Alpha", shared=True)
    save(mine, name="Beta", query="up")
    save(others, name="Gamma", shared=True)
    assert names(mine) == ["Alpha", "Beta", "Gamma"]
    assert names(mine, ordering="-name") == ["Gamma", "Beta", "Alpha"]
    assert names(mine, mine="true", shared="true") == ["Alpha"]
    assert names(mine, mine="false") == ["Gamma"]
    assert names(mine, search="UP") == ["Beta"]
    for query in ({"mine": "perhaps"}, {"ordering": "colour"}, {"colour": "red"}):
        assert mine.get(URL, query).status_code == 400


def test_nobody_without_an_account_sees_any() -> None:
    assert APIClient().get(URL).status_code == 401


@pytest.fixture
def staff() -> User:
    user = make_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="observability"))
    return user


def test_staff_keep_queries_in_the_admin_and_only_look_at_those_of_others(
    staff: User, mine: APIClient
) -> None:
    client = Client()
    client.force_login(staff)
    form = {"name": "Load", "query": "up", "cluster_ids": "[]", "labels": "{}"}
    assert client.post("/admin/observability/savedquery/add/", form).status_code == 302
    own = SavedQuery.objects.get(owner=staff)
    url = f"/admin/observability/savedquery/{own.pk}/change/"
    assert client.post(url, {**form, "query": "up{"}).status_code == 200
    assert client.post(url, {**form, "cluster_ids": '["x"]'}).status_code == 200
    assert client.post(url, {**form, "unit": "1"}).status_code == 302
    own.refresh_from_db()
    assert (own.unit, own.query) == ("1", "up")
    kept = save(mine, name="Kept").json()["id"]
    shared = save(mine, name="Shared", shared=True).json()["id"]
    pages = [f"/admin/observability/savedquery/{one}/change/" for one in (kept, shared)]
    assert client.get(pages[0]).status_code == 302
    assert client.get(pages[1]).status_code == 200
    assert client.post(pages[1], form).status_code == 403
    grant(staff, Role.ADMIN, everywhere=True)
    assert client.get(pages[0]).status_code == 200
