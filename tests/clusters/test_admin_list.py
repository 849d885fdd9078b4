"""The list of clusters in the admin: what it shows, finds, exports, and what it costs."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import AuditEvent, User
from apps.clusters.actions import health, webhook_tokens
from apps.clusters.admin.clusters import ClusterAdmin
from apps.clusters.contract import Capabilities
from apps.clusters.health import Verdict
from apps.clusters.models import CheckSchedule, Cluster, Credential
from apps.clusters.models.cluster import State
from apps.clusters.models.grant import Role
from tests.factories import grant, make_cluster, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/clusters/cluster/"
PREFIX = webhook_tokens.PREFIX
NOTHING_KNOWN: dict[str, Any] = dict.fromkeys(Capabilities.model_fields) | {
    "gpu_types": [],
    "cnf_types": [],
    "evidence": {},
    "suggested_endpoints": {},
}


@pytest.fixture
def browser(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def staff() -> User:
    """Has all of Django's permissions, sees everything, and is admin of team red."""
    user = make_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    grant(user, Role.VIEWER, everywhere=True)
    grant(user, Role.ADMIN, label_selector={"team": "red"})
    return user


def act(browser: Client, action: str, *clusters: Cluster, **more: str) -> Any:
    ids = [str(cluster.pk) for cluster in clusters]
    return browser.post(LIST, {"action": action, "_selected_action": ids, **more}, follow=True)


def make_many(count: int) -> None:
    """Clusters with all that the list shows; by rows, because thousands are wanted."""
    now = timezone.now()
    made = [
        Cluster(
            name=f"cluster-{count}-{number:05}",
            api_server_url=f"https://api-{number}.example.net:6443",
            region=f"region-{number % 7}",
            state=State.ONLINE,
            state_since=now,
            health_score=100,
            labels={"team": "red"},
            capabilities=NOTHING_KNOWN | {"gpu_count": number % 9},
            certificate_expires_at=now + timedelta(days=number % 60),
        )
        for number in range(count)
    ]
    Cluster.objects.bulk_create(made)
    CheckSchedule.objects.bulk_create(
        CheckSchedule(
            cluster=one, next_check_at=now, checked_at=now, latency_ms=20, last_seen_at=now
        )
        for one in made
    )
    Credential.objects.bulk_create(
        Credential(cluster=one, sealed="x", expires_at=now + timedelta(days=3)) for one in made
    )


def rows_of(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode())))


@contextmanager
def going(cluster: Cluster) -> Iterator[None]:
    """Let `cluster` go between the list's reading of it and the first lock that is asked for."""
    gone: list[Cluster] = []

    def let_go(execute: Any, sql: str, *rest: Any) -> Any:
        if "FOR UPDATE" in sql and not gone:
            gone.append(cluster)
            Cluster.objects.filter(pk=cluster.pk).delete()
        return execute(sql, *rest)

    with connection.execute_wrapper(let_go):
        yield
    assert gone


def test_the_list_costs_the_same_for_20_and_for_200_clusters(browser: Client) -> None:
    def queries_for(count: int) -> int:
        make_many(count)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(LIST).status_code == 200
        return len(queries)

    assert queries_for(20) == queries_for(200) <= 6


