"""Who may do what to which cluster: every role, every endpoint, a visible and a hidden cluster."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.actions import registration
from apps.clusters.models import Cluster, Grant
from apps.clusters.models.grant import Reach, Rights, Role
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user

pytestmark = pytest.mark.django_db

VIEW, OPERATE, ADMIN = Role.VIEWER, Role.OPERATOR, Role.ADMIN
# Each operation below one cluster, and the role it takes.
OPERATIONS: list[tuple[str, str, Role]] = [
    ("get", "", VIEW),
    ("get", "/status", VIEW),
    ("get", "/health-history", VIEW),
    ("post", "/refresh", OPERATE),
    ("patch", "", ADMIN),
    ("put", "", ADMIN),
    ("post", "/credentials", ADMIN),
    ("post", "/credentials/validate", ADMIN),
    ("post", "/credentials/rotate", ADMIN),
    ("delete", "/credentials", ADMIN),
    ("delete", "", ADMIN),
]
BODIES: dict[str, Any] = {
    "patch": {"region": "x"},
    "put": {"name": "red-cluster", "api_server_url": "https://127.0.0.1:1"},
    "/credentials": {"token": "t"},
    "/rotate": {"token": "t"},
}
RANKS = {VIEW: 1, OPERATE: 2, ADMIN: 3}


def call(api: APIClient, method: str, path: str) -> Any:
    suffix = "/" + path.rpartition("/")[2]
    body = BODIES.get(suffix) or BODIES.get(method)
    return getattr(api, method)(path, body, format="json")


def test_every_endpoint_below_a_cluster_is_in_the_table() -> None:
    from apps.clusters.api.urls import router

    found = {
        (method, str(pattern.pattern).partition("{12})")[2].removesuffix("\\Z").rstrip("$"))
        for pattern in router.urls
        for method in getattr(pattern.callback, "actions", {})
        if "pk" in str(pattern.pattern) and method != "head"
    }
    assert found == {(method, suffix) for method, suffix, _ in OPERATIONS}


@pytest.mark.parametrize("role", [VIEW, OPERATE, ADMIN])
@pytest.mark.parametrize(("method", "suffix", "needed"), OPERATIONS)
def test_a_role_opens_what_it_should_and_hidden_clusters_stay_hidden(
    role: Role, method: str, suffix: str, needed: Role
) -> None:
    red = make_cluster("red-cluster", token="t", labels={"team": "red"})
    blue = make_cluster("blue-cluster", labels={"team": "blue"})
    user = make_user("someone")
    grant(user, role, label_selector={"team": "red"})
    api = signed_in(user)
    seen = call(api, method, f"/api/v1/clusters/{red.pk}{suffix}")
    if RANKS[role] >= RANKS[needed]:
        # Nothing answers at its address, so a rotation cannot succeed.
        assert seen.status_code < 300 or seen.json()["error"]["code"] == "CLUSTER_UNREACHABLE"
    else:
        assert (seen.status_code, seen.json()["error"]["code"]) == (403, "PERMISSION_DENIED")
    hidden = call(api, method, f"/api/v1/clusters/{blue.pk}{suffix}")
    absent = call(api, method, f"/api/v1/clusters/{'0' * 8}-0000-4000-8000-{'0' * 12}{suffix}")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json()["error"]["message"] == absent.json()["error"]["message"]


@pytest.mark.parametrize(("method", "suffix", "needed"), OPERATIONS)
def test_nothing_opens_without_a_sign_in(method: str, suffix: str, needed: Role) -> None:
    cluster = make_cluster("red-cluster")
    response = call(APIClient(), method, f"/api/v1/clusters/{cluster.pk}{suffix}")
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "NOT_AUTHENTICATED"
    assert Cluster.objects.filter(pk=cluster.pk).exists()


def test_registering_takes_an_admin_of_everything() -> None:
    body = {"name": "new-cluster", "api_server_url": "https://a.example.net"}
    narrow, wide = make_user("narrow"), make_user("wide")
    grant(narrow, ADMIN, environment="LAB")
    grant(wide, ADMIN, everywhere=True)
    assert signed_in(narrow).post("/api/v1/clusters", body, format="json").status_code == 403
    assert signed_in(wide).post("/api/v1/clusters", body, format="json").status_code == 201


def test_a_session_without_a_csrf_token_changes_nothing(admin: User) -> None:
    cluster = make_cluster("red-cluster")
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(admin)
    response = client.delete(f"/api/v1/clusters/{cluster.pk}")
    assert response.status_code == 403
    assert Cluster.objects.filter(pk=cluster.pk).exists()


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, set()),
        ({"everywhere": True}, {"one", "two", "three"}),
        ({"environment": "LAB"}, {"one", "two"}),
        ({"label_selector": {"team": "red"}}, {"one", "three"}),
        ({"environment": "LAB", "label_selector": {"team": "red"}}, {"one"}),
        ({"named": ["two"]}, {"two"}),
    ],
)
@pytest.mark.parametrize("through_group", [False, True])
def test_a_grant_covers_exactly_its_scope(
    scope: dict[str, Any], expected: set[str], through_group: bool
) -> None:
    clusters = {
        "one": make_cluster("one", environment="LAB", labels={"team": "red"}),
        "two": make_cluster("two", environment="LAB"),
        "three": make_cluster("three", labels={"team": "red"}),
    }
    user = make_user("someone")
    holder: User | Group = user
    if through_group:
        holder = Group.objects.create(name="team")
        user.groups.add(holder)
    named = [clusters[name] for name in scope.get("named", [])]
    narrowing = {key: value for key, value in scope.items() if key != "named"}
    grant(holder, VIEW, *named, **narrowing)
    visible = set(Cluster.objects.visible_to(user).values_list("name", flat=True))
    covered = {name for name, one in clusters.items() if Rights.of(user).role_on(one)}
    assert visible == covered == expected


def test_a_named_grant_does_not_widen_when_its_cluster_goes() -> None:
    named, other = make_cluster("named"), make_cluster("other")
    user = make_user("someone")
    grant(user, ADMIN, named)
    registration.retire(named)
    assert not Cluster.objects.visible_to(user).exists()
    assert Rights.of(user).role_on(other) is None


@pytest.mark.parametrize("reach", Reach.values)
def test_a_grant_that_narrows_by_nothing_opens_only_if_it_says_all(reach: str) -> None:
    cluster = make_cluster("one")
    user = make_user("someone")
    Grant.objects.create(user=user, role=VIEW, reach=reach)
    assert Cluster.objects.visible_to(user).exists() is (reach == Reach.ALL)
    assert (Rights.of(user).role_on(cluster) is not None) is (reach == Reach.ALL)


def test_the_highest_of_several_grants_counts() -> None:
    cluster = make_cluster("one", environment="LAB")
    user = make_user("someone")
    grant(user, VIEW, everywhere=True)
    grant(user, OPERATE, environment="LAB")
    assert Rights.of(user).role_on(cluster) == OPERATE


def test_a_grant_is_for_a_user_or_a_group() -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(role=VIEW)
