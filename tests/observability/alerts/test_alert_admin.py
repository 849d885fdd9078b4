"""Alerts in the admin, to look at only, by whoever may see their cluster."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.admin.paging import CappedPaginator
from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.admin import alerts
from apps.observability.models import Alert, AlertPath
from apps.observability.queries.alerts import looking_back
from tests.factories import grant, make_cluster, make_user
from tests.observability.alerts.inbox import URL, fire

pytestmark = pytest.mark.django_db

ADMIN = "/admin/observability"
ALERTS, PATHS = f"{ADMIN}/alert/", f"{ADMIN}/alertpath/"


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def browser(admin: User) -> Client:
    return browser_of(admin)


@pytest.fixture
def staff(db: None) -> User:
    """Somebody to whom Django's permissions open all these pages, and no grant anything in them."""
    user = make_user("staff", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=["observability", "clusters"])
    )
    return user


@pytest.fixture
def red() -> Cluster:
    return make_cluster("red-1", labels={"team": "red"})


def shown(browser: Client, url: str = ALERTS) -> list[str]:
    return [one.alertname for one in browser.get(url).context["cl"].result_list]


def page_of(browser: Client, url: str) -> str:
    response = browser.get(url)
    assert response.status_code == 200
    return response.content.decode()


def of(row: Any, below: str = "") -> str:
    return f"{ADMIN}/{type(row)._meta.model_name}/{row.pk}/{below or 'change/'}"


def act(browser: Client, url: str, action: str, *rows: Any) -> str:
    body = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return browser.post(url, body, follow=True).content.decode()


def test_the_list_is_what_is_not_over_the_worst_first(browser: Client, red: Cluster) -> None:
    fire(red, "Small", severity="info", ago=10)
    fire(red, "Older", ago=90)
    fire(red, "Newer", ago=30)
    fire(red, "Past", ago=60, over_after=30)
    fire(red, "LongPast", ago=600, over_after=30)
    assert shown(browser) == ["Newer", "Older", "Small"]
    assert shown(browser, f"{ALERTS}?state=RESOLVED") == ["Past", "LongPast"]
    assert len(shown(browser, f"{ALERTS}?state=all")) == 5
    assert shown(browser, f"{ALERTS}?state=all&o=6")[0] == "LongPast"


def test_the_list_is_narrowed_by_severity_cluster_words_and_labels(
    browser: Client, red: Cluster
) -> None:
    blue = make_cluster("blue-1")
    fire(red, "NodeDown", node="n-1", annotations={"summary": "It burns"})
    fire(red, "DiskFull", severity="warning")
    fire(blue, "PodDown", pod="p-1", ago=90, over_after=30)
    assert shown(browser, f"{ALERTS}?severity=WARNING") == ["DiskFull"]
    assert shown(browser, f"{ALERTS}?state=all&cluster={blue.pk}") == ["PodDown"]
    assert shown(browser, f"{ALERTS}?q=burns") == ["NodeDown"]
    assert shown(browser, f"{ALERTS}?q=node%3Dn-1") == ["NodeDown"]
    assert shown(browser, f"{ALERTS}?q=node%3Dn-2") == []
    assert shown(browser, f"{ALERTS}?state=all&q=pod%3Dp-1") == ["PodDown"]
    assert shown(browser, f"{ALERTS}?alertname=DiskFull") == ["DiskFull"]
    page = page_of(browser, f"{ALERTS}?state=all&cluster={blue.pk}")
    assert f"cluster={red.pk}" in page
    assert "blue-1" in page


def test_any_of_a_thousand_clusters_is_found_by_its_name(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "MOST_CLUSTERS", 1)
    fire(make_cluster("a-1"))
    last = make_cluster("z-1")
    fire(last, "Late")
    page = page_of(browser, f"{ALERTS}?state=FIRING")
    assert str(last.pk) not in page.split('id="changelist-filter"')[1]
    assert 'data-ajax--url="/admin/autocomplete/"' in page
    assert 'name="state" value="FIRING"' in page
    assert "admin/js/autocomplete.js" in page
    asked = {"app_label": "observability", "model_name": "alert", "field_name": "cluster"}
    found = browser.get("/admin/autocomplete/", {**asked, "term": "z-"}).json()["results"]
    assert found == [{"id": str(last.pk), "text": "z-1"}]
    assert shown(browser, f"{ALERTS}?state=FIRING&cluster={found[0]['id']}") == ["Late"]
    assert len(shown(browser, f"{ALERTS}?cluster=")) == 2


