"""The page of one cluster in the admin: how it is, and its last day as a drawing and in words."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.clusters.admin.day_chart import SLOT, Slot, draw, first_slot, tell_day, tell_hours
from apps.clusters.models import Cluster, HealthCheck
from apps.clusters.models.cluster import FailureStage, State
from apps.clusters.models.grant import Role
from tests.factories import grant, make_cluster, make_user

NOON = datetime(2026, 5, 4, 12, 7, tzinfo=UTC)
START = first_slot(NOON)
QUERIES = 9


def slot(number: int, state: State = State.ONLINE, latency: float | None = 20.0) -> Slot:
    slowest = None if latency is None else int(latency) * 2
    return Slot(START + SLOT * number, 4, state, latency, slowest)


def test_the_day_ends_with_the_quarter_of_an_hour_that_is_now() -> None:
    assert datetime(2026, 5, 3, 12, 15, tzinfo=UTC) == START
    assert NOON.replace(minute=0) == START + SLOT * 95


def test_a_line_breaks_where_nothing_answered() -> None:
    chart = draw([slot(0), slot(1), slot(2, State.OFFLINE, None), slot(3)], START)
    assert chart.lines == ["0,0.0 10,0.0 10,0.0 20,0.0", "30,0.0 40,0.0"]
    assert chart.top_ms == 20


@pytest.mark.parametrize(
    ("latency", "top"), [(0, 10), (10, 10), (10.1, 20), (49, 50), (51, 100), (1001, 2000)]
)
def test_the_scale_ends_with_a_round_number(latency: float, top: int) -> None:
    assert draw([slot(0, latency=latency)], START).top_ms == top


def test_neighbours_of_one_state_are_one_band_and_a_gap_stays_a_gap() -> None:
    bands = draw([slot(0), slot(1), slot(2, State.OFFLINE, None), slot(4)], START).bands
    assert [(band.x, band.width, band.state) for band in bands] == [
        (0, 20, "online"),
        (20, 10, "offline"),
        (40, 10, "online"),
    ]
    assert bands[0].label == "Online, 12:15 to 12:45 UTC"


def test_hours_are_summed_up_by_their_worst_state_and_weighted() -> None:
    hour = [slot(3), slot(4, State.DEGRADED, 50), slot(5, State.OFFLINE, None)]
    newest, oldest = tell_hours([slot(2), *hour])
    assert (oldest.starts_at.hour, oldest.state, oldest.checks) == (12, "Online", 4)
    assert (newest.starts_at.hour, newest.state, newest.checks) == (13, "Offline", 12)
    assert (newest.latency_ms, newest.slowest_ms) == (35, 100)


def test_the_day_is_told_in_a_sentence() -> None:
    told = tell_day([slot(0), slot(1), slot(2), slot(3, State.OFFLINE, None)])
    assert "online 75%, offline 25%" in told
    assert "20 ms on average and 40 ms at most" in told
    assert tell_day([slot(0, State.OFFLINE, None)]).endswith("The API server never answered.")
    assert tell_day([]) == "There was no check in the last 24 hours."


@pytest.fixture
def browser(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def page_of(cluster: Cluster) -> str:
    return f"/admin/clusters/cluster/{cluster.pk}/change/"


def make_checks(cluster: Cluster, count: int, every: timedelta = timedelta(minutes=5)) -> None:
    now = timezone.now()
    HealthCheck.objects.bulk_create(
        HealthCheck(
            cluster=cluster,
            checked_at=now - every * number,
            state=State.OFFLINE if number % 50 == 7 else State.ONLINE,
            health_score=100,
            latency_ms=None if number % 50 == 7 else 20 + number % 7,
        )
        for number in range(count)
    )


@pytest.mark.django_db
def test_the_page_shows_the_state_and_what_to_do(browser: Client) -> None:
    cluster = make_cluster("hub-one")
    Cluster.objects.update(
        state=State.OFFLINE,
        state_since=timezone.now(),
        last_error="certificate signed by unknown authority <b>",
        failure_stage=FailureStage.TLS,
        remedy="Store the authority of its API server.",
        certificate_expires_at=timezone.now() + timedelta(days=2, hours=1),
    )
    make_checks(cluster, 300)
    text = browser.get(page_of(cluster)).content.decode()
    for part in (
        'class="state state-offline">Offline<',
        "<strong>Certificate:</strong> certificate signed by unknown authority &lt;b&gt;",
        "Store the authority of its API server.",
        "Certificate expires in 2 days: ",
        "Past checks",
        f"/admin/accounts/auditevent/?object_id={cluster.pk}",
    ):
        assert part in text
    assert "<polyline" in text
    assert text.count('class="band-') > 1
    assert len(re.findall(r"<tr><th scope=\"row\">\d{4}-", text)) >= 24


@pytest.mark.django_db
def test_a_drawing_needs_no_style_and_no_script_in_the_page(browser: Client) -> None:
    cluster = make_cluster("hub-one")
    make_checks(cluster, 300)
    text = browser.get(page_of(cluster)).content.decode()
    section = text.partition('<section class="glance"')[2].partition("</section>")[0]
    assert section
    assert not re.search(r"style=|<style|<script|\son\w+=", section)


@pytest.mark.django_db
def test_a_cluster_that_was_never_checked_says_so(browser: Client) -> None:
    text = browser.get(page_of(make_cluster("hub-one"))).content.decode()
    assert "There was no check in the last 24 hours." in text
    assert "<svg" not in text.partition('<section class="glance"')[2].partition("</section>")[0]


@pytest.mark.django_db
def test_the_page_costs_the_same_for_any_past(browser: Client) -> None:
    cluster = make_cluster("hub-one", token="t")
    browser.get(page_of(cluster))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(page_of(cluster)).status_code == 200
        return len(captured)

    bare = queries()
    make_checks(cluster, 2000, timedelta(seconds=40))
    assert bare == queries() <= QUERIES


@pytest.mark.django_db
def test_who_may_only_look_is_shown_no_buttons() -> None:
    user: Any = make_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    grant(user, Role.VIEWER, everywhere=True)
    browser = Client()
    browser.force_login(user)
    text = browser.get(page_of(make_cluster("hub-one"))).content.decode()
    assert "Past checks" in text
    assert "check_now" not in text
    assert "rotate_webhook_tokens" not in text


@pytest.mark.django_db
def test_what_is_done_on_the_page_of_a_cluster_is_done_to_it(browser: Client) -> None:
    cluster = make_cluster("hub-one")
    text = browser.get(page_of(cluster)).content.decode()
    form = text.partition('class="doings"')[2].partition("</form>")[0]
    assert f'name="_selected_action" value="{cluster.pk}"' in form
    body = {"action": "check_now", "_selected_action": str(cluster.pk)}
    answer = browser.post("/admin/clusters/cluster/", body, follow=True).content.decode()
    assert "1 cluster will be checked within seconds." in answer