@pytest.mark.parametrize(
    ("credential", "certificate", "badge"),
    [
        (-1, None, "Credential expired"),
        (1.5, None, "Credential in 1 day"),
        (0.5, None, "Credential within a day"),
        (None, 6.5, "Certificate in 6 days"),
        (None, -0.1, "Certificate expired"),
    ],
)
def test_what_ends_soon_has_a_badge(
    browser: Client, credential: float | None, certificate: float | None, badge: str
) -> None:
    now = timezone.now()
    ending, fine = make_cluster("ending", token="t"), make_cluster("fine", token="t")
    for cluster, one, other in ((ending, credential, certificate), (fine, 8, 9)):
        Credential.objects.filter(cluster=cluster).update(
            expires_at=now + timedelta(days=one) if one else None
        )
        Cluster.objects.filter(pk=cluster.pk).update(
            certificate_expires_at=now + timedelta(days=other) if other else None
        )
    page = browser.get(LIST).content.decode()
    assert page.count('class="badge') == 1
    assert badge in page
    narrowed = browser.get(f"{LIST}?expiring=soon").content.decode()
    assert ("ending</a>" in narrowed, "fine</a>" in narrowed) == (True, False)
    over = browser.get(f"{LIST}?expiring=expired").content.decode()
    assert ("ending</a>" in over) is ("expired" in badge)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("has_gpu=yes", {"with-gpu"}),
        ("has_gpu=no", {"without"}),
        ("has_gpu=unknown", {"unread", "never"}),
        ("has_cnf=yes", {"without"}),
        ("q=team%3Dred", {"with-gpu"}),
        ("q=team%3Dred+nothing", set()),
        ("q=with+team%3Dred", {"with-gpu"}),
        ("q=%00", {"with-gpu", "without", "unread", "never"}),
        ("connectivity__exact=CONNECTED", set()),
    ],
)
def test_the_list_is_narrowed(browser: Client, query: str, names: set[str]) -> None:
    found: dict[str, dict[str, Any] | None] = {
        "with-gpu": NOTHING_KNOWN | {"has_gpu_nodes": True, "has_cnf_workloads": False},
        "without": NOTHING_KNOWN | {"has_gpu_nodes": False, "has_cnf_workloads": True},
        "unread": NOTHING_KNOWN,
        "never": None,
    }
    for name, capabilities in found.items():
        labels = {"team": "red"} if name == "with-gpu" else {}
        make_cluster(name, labels=labels)
        Cluster.objects.filter(name=name).update(capabilities=capabilities)
    shown = browser.get(f"{LIST}?{query}").context["cl"].result_list
    assert {cluster.name for cluster in shown} == names


@pytest.mark.parametrize("column", ["latency", "gpus", "last_seen", "expires"])
def test_what_is_unknown_is_last_in_either_direction(browser: Client, column: str) -> None:
    make_many(3)
    make_cluster("unknown")
    Cluster.objects.filter(name="unknown").update(capabilities=NOTHING_KNOWN)
    place = ClusterAdmin.list_display.index(column) + 1
    for sign in ("", "-"):
        shown = browser.get(f"{LIST}?o={sign}{place}").context["cl"].result_list
        assert [cluster.name for cluster in shown][-1] == "unknown"


def test_gpus_are_sorted_as_numbers(browser: Client) -> None:
    for name, count in (("ten", 10), ("nine", 9), ("none", 0)):
        make_cluster(name)
        known = NOTHING_KNOWN | {"gpu_count": count}
        Cluster.objects.filter(name=name).update(capabilities=known)
    place = ClusterAdmin.list_display.index("gpus") + 1
    shown = browser.get(f"{LIST}?o={place}").context["cl"].result_list
    assert [cluster.name for cluster in shown] == ["none", "nine", "ten"]


def test_a_cluster_that_comes_and_goes_has_a_badge(browser: Client) -> None:
    make_cluster("one")
    make_cluster("two")
    Cluster.objects.filter(name="one").update(connectivity="INTERMITTENT")
    assert browser.get(LIST).content.decode().count("intermittent</span>") == 1


def test_ticked_rows_are_exported(browser: Client) -> None:
    one, two, _ = make_cluster("one", token="secret"), make_cluster("two"), make_cluster("three")
    response = act(browser, "export_csv", one, two)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert [row["name"] for row in rows_of(response)] == ["one", "two"]
    assert "secret" not in response.content.decode()


def test_exactly_what_the_list_shows_is_exported_on_all_its_pages(browser: Client) -> None:
    make_many(120)
    make_cluster("other", region="region-9")
    link = f"{LIST}export/?region=region-3"
    shown = browser.get(f"{LIST}?region=region-3").content.decode()
    assert f'href="{link}"' in shown
    assert {row["region"] for row in rows_of(browser.get(link))} == {"region-3"}
    assert len(rows_of(browser.get(f"{LIST}export/"))) == 121
    assert browser.get(f"{LIST}export/?nonsense=1").status_code == 302


def test_an_export_costs_the_same_for_any_number_of_clusters(browser: Client) -> None:
    def queries_for(count: int) -> int:
        make_many(count)
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"{LIST}export/")
        return len(queries)

    assert queries_for(20) == queries_for(200)


