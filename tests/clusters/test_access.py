"""What a grant is over, and what it opens; the matrix of all operations is beside it."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.clusters.actions import registration
from apps.clusters.models import Cluster, Grant
from apps.clusters.models.grant import Reach, Rights, Role
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user

pytestmark = pytest.mark.django_db

VIEW, OPERATE, ADMIN = Role.VIEWER, Role.OPERATOR, Role.ADMIN


def test_registering_takes_an_admin_of_everything() -> None:
    body = {"name": "new-cluster", "api_server_url": "https://a.example.net"}
    narrow, wide = make_user("narrow"), make_user("wide")
    grant(narrow, ADMIN, environment="LAB")
    grant(wide, ADMIN, everywhere=True)
    assert signed_in(narrow).post("/api/v1/clusters", body, format="json").status_code == 403
    assert signed_in(wide).post("/api/v1/clusters", body, format="json").status_code == 201


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


def test_who_holds_namespaces_is_held_to_all_of_them_together() -> None:
    one, two = make_cluster("one"), make_cluster("two")
    user = make_user("someone")
    grant(user, VIEW, one, namespaces=["shop", "bank"])
    grant(user, OPERATE, one, two, namespaces=["post"])
    rights = Rights.of(user)
    assert rights.namespaces_on(one) == frozenset({"shop", "bank", "post"})
    assert rights.namespaces_on(two) == frozenset({"post"})


def test_one_grant_over_the_whole_cluster_lifts_the_others() -> None:
    one, two = make_cluster("one"), make_cluster("two")
    user, group = make_user("someone"), Group.objects.create(name="team")
    user.groups.add(group)
    grant(user, OPERATE, everywhere=True, namespaces=["shop"])
    grant(group, VIEW, one)
    assert Rights.of(user).namespaces_on(one) is None
    assert Rights.of(user).namespaces_on(two) == frozenset({"shop"})


def test_who_holds_nothing_sees_no_namespace_and_a_superuser_sees_all() -> None:
    cluster = make_cluster("one")
    assert Rights.of(make_user("nobody")).namespaces_on(cluster) == frozenset()
    assert Rights.of(make_user("root", is_superuser=True)).namespaces_on(cluster) is None


@pytest.mark.parametrize(
    ("role", "namespaces"), [(ADMIN, ["shop"]), (VIEW, [""]), (VIEW, ["shop", ""])]
)
def test_what_would_open_more_than_it_says_cannot_be_stored(
    role: Role, namespaces: list[str]
) -> None:
    user = make_user("someone")
    with pytest.raises(IntegrityError), transaction.atomic():
        grant(user, role, everywhere=True, namespaces=namespaces)


def test_a_process_of_the_version_before_grants_whole_clusters() -> None:
    user = make_user("someone")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clusters_grant (id, user_id, role, reach, environment, label_selector)"
            " VALUES (gen_random_uuid(), %s, 'VIEWER', 'ALL', '', '{}')",
            [user.pk],
        )
    assert Rights.of(user).namespaces_on(make_cluster("one")) is None


def test_a_person_is_told_what_was_granted() -> None:
    user = make_user("someone")
    grant(user, VIEW, make_cluster("one"), namespaces=["shop"])
    assert signed_in(user).get("/api/v1/me").json()["grants"] == [
        {
            "role": "VIEWER",
            "reach": "NAMED",
            "clusters": ["one"],
            "environment": "",
            "label_selector": {},
            "namespaces": ["shop"],
        }
    ]


def test_a_grant_is_for_a_user_or_a_group() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(role=VIEW)
