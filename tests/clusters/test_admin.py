"""The registry in the admin: the same actions, and secrets that only go in."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.clusters.actions import health, registration
from apps.clusters.errors import CredentialStoreAway
from apps.clusters.health import Verdict
from apps.clusters.models import Cluster, Grant
from apps.clusters.models.cluster import State
from apps.clusters.models.grant import Role
from apps.clusters.vault.database import DatabaseVault
from apps.clusters.vault.store import unlock
from apps.streaming.envelope import Event
from tests.factories import grant, make_cluster, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/clusters/cluster/"
FORM = {
    "name": "hub-frankfurt",
    "api_server_url": "https://api.example.net:6443",
    "cluster_type": "HUB",
    "platform": "OPENSHIFT",
    "environment": "LAB",
    "labels": '{"team": "red"}',
    "enabled": "on",
    "token": "the-token",
}


@pytest.fixture
def browser(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def act(browser: Client, action: str, *clusters: Cluster) -> Any:
    body = {"action": action, "_selected_action": [str(cluster.pk) for cluster in clusters]}
    return browser.post(LIST, body, follow=True)


def test_a_cluster_is_registered_with_its_credential(
    browser: Client, published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(f"{LIST}add/", FORM).status_code == 302
    cluster = Cluster.objects.get(name="hub-frankfurt")
    assert unlock(cluster.credential).token == "the-token"
    assert [one.name for one in health.claim_due(10)] == ["hub-frankfurt"]
    assert [event.event_type for event in published] == [
        "CLUSTER_CREDENTIALS_UPDATED",
        "CLUSTER_REGISTERED",
    ]


def test_empty_boxes_keep_the_stored_credential(browser: Client) -> None:
    browser.post(f"{LIST}add/", FORM)
    cluster = Cluster.objects.get()
    form = FORM | {"token": "", "region": "eu"}
    assert browser.post(f"{LIST}{cluster.pk}/change/", form).status_code == 302
    cluster = Cluster.objects.get()
    assert cluster.region == "eu"
    assert unlock(cluster.credential).token == "the-token"


def test_an_address_that_is_only_spelled_otherwise_keeps_its_token(browser: Client) -> None:
    browser.post(f"{LIST}add/", FORM | {"api_server_url": "https://api.example.net"})
    cluster = Cluster.objects.get()
    form = FORM | {"token": "", "api_server_url": "https://API.example.net.:443"}
    assert browser.post(f"{LIST}{cluster.pk}/change/", form).status_code == 302
    cluster = Cluster.objects.get()
    assert cluster.api_server_url == "https://API.example.net.:443"
    assert unlock(cluster.credential).token == "the-token"


def test_a_token_does_not_follow_an_address_to_another_host(browser: Client) -> None:
    browser.post(f"{LIST}add/", FORM)
    cluster = Cluster.objects.get()
    form = FORM | {"token": "", "api_server_url": "https://elsewhere.example.net"}
    response = browser.post(f"{LIST}{cluster.pk}/change/", form)
    assert "would follow it" in response.content.decode()
    assert Cluster.objects.get().api_server_url == FORM["api_server_url"]


def test_saving_a_form_never_writes_a_verdict(browser: Client) -> None:
    browser.post(f"{LIST}add/", FORM)
    cluster = Cluster.objects.get()
    verdict = Verdict(timezone.now(), State.ONLINE, 100, "", 5, {"api_server": True})
    original = registration.change

    def meanwhile(*arguments: Any, **options: Any) -> Cluster:
        # A check concludes between the form's read and its write.
        health.record(cluster.pk, verdict)
        return original(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registration, "change", meanwhile)
        browser.post(f"{LIST}{cluster.pk}/change/", FORM | {"token": "", "region": "eu"})
    assert (Cluster.objects.get().state, Cluster.objects.get().region) == ("ONLINE", "eu")


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(browser: Client) -> None:
    browser.post(f"{LIST}add/", FORM)
    cluster = Cluster.objects.get()
    page = browser.get(f"{LIST}{cluster.pk}/change/").content.decode()
    assert '<input type="hidden" name="generation_read" value="1"' in page
    registration.change(cluster, {"region": "us"})
    form = FORM | {"region": "eu", "generation_read": "1"}
    refused = browser.post(f"{LIST}{cluster.pk}/change/", form)
    assert "Somebody else changed this cluster" in refused.content.decode()
    assert Cluster.objects.get().region == "us"
    assert (
        browser.post(f"{LIST}{cluster.pk}/change/", form | {"generation_read": "2"}).status_code
        == 302
    )
    assert Cluster.objects.get().region == "eu"


def test_what_an_action_refuses_is_said_above_the_page(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> str:
        raise CredentialStoreAway("The store of credentials does not answer.")

    monkeypatch.setattr(DatabaseVault, "put", away)
    response = browser.post(f"{LIST}add/", FORM, follow=True)
    assert "The store of credentials does not answer." in response.content.decode()
    assert FORM["token"] not in response.content.decode()
    assert not Cluster.objects.exists()


def test_emptied_labels_are_no_labels(browser: Client) -> None:
    browser.post(f"{LIST}add/", FORM)
    cluster = Cluster.objects.get()
    form = FORM | {"token": "", "labels": ""}
    assert browser.post(f"{LIST}{cluster.pk}/change/", form).status_code == 302
    assert Cluster.objects.get().labels == {}


@pytest.fixture
def staff() -> User:
    """Has all of Django's permissions, and sees team red."""
    user = make_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    grant(user, Role.VIEWER, label_selector={"team": "red"})
    return user