def test_only_visible_clusters_are_exported(staff: User) -> None:
    make_cluster("red-one", labels={"team": "red"})
    make_cluster("blue-one")
    staff.grant_set.filter(role=Role.VIEWER).delete()
    browser = Client()
    browser.force_login(staff)
    assert [row["name"] for row in rows_of(browser.get(f"{LIST}export/"))] == ["red-one"]
    browser.force_login(make_user("guest", is_staff=True))
    assert browser.get(f"{LIST}export/").status_code == 403


def test_new_webhook_tokens_are_shown_once_and_only_after_a_question(browser: Client) -> None:
    one, two = make_cluster("one"), make_cluster("two")
    asked = act(browser, "rotate_webhook_tokens", one, two).content.decode()
    assert "The old tokens end at once" in asked
    assert PREFIX not in asked
    assert not Cluster.objects.exclude(webhook_token_digest="").exists()
    answer = act(browser, "rotate_webhook_tokens", one, two, confirmed="yes")
    tokens = [part.split("<")[0] for part in answer.content.decode().split('class="once">')[1:]]
    for cluster, token in zip((one, two), tokens, strict=True):
        cluster.refresh_from_db()
        assert webhook_tokens.verify(cluster, token)
    assert "no-store" in answer["Cache-Control"]
    assert AuditEvent.objects.filter(action="rotated", door="ADMIN").count() == 2
    elsewhere = browser.get(LIST).content.decode() + str(browser.cookies)
    elsewhere += str(dict(browser.session)) + str(list(AuditEvent.objects.values()))
    assert PREFIX not in elsewhere


def test_tokens_are_rotated_only_where_one_is_admin(staff: User) -> None:
    red, blue = make_cluster("red-one", labels={"team": "red"}), make_cluster("blue-one")
    browser = Client()
    browser.force_login(staff)
    page = act(browser, "rotate_webhook_tokens", red, blue, confirmed="yes").content.decode()
    assert "1 cluster was left out: this takes the role admin there." in page
    assert "red-one</th>" in page
    assert "blue-one</th>" not in page
    blue.refresh_from_db()
    assert blue.webhook_token_digest == ""


def test_no_token_is_made_where_one_of_the_clusters_went_meanwhile(browser: Client) -> None:
    one, two = make_cluster("one"), make_cluster("two")
    with going(two):
        page = act(browser, "rotate_webhook_tokens", one, two, confirmed="yes").content.decode()
    assert "There is no such cluster" in page
    assert PREFIX not in page
    one.refresh_from_db()
    assert one.webhook_token_digest == ""


def test_the_rest_is_disabled_where_one_of_the_clusters_went_meanwhile(browser: Client) -> None:
    clusters = [make_cluster(name) for name in ("one", "two", "three")]
    with going(clusters[0]):
        page = act(browser, "disable", *clusters).content.decode()
    assert "2 clusters disabled." in page
    assert "Not done for one: There is no such cluster" in page
    assert {one.name for one in Cluster.objects.filter(enabled=False)} == {"two", "three"}


def test_more_tokens_than_anybody_carries_are_refused(browser: Client) -> None:
    make_many(101)
    first = Cluster.objects.all()[0]
    page = act(browser, "rotate_webhook_tokens", first, select_across="1", confirmed="yes")
    assert "Choose at most 100 clusters" in page.content.decode()
    assert not Cluster.objects.exclude(webhook_token_digest="").exists()


def test_a_cluster_with_a_past_is_deleted_without_listing_it(browser: Client) -> None:
    cluster = make_cluster("old", token="t")
    for seconds in range(30):
        moment = timezone.now() + timedelta(seconds=seconds)
        health.record(cluster.pk, Verdict(moment, State.ONLINE, 100, "", 5, {"api_server": True}))
    page = browser.get(f"{LIST}{cluster.pk}/delete/").content.decode()
    assert page.count("<li>") < 15
    assert "with its credential and its past checks" in page
    act(browser, "delete_selected", cluster, post="yes")
    assert not Cluster.objects.exists()


def test_a_cluster_that_one_only_sees_is_not_deleted(staff: User) -> None:
    red, blue = make_cluster("red-one", labels={"team": "red"}), make_cluster("blue-one")
    browser = Client()
    browser.force_login(staff)
    assert act(browser, "delete_selected", red, blue, post="yes").status_code == 403
    assert Cluster.objects.count() == 2
