"""When credentials end: read from them whatever they hold, and told once ahead and once then."""

import base64
import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.clusters import expiry
from apps.clusters.actions import credentials
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.actions.expiry import tell_expiries
from apps.clusters.expiry import Expiry
from apps.clusters.models import Cluster, Credential
from apps.http import trust
from apps.streaming.envelope import Event
from tests.clusters.gated import Gated, gated
from tests.factories import make_cluster
from tests.factories.certificates import Authority
from tests.fakes.identity_provider import jwt
from tests.payloads import payload_of

__all__ = ["gated"]

CLIENT = Authority().sign("reader", client=True)
MOMENT = datetime(2027, 3, 1, 12, tzinfo=UTC)


def test_a_token_says_when_it_ends() -> None:
    assert expiry.of_token(jwt(exp=int(MOMENT.timestamp()))) == MOMENT
    assert expiry.of_token(jwt(exp=MOMENT.timestamp() + 0.5)) == MOMENT + timedelta(seconds=0.5)


@pytest.mark.parametrize(
    "exp",
    [None, True, "1", [], {}, -1, 0, 253_402_300_800, 10**30, 10**400, 1e308, -(10**30)],
)
def test_an_end_that_is_none_is_not_believed(exp: Any) -> None:
    assert expiry.of_token(jwt(exp=exp)) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "sha256~opaque",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        "..",
        "a.é.c",
        f"a.{base64.b64encode(b'[1]').decode()}.c",
        f"a.{base64.b64encode(b'{').decode()}.c",
        f"a.{base64.b64encode(b'[' * 9000).decode()}.c",
        f"a.{'A' * 20_000}.c",
    ],
)
def test_what_is_no_token_of_claims_ends_never(token: str) -> None:
    assert expiry.of_token(token) is None


@given(
    st.text() | st.builds(lambda raw: f"a.{base64.urlsafe_b64encode(raw).decode()}.c", st.binary())
)
def test_no_text_breaks_the_reading(text: str) -> None:
    assert expiry.of_token(text) is None or text.count(".") == 2
    expiry.of_certificate(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5
)


@given(json_values)
def test_no_claim_breaks_the_reading(value: Any) -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"exp": value}).encode()).decode()
    found = expiry.of_token(f"a.{payload}.c")
    assert found is None or found.year <= 9999


def test_a_certificate_says_when_it_ends_and_the_earliest_end_counts() -> None:
    ends = expiry.of_certificate(CLIENT.certificate)
    assert ends is not None
    later, sooner = ends + timedelta(days=1), ends - timedelta(hours=1)
    secrets = {"token": jwt(exp=int(later.timestamp())), "client_certificate": CLIENT.certificate}
    assert expiry.earliest(secrets) == Expiry(ends, "client_certificate")
    assert expiry.earliest(secrets, stated=sooner) == Expiry(sooner)
    assert expiry.earliest({"token": "opaque"}) is None
    assert expiry.of_certificate(CLIENT.key) is None


def test_a_certificate_of_no_known_version_is_taken_by_tls_and_says_no_end() -> None:
    der = bytearray(ssl.PEM_cert_to_DER_cert(CLIENT.certificate))
    version = der.index(b"\xa0\x03\x02\x01\x02") + 4
    der[version] = 7
    odd = ssl.DER_cert_to_PEM_cert(bytes(der))
    trust("", odd, CLIENT.key)
    assert expiry.of_certificate(odd) is None


def make_ending(name: str, left: timedelta, **fields: Any) -> Cluster:
    cluster = make_cluster(name, token="t", **fields)
    Credential.objects.filter(pk=cluster.pk).update(expires_at=timezone.now() + left)
    return cluster


def told(published: list[Event]) -> list[tuple[str, bool]]:
    return [
        (event.cluster_name, payload_of(event)["expired"])
        for event in published
        if event.event_type == "CLUSTER_CREDENTIALS_EXPIRING"
    ]


@pytest.mark.django_db(transaction=True)
def test_each_end_is_told_once_ahead_and_once_when_it_came(published: list[Event]) -> None:
    make_ending("far", timedelta(days=8))
    make_ending("off", timedelta(days=1), enabled=False)
    make_cluster("endless", token="t")
    soon = make_ending("soon", timedelta(days=6))
    make_ending("over", timedelta(seconds=-1))
    assert [tell_expiries(), tell_expiries()] == [2, 0]
    assert sorted(told(published)) == [("over", True), ("soon", False)]
    Credential.objects.filter(pk=soon.pk).update(expires_at=timezone.now())
    assert [tell_expiries(), tell_expiries()] == [1, 0]
    assert told(published)[-1] == ("soon", True)
    payload = payload_of(published[-1])
    assert payload.keys() == {"cluster_id", "expires_at", "expired"}


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_each_end_once(published: list[Event]) -> None:
    for number in range(20):
        make_ending(f"c-{number}", timedelta(days=1))

    def work(_: int) -> int:
        try:
            return tell_expiries()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(4))) == 20
    assert len(told(published)) == 20


@pytest.mark.django_db
def test_what_was_stored_before_anybody_asked_is_read_as_well() -> None:
    ends = timezone.now().replace(microsecond=0) + timedelta(days=1)
    make_cluster("old", token=jwt(exp=int(ends.timestamp())))
    Credential.objects.update(holds=[], expires_at=None, expires_with="")
    assert tell_expiries() == 1
    found = Credential.objects.get()
    assert (found.expires_at, found.expires_with) == (ends, "token")
    assert found.holds == ["token", "prometheus_token"]


@pytest.mark.django_db
def test_an_authority_alone_ends_never_and_is_not_written_again() -> None:
    make_cluster("trusting", token="t")
    credentials.store(Cluster.objects.get(), NewCredential())
    assert Credential.objects.get().holds == []
    with CaptureQueriesContext(connection) as queries:
        assert tell_expiries() == 0
    assert not [one for one in queries if one["sql"].startswith("UPDATE")]


@pytest.mark.django_db(transaction=True)
def test_an_end_that_stays_in_a_rotation_is_not_told_again(
    gated: Gated, published: list[Event]
) -> None:
    soon = (timezone.now() + timedelta(days=1)).isoformat()
    gated.send(token="old", prometheus_token="old-p", expires_at=soon)
    assert tell_expiries() == 1
    gated.send("/rotate", prometheus_token="new-p")
    assert tell_expiries() == 0
    gated.send("/rotate", token="new", expires_at=soon.replace("+00:00", "Z"))
    assert tell_expiries() == 0
    gated.send(token="new", expires_at=soon)
    assert tell_expiries() == 1


@pytest.mark.django_db(transaction=True)
def test_how_early_it_is_told_is_a_setting(settings: Any, published: list[Event]) -> None:
    make_ending("hub", timedelta(days=8))
    settings.EXPIRY_WARNING_DAYS = 14
    assert tell_expiries() == 1


@pytest.mark.django_db
def test_the_list_can_be_narrowed_to_what_ends(api: APIClient) -> None:
    make_ending("soon", timedelta(days=6))
    make_ending("over", timedelta(days=-6))
    make_ending("far", timedelta(days=8))
    make_cluster("open")
    url = "/api/v1/clusters?credentials_expiring="
    named = {
        answer: {item["name"] for item in api.get(f"{url}{answer}").json()["items"]}
        for answer in ("true", "false")
    }
    assert named == {"true": {"soon", "over"}, "false": {"far", "open"}}
    assert api.get(f"{url}perhaps").status_code == 400