def test_staff_see_and_change_in_the_admin_only_what_their_grants_say(staff: User) -> None:
    red = make_cluster("red-one", labels={"team": "red"})
    blue = make_cluster("blue-one")
    for cluster in (red, blue):
        verdict = Verdict(timezone.now(), State.ONLINE, 100, "", 5, {"api_server": True})
        health.record(cluster.pk, verdict)
    browser = Client()
    browser.force_login(staff)
    for page in (LIST, "/admin/clusters/healthcheck/"):
        text = browser.get(page).content.decode()
        assert "red-one" in text
        assert "blue-one" not in text
    assert browser.post(f"{LIST}add/", FORM).status_code == 403
    assert browser.post(f"{LIST}{red.pk}/change/", FORM).status_code == 403
    assert browser.get(f"{LIST}{blue.pk}/change/").status_code == 302
    assert browser.get("/admin/clusters/grant/add/").status_code == 403
    act(browser, "disable", red)
    assert Cluster.objects.enabled().count() == 2


@pytest.mark.parametrize(("selector", "status"), [('["a"]', 200), ('{"team": 1}', 200), ("", 302)])
def test_a_grants_labels_are_labels(browser: Client, selector: str, status: int) -> None:
    user = make_user("someone")
    form = {"user": str(user.pk), "role": "VIEWER", "reach": "MATCHING", "label_selector": selector}
    assert browser.post("/admin/clusters/grant/add/", form).status_code == status
    assert Grant.objects.count() == (status == 302)


def test_a_bad_ca_bundle_is_shown_at_its_box_and_nothing_is_saved(browser: Client) -> None:
    response = browser.post(f"{LIST}add/", FORM | {"ca_bundle": "no certificate"})
    assert "ca_bundle is not a PEM certificate" in response.content.decode()
    assert not Cluster.objects.exists()


def test_a_bad_address_is_shown_at_its_box(browser: Client) -> None:
    response = browser.post(f"{LIST}add/", FORM | {"api_server_url": "http://api.example.net"})
    assert "does not allow API servers over plain http" in response.content.decode()


def test_check_now_makes_the_checks_due(browser: Client) -> None:
    cluster = make_cluster("hub")
    health.claim_due(10)
    response = act(browser, "check_now", cluster)
    assert "1 cluster will be checked within seconds." in response.content.decode()
    assert len(health.claim_due(10)) == 1


def test_disabling_and_enabling_tell_how_many_changed(
    browser: Client, published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    one, two = make_cluster("one"), make_cluster("two", enabled=False)
    with django_capture_on_commit_callbacks(execute=True):
        response = act(browser, "disable", one, two)
        assert "1 cluster disabled." in response.content.decode()
        act(browser, "enable", one, two)
    assert Cluster.objects.enabled().count() == 2
    assert [event.event_type for event in published] == ["CLUSTER_UPDATED"] * 3


def test_deleting_in_the_list_is_told_as_deletion(
    browser: Client, published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    one = make_cluster("one")
    body = {
        "action": "delete_selected",
        "_selected_action": [str(one.pk)],
        "post": "yes",
    }
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(LIST, body)
    assert [event.event_type for event in published] == ["CLUSTER_DELETED"]


def test_the_list_costs_the_same_for_any_number_of_clusters(browser: Client) -> None:
    def queries_for(count: int) -> int:
        for number in range(count):
            make_cluster(f"c-{count}-{number}")
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(LIST).status_code == 200
        return len(queries)

    assert queries_for(3) == queries_for(40)


@pytest.mark.parametrize("query", ["q=hub", "state__exact=UNKNOWN", "enabled__exact=1"])
def test_the_list_searches_and_filters(browser: Client, query: str) -> None:
    make_cluster("hub-one")
    make_cluster("edge-one", enabled=query != "enabled__exact=1")
    page = browser.get(f"{LIST}?{query}").content.decode()
    assert "hub-one" in page
    assert ("edge-one" in page) is query.startswith("state")


def test_schedules_of_beat_can_be_seen(browser: Client) -> None:
    assert browser.get("/admin/django_celery_beat/periodictask/").status_code == 200


def test_the_admin_has_no_sign_in_page_of_its_own() -> None:
    response = Client().get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/")
