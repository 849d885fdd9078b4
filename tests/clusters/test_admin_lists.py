"""The other lists of the admin, of what comes in millions: checks, the audit trail, grants."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.admin.paging import CappedPaginator
from apps.accounts.models import AuditEvent, User
from apps.clusters.models import Cluster, HealthCheck
from apps.clusters.models.cluster import State
from apps.clusters.models.grant import Role
from tests.factories import grant, make_cluster, make_user

pytestmark = pytest.mark.django_db

CHECKS = "/admin/clusters/healthcheck/"
TRAIL = "/admin/accounts/auditevent/"


@pytest.fixture
def browser(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def queries_of(browser: Client, url: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return [query["sql"] for query in captured]


def shown(browser: Client, url: str) -> list[Any]:
    return list(browser.get(url).context["cl"].result_list)


def check(cluster: Cluster, count: int, age: timedelta = timedelta()) -> None:
    now = timezone.now() - age
    HealthCheck.objects.bulk_create(
        HealthCheck(
            cluster=cluster,
            checked_at=now - timedelta(seconds=number),
            state=State.ONLINE,
            health_score=100,
        )
        for number in range(count)
    )


def note(count: int) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(
            actor_name="ada",
            door="REST",
            action=f"action-{number % 3}",
            object_type="cluster",
            object_id=str(number),
            details={"region": ["", "eu"]},
        )
        for number in range(count)
    )


def test_checks_of_all_clusters_are_those_of_the_past_hour(browser: Client) -> None:
    one, two = make_cluster("one"), make_cluster("two")
    check(one, 2)
    check(two, 3, timedelta(hours=2))
    check(two, 4, timedelta(hours=30))
    assert len(shown(browser, CHECKS)) == 2
    assert len(shown(browser, f"{CHECKS}?age=day")) == 5
    assert len(shown(browser, f"{CHECKS}?cluster__id__exact={two.pk}")) == 7
    assert len(shown(browser, f"{CHECKS}?cluster__id__exact={two.pk}&age=day")) == 3
    assert len(shown(browser, f"{CHECKS}?q=one")) == 2


@pytest.mark.parametrize(("url", "make"), [(CHECKS, check), (TRAIL, note)])
def test_a_list_costs_the_same_for_any_number_of_rows(browser: Client, url: str, make: Any) -> None:
    def fill(count: int) -> None:
        if make is check:
            for number in range(3):
                check(make_cluster(f"c-{count}-{number}"), count)
        else:
            note(count)

    fill(20)
    few = len(queries_of(browser, url))
    fill(200)
    assert len(queries_of(browser, url)) == few <= 7


@pytest.mark.parametrize("url", [CHECKS, TRAIL])
def test_a_long_list_is_counted_up_to_a_limit(
    browser: Client, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CappedPaginator, "most", 150)
    check(make_cluster("one"), 220)
    note(220)
    counts = [sql for sql in queries_of(browser, url) if "COUNT(" in sql]
    assert counts
    assert all("LIMIT 150" in sql for sql in counts)
    assert "More than 150; filter to see further" in browser.get(url).content.decode()
    assert len(shown(browser, f"{url}?p=2")) == 50


def test_the_trail_is_narrowed_by_what_is_in_it(browser: Client) -> None:
    note(9)
    page = browser.get(TRAIL).content.decode()
    assert "?action=action-1" in page
    assert len(shown(browser, f"{TRAIL}?action=action-1")) == 3
    assert len(shown(browser, f"{TRAIL}?object_type=cluster&object_id=4")) == 1
    assert len(shown(browser, f"{TRAIL}?q=ada")) == 9
    assert shown(browser, f"{TRAIL}?door__exact=COMMAND") == []


def test_a_line_of_the_trail_shows_what_changed(browser: Client) -> None:
    note(1)
    event = AuditEvent.objects.get()
    page = browser.get(f"{TRAIL}{event.pk}/change/").content.decode()
    assert "&quot;region&quot;: [" in page
    assert 'name="_save"' not in page
    assert 'type="submit"' not in page.split('id="content-main"')[1]


@pytest.mark.parametrize("model", ["user", "group", "clusters"])
def test_a_grant_finds_whom_and_what_it_is_about_by_typing(browser: Client, model: str) -> None:
    for number in range(30):
        make_user(f"person-{number}")
        Group.objects.create(name=f"team-{number}")
        make_cluster(f"cluster-{number}")
    page = browser.get("/admin/clusters/grant/add/").content.decode()
    assert "person-7" not in page
    assert "cluster-7" not in page
    query = f"app_label=clusters&model_name=grant&field_name={model}&term=-7"
    found = browser.get(f"/admin/autocomplete/?{query}").json()["results"]
    assert [one["text"].endswith("-7") for one in found] == [True]


def test_grants_cost_the_same_for_any_number_and_are_found(browser: Client) -> None:
    def give(count: int) -> int:
        clusters = [make_cluster(f"c-{count}-{number}") for number in range(3)]
        for number in range(count):
            grant(make_user(f"p-{count}-{number}"), Role.VIEWER, *clusters)
        return len(queries_of(browser, "/admin/clusters/grant/"))

    assert give(5) == give(50)
    assert len(shown(browser, "/admin/clusters/grant/?q=p-5-")) == 5
    assert len(shown(browser, "/admin/clusters/grant/?q=c-50-1")) == 50