@pytest.mark.parametrize(
    "query", ["state=GONE", "severity=x", "cluster=red-1", "cluster=%00", "o=99"]
)
def test_nonsense_in_the_address_leads_back_to_the_list(browser: Client, query: str) -> None:
    response = browser.get(f"{ALERTS}?{query}", follow=True)
    assert response.status_code == 200
    assert "Not over" in response.content.decode()


@pytest.mark.parametrize("words", ["\x00", "=", "a=", "=a", "%", "\\", "'\"", "a b c=d", "|&!():*"])
@pytest.mark.parametrize("state", ["FIRING", "all"])
def test_any_words_may_be_looked_for(browser: Client, red: Cluster, words: str, state: str) -> None:
    fire(red)
    fire(red, "Past", over_after=30)
    page_of(browser, f"{ALERTS}?state={state}&q={quote(words)}")


def test_the_list_costs_the_same_for_any_number_of_alerts(browser: Client, red: Cluster) -> None:
    def questions(query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(browser, f"{ALERTS}{query}")
        return len(captured)

    def fill(name: str, count: int) -> None:
        for number in range(count):
            fire(red, name, node=f"n-{number}")
            fire(make_cluster(f"{name.lower()}-{number}"), name, over_after=30)

    fill("First", 2)
    few = [questions(query) for query in ("", "?state=RESOLVED", "?state=all&q=First")]
    fill("Second", 12)
    assert [questions(q) for q in ("", "?state=RESOLVED", "?state=all&q=First")] == few
    assert max(few) <= 10


def test_of_what_is_over_only_the_newest_is_counted_and_looked_at(
    browser: Client, red: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        fire(red, f"Past{number}", ago=900 - 60 * number, over_after=30)
    monkeypatch.setattr(looking_back, "MOST", 3)
    monkeypatch.setattr(CappedPaginator, "most", 2)
    with CaptureQueriesContext(connection) as captured:
        page = page_of(browser, f"{ALERTS}?state=RESOLVED")
    counts = [one["sql"] for one in captured if "COUNT(" in one["sql"] and "alert" in one["sql"]]
    assert counts
    assert all("LIMIT" in sql for sql in counts)
    assert "More than 2; filter to see further" in page
    assert "was not looked at" in page
    assert "Past5" in page
    assert "Past0" not in page


def test_nobody_sees_alerts_of_clusters_or_namespaces_that_are_not_theirs(
    staff: User, red: Cluster
) -> None:
    blue = make_cluster("blue-1")
    hidden = fire(blue, "Hidden")
    mine = fire(red, "Mine", namespace="shop")
    others = fire(red, "Others", namespace="bank")
    browser = browser_of(staff)
    assert shown(browser) == []
    grant(staff, Role.VIEWER, red, namespaces=["shop"])
    assert shown(browser) == ["Mine"]
    assert shown(browser, f"{ALERTS}?cluster={blue.pk}") == []
    assert str(blue.pk) not in page_of(browser, ALERTS)
    assert "Mine" in page_of(browser, of(mine))
    for one in (hidden, others):
        answer = browser.get(of(one), follow=True)
        assert answer.redirect_chain
        assert one.alertname not in answer.content.decode().replace(str(one.pk), "")


def test_the_page_of_an_alert_tells_its_story_and_when_it_fired(
    browser: Client, api: APIClient, red: Cluster
) -> None:
    before = fire(red, "Flaps", ago=900, over_after=60)
    alert = fire(red, "Flaps", ago=60, annotations={"summary": "<script>alert(1)</script>"})
    assert before.fingerprint == alert.fingerprint
    fire(make_cluster("blue-1"), "Flaps", ago=50)
    for path, body in (
        ("acknowledge", {"note": "I look <b>now</b>"}),
        ("comments", {"text": "the <i>disk</i> it is"}),
    ):
        said = api.post(f"{URL}/{alert.pk}/{path}", body, format="json")
        assert said.status_code in {200, 201}, said.content
    page = page_of(browser, of(alert))
    assert "I look &lt;b&gt;now&lt;/b&gt;" in page
    assert "the &lt;i&gt;disk&lt;/i&gt; it is" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "Alertmanager said so" in page
    assert f"{before.starts_at:%Y-%m-%d %H:%M:%S} UTC" in page
    assert "The same fires in blue-1" in page
    assert "ada, " in page


def test_the_page_names_what_keeps_an_alert_back(
    browser: Client, staff: User, red: Cluster
) -> None:
    down = fire(red, "NodeDown", ago=60, node="n-1")
    over = fire(red, "LongOver", ago=90, over_after=30)
    prints = [down.fingerprint, over.fingerprint]
    kept = fire(red, "PodDown", namespace="shop")
    Alert.objects.filter(pk=kept.pk).update(silenced_by=["abc-1"], inhibited_by=prints)
    page = page_of(browser, of(kept))
    assert f'<a href="{of(down)}">NodeDown</a>' in page
    assert "/alerts?tab=silences&amp;cluster=red-1" in page
    assert "abc-1" in page
    assert "LongOver" not in page
    assert f"not for you to see (<code>{over.fingerprint}</code>)" in page
    for word in ("silenced", "inhibited"):
        assert f'<span class="badge badge-idle">{word}</span>' in page_of(browser, ALERTS)
    grant(staff, Role.VIEWER, red, namespaces=["shop"])
    seen = page_of(browser_of(staff), of(kept))
    assert "NodeDown" not in seen
    assert down.fingerprint in seen


def test_a_list_of_everything_does_not_offer_to_show_all(browser: Client, red: Cluster) -> None:
    fire(red)
    assert "Show all" not in page_of(browser, ALERTS)
    assert "Show all" in page_of(browser, f"{ALERTS}?severity=WARNING")


def test_an_alert_is_only_looked_at(browser: Client, red: Cluster) -> None:
    alert = fire(red)
    assert browser.get(f"{ALERTS}add/").status_code == 403
    assert browser.post(of(alert), {"alertname": "Other"}).status_code == 403
    assert browser.post(of(alert, "delete/"), {"post": "yes"}).status_code == 403
    act(browser, ALERTS, "delete_selected", alert)
    assert Alert.objects.get().alertname == "NodeDown"


def test_the_path_of_a_cluster_is_seen_from_its_page_and_leads_back(
    browser: Client, staff: User, red: Cluster
) -> None:
    cluster_page = f"/admin/clusters/cluster/{red.pk}/change/"
    assert "never heard of" in page_of(browser, cluster_page)
    now = timezone.now()
    since = now - timedelta(hours=2)
    AlertPath.objects.create(cluster=red, last_webhook_at=since, silent_since=since)
    page = page_of(browser, cluster_page)
    assert f"silent since {since:%Y-%m-%d %H:%M} UTC" in page
    assert f"{PATHS}{red.pk}/change/" in page
    assert f"{ALERTS}?cluster={red.pk}" in page
    told = page_of(browser, f"{PATHS}{red.pk}/change/")
    assert cluster_page in told
    assert f"{since:%Y-%m-%d %H:%M:%S} UTC" in told
    blue = make_cluster("blue-1")
    AlertPath.objects.create(cluster=blue, last_webhook_at=now, problem="HTTP 503")
    assert "red-1" not in page_of(browser, f"{PATHS}?path=problem")
    grant(staff, Role.VIEWER, blue)
    seen = page_of(browser_of(staff), PATHS)
    assert "HTTP 503" in seen
    assert "red-1" not in seen
    assert browser_of(staff).get(f"{PATHS}{red.pk}/change/").status_code == 302
