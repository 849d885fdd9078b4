"""The page of a cluster's credentials: tried against the simulated clusters, never shown again."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import AuditEvent, User
from apps.clusters.actions import health
from apps.clusters.models import Cluster, Credential
from apps.clusters.models.credential import AuthType
from apps.clusters.models.grant import Role
from apps.clusters.vault.store import unlock
from tests.clusters.fleet import TOKEN, Site
from tests.factories import grant, make_cluster, make_user
from tests.factories.kubeconfigs import cluster_of, in_base64, kubeconfig

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "canary-typed-c0ffee"


@pytest.fixture
def browser(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def site(sites: dict[str, Site]) -> Site:
    return next(iter(sites.values()))


def url_of(cluster: Cluster) -> str:
    return f"/admin/clusters/cluster/{cluster.pk}/credentials/"


def press(browser: Client, cluster: Cluster, button: str, **boxes: str) -> str:
    body = {"do": button, "auth_type": "SERVICE_ACCOUNT"} | boxes
    response = browser.post(url_of(cluster), body)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return response.content.decode()


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition('id="content"')[2]).split())


def token_of(cluster: Cluster) -> str:
    return unlock(Credential.objects.get(pk=cluster.pk)).token


def test_a_token_is_stored_tried_out_and_never_shown(browser: Client, site: Site) -> None:
    cluster = make_cluster("hub-one", api_server_url=site.url)
    page = press(browser, cluster, "store", token=TOKEN, ca_bundle=site.ca_bundle)
    assert "Stored. It is in use from now on." in page
    assert "takes the credential." in page
    assert "The API server knows it as" in words(page)
    assert TOKEN not in page
    assert site.ca_bundle.splitlines()[1] not in page
    assert token_of(cluster) == TOKEN
    assert TOKEN not in browser.get(url_of(cluster)).content.decode()
    assert health.claim_due(10)


def test_a_token_that_is_refused_is_stored_all_the_same_and_said_to_be_refused(
    browser: Client, site: Site
) -> None:
    cluster = make_cluster("hub-one", api_server_url=site.url)
    page = press(browser, cluster, "store", token=CANARY, ca_bundle=site.ca_bundle)
    assert 'class="badge badge-bad">Refused<' in page
    assert CANARY not in page
    assert token_of(cluster) == CANARY


def test_a_rotation_to_what_is_refused_leaves_the_old_one(browser: Client, site: Site) -> None:
    cluster = site.register()
    page = press(browser, cluster, "rotate", token=CANARY)
    assert "The old credential stays in use." in page
    assert 'class="badge badge-bad">Refused<' in page
    assert CANARY not in page
    assert token_of(cluster) == TOKEN


def test_a_rotation_keeps_what_is_not_typed(browser: Client, site: Site) -> None:
    cluster = site.register()
    page = press(browser, cluster, "rotate", prometheus_token="for-prometheus")
    assert "Rotated:" in page
    secrets = unlock(Credential.objects.get())
    assert (secrets.token, secrets.prometheus_token) == (TOKEN, "for-prometheus")


def test_the_token_of_a_part_alone_is_not_stored_in_place_of_what_signs_in(
    browser: Client, site: Site
) -> None:
    cluster = site.register()
    page = press(browser, cluster, "store", prometheus_token="for-prometheus")
    assert "Nothing of this signs in at the API server" in page
    assert token_of(cluster) == TOKEN


def test_a_rotation_loses_nothing_of_a_credential_that_cannot_be_opened(
    browser: Client, site: Site, settings: Any
) -> None:
    cluster = site.register()
    press(browser, cluster, "rotate", prometheus_token="for-prometheus")
    before = Credential.objects.get().sealed
    settings.SEALING_KEYS = "another:" + "B" * 43 + "="
    page = press(browser, cluster, "rotate", token=TOKEN)
    assert "The rest of the stored credential cannot be kept" in page
    assert Credential.objects.get().sealed == before


def test_what_is_only_tried_is_not_stored(browser: Client, site: Site) -> None:
    cluster = site.register()
    page = press(browser, cluster, "try", token=CANARY)
    assert "Tried only. Nothing was stored." in page
    assert 'class="badge badge-bad">Refused<' in page
    assert token_of(cluster) == TOKEN


def test_what_is_stored_is_tried_at_a_press(browser: Client, site: Site) -> None:
    cluster = site.register()
    page = press(browser, cluster, "validate")
    assert "takes the credential." in page
    assert Credential.objects.get().validated_at is not None
    assert AuditEvent.objects.filter(action="validated", door="ADMIN").count() == 1


def test_a_credential_is_removed_only_with_the_box_ticked(browser: Client, site: Site) -> None:
    cluster = site.register()
    assert "Tick the box" in press(browser, cluster, "remove")
    assert Credential.objects.exists()
    page = press(browser, cluster, "remove", really="yes")
    assert "Removed." in page
    assert "Nothing is stored" in page
    assert not Credential.objects.exists()


def test_a_pasted_kubeconfig_must_be_for_this_cluster(browser: Client, site: Site) -> None:
    cluster = make_cluster("hub-one", api_server_url=site.url)
    part = cluster_of(server=site.url)
    part["certificate-authority-data"] = in_base64(site.ca_bundle)
    text = kubeconfig(mine=(part, {"token": TOKEN}), other=(cluster_of(2), {"token": CANARY}))
    kind = {"auth_type": "KUBECONFIG", "kubeconfig": text}
    assert "Say which context is meant; there are mine, other." in press(
        browser, cluster, "store", **kind
    )
    elsewhere = press(browser, cluster, "store", context="other", **kind)
    assert "is for another API server" in words(elsewhere)
    assert not Credential.objects.exists()
    page = press(browser, cluster, "store", context="mine", **kind)
    assert "takes the credential." in page
    assert Credential.objects.get().auth_type == AuthType.KUBECONFIG
    assert TOKEN not in page + elsewhere
    assert CANARY not in page + elsewhere


def test_a_hostile_kubeconfig_is_refused_in_a_sentence(browser: Client) -> None:
    cluster = make_cluster("hub-one")
    part = cluster_of(server=cluster.api_server_url)
    text = kubeconfig(prod=(part, {"exec": {"command": CANARY}}))
    page = press(browser, cluster, "store", auth_type="KUBECONFIG", kubeconfig=text)
    assert "exec" in page.partition('role="alert">')[2].partition("</p>")[0]
    assert CANARY not in page


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        ({}, "All boxes are empty."),
        ({"token": "a b"}, "holds a character that no token has"),
        ({"ca_bundle": "no pem"}, "ca_bundle is not a PEM certificate"),
        ({"client_id": "x", "token": CANARY}, "This goes with OpenID Connect alone."),
        ({"auth_type": "OIDC", "client_id": "x"}, "an issuer_url or a token_url"),
        ({"auth_type": "OIDC", "issuer_url": "ftp://x", "client_id": "x"}, "Nothing was done"),
        ({"auth_type": "MAGIC"}, "Nothing was done"),
        ({"token": "t", "expires_at": "yesterday"}, "Enter a valid date/time."),
        ({"token": "t", "expires_at": "2020-01-01 00:00"}, "expires_at is past."),
        ({"token": "t", "server_name": "a b"}, "Enter a valid value."),
        ({"token": "t", "server_name": "a..b"}, "Enter a valid value."),
        ({"token": "x" * 20_000}, "Ensure this value has at most"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(
    browser: Client, boxes: dict[str, str], said: str
) -> None:
    page = press(browser, make_cluster("hub-one"), "store", **boxes)
    assert said in page
    assert CANARY not in page
    assert not Credential.objects.exists()


def test_the_page_says_when_it_ends_and_why_it_is_not_renewed(browser: Client) -> None:
    cluster = make_cluster("hub-one", token="t")
    Credential.objects.update(
        expires_at=timezone.now() + timedelta(days=2, hours=1),
        expires_with="token",
        refresh_problem="The identity provider answers 500.",
    )
    page = words(browser.get(url_of(cluster)).content.decode())
    assert "Credential expires in 2 days" in page
    assert "(its token)" in page
    assert "The identity provider answers 500." in page
    assert "token, prometheus_token" in page


def test_a_cluster_that_is_out_of_reach_does_not_take_a_rotation(browser: Client) -> None:
    cluster = make_cluster("hub-one", token="the-old-one")
    page = press(browser, cluster, "rotate", token=CANARY)
    assert 'class="badge badge-bad">Out of reach<' in page
    assert token_of(cluster) == "the-old-one"


def test_only_who_is_admin_there_sees_the_page(browser: Client) -> None:
    red, blue = make_cluster("red-one", labels={"team": "red"}), make_cluster("blue-one")
    hidden = make_cluster("green-one", labels={"team": "green"})
    staff: Any = make_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.all())
    grant(staff, Role.ADMIN, red)
    grant(staff, Role.OPERATOR, blue)
    browser.force_login(staff)
    assert browser.get(url_of(red)).status_code == 200
    assert browser.get(url_of(blue)).status_code == 403
    assert browser.post(url_of(blue), {"do": "remove", "really": "yes"}).status_code == 403
    assert browser.get(url_of(hidden)).status_code == 302
    staff.user_permissions.clear()
    browser.force_login(User.objects.get(pk=staff.pk))
    assert browser.get(url_of(red)).status_code == 403


def test_a_press_without_the_pages_own_token_does_nothing(admin: User) -> None:
    cluster = make_cluster("hub-one", token="t")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)
    assert strict.post(url_of(cluster), {"do": "remove", "really": "yes"}).status_code == 403
    assert Credential.objects.exists()


def test_the_page_costs_few_queries(browser: Client) -> None:
    cluster = make_cluster("hub-one", token="t")
    browser.get(url_of(cluster))
    with CaptureQueriesContext(connection) as queries:
        browser.get(url_of(cluster))
    assert len(queries) <= 6
