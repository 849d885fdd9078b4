"""What the admin says of routes, receivers and notifications, in words and at a glance."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.observability.models import Notification, Receiver
from apps.observability.telling import content
from tests.factories import make_cluster
from tests.observability.alerts import notifying
from tests.observability.alerts.inbox import fire
from tests.observability.alerts.test_notification_admin import (
    RECEIVER,
    RECEIVERS,
    ROUTE,
    ROUTES,
    TOLD,
    browser_of,
    of,
    page_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(admin: User) -> Client:
    return browser_of(admin)


def test_the_list_of_routes_says_in_words_what_goes_where(browser: Client, api: APIClient) -> None:
    made = notifying.add_receiver(api, RECEIVER["url"])
    notifying.add_route(api, made["id"], name="rest", group_by=[])
    typed = {
        **ROUTE,
        "name": "some",
        "receiver": made["id"],
        "severities": ["CRITICAL", "WARNING"],
        "cluster_labels": '{"team": "red"}',
        "alert_labels": '{"namespace": "shop-*"}',
        "continues": "on",
    }
    browser.post(f"{ROUTES}add/", typed)
    page = page_of(browser, ROUTES)
    assert "Critical or Warning, cluster&#x27;s team=red, namespace=shop-*; goes on to" in page
    assert ">all</td>" in page
    assert "by cluster, alertname" in page
    assert "all in one" in page
    assert f'<a href="{of(Receiver.objects.get())}">bridge</a>' in page


def test_why_a_receiver_was_switched_off_is_short_in_the_list_and_whole_on_its_page(
    browser: Client, api: APIClient
) -> None:
    notifying.add_receiver(api, RECEIVER["url"])
    Receiver.objects.update(enabled=False, problem="gone " * 50)
    page = page_of(browser, RECEIVERS)
    assert '<span class="badge badge-bad">switched off</span>' in page
    assert "gone " * 15 in page
    assert "gone " * 16 not in page
    receiver = Receiver.objects.get()
    told = page_of(browser, of(receiver))
    assert ("gone " * 50).strip() in told
    assert f"?object_id={receiver.pk}" in told
    assert 'name="email_addresses"' not in told
    assert 'name="email_addresses"' in page_of(browser, f"{RECEIVERS}add/")


def test_a_box_that_is_not_there_was_not_emptied(browser: Client, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.net"
    Receiver.objects.create(
        name="night", kind="EMAIL", email_addresses=["a@example.net"], ca_bundle="kept"
    )
    receiver = Receiver.objects.get()
    assert 'name="ca_bundle"' not in page_of(browser, of(receiver))
    typed = {"name": "day", "enabled": "on", "email_addresses": "b@example.net"}
    assert browser.post(of(receiver), typed).status_code == 302
    receiver.refresh_from_db()
    assert (receiver.name, receiver.email_addresses) == ("day", ["b@example.net"])
    assert receiver.ca_bundle == "kept"


def test_the_page_of_a_notification_tells_its_alerts_first_and_leads_to_them(
    browser: Client, api: APIClient
) -> None:
    notifying.add_route(api, notifying.add_receiver(api, RECEIVER["url"])["id"])
    red = make_cluster("red-1")
    alert = fire(red, "NodeDown", annotations={"summary": "It <b>burns</b>"})
    gone = fire(red, "DiskFull")
    now = timezone.now()
    group = {"route": "all", "group_labels": {}, "fired": 2, "resolved": 0, "truncated": True}
    said = [content.describe(one, red.name) for one in (alert, gone)]
    gone.delete()
    told = Notification.objects.create(
        receiver=Receiver.objects.get(),
        group_labels={"cluster": "red-1"},
        fired=2,
        created_at=now,
        due_at=now,
        closed_at=now,
        content=content.compose("alerts.changed", now, group, said),
    )
    page = page_of(browser, of(told))
    assert f'<a href="{of(alert)}">NodeDown</a>' in page
    assert "<td>DiskFull</td>" in page
    assert "It &lt;b&gt;burns&lt;/b&gt;" in page
    assert "There are more of them than a message describes." in page
    assert "<summary>All of it, as it stands</summary>" in page
    assert page.index("cluster=red-1, to bridge") < page.index(str(told.pk))
    assert "2 fired" in page_of(browser, TOLD)
    assert 'href="history' not in page
    Notification.objects.update(closed_at=None, content={})
    assert "It is still gathering" in page_of(browser, of(told))
