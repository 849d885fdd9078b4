"""Tokens from an identity provider: asked for by its own rules, and again before they end."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.utils import timezone

from apps.clusters.actions import refreshing
from apps.clusters.connection import connect
from apps.clusters.models import CheckSchedule, Cluster, Credential
from apps.clusters.oidc import Given, NotGiven, Provider, ask_for_token
from apps.clusters.vault import store as vault
from apps.clusters.vault.secrets import Secrets
from apps.http import MIB
from apps.streaming.envelope import Event
from tests.clusters.gated import Gated, gated
from tests.fakes.identity_provider import IdentityProvider, identity_provider, jwt
from tests.fakes.upstream import serve

__all__ = ["gated"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(gated: Gated) -> Iterator[IdentityProvider]:
    with identity_provider(gated.api_server) as running:
        yield running


def sent(provider: IdentityProvider, **change: Any) -> dict[str, Any]:
    return {
        "issuer_url": provider.url,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "scope": "openid",
    } | change


def round_now(gated: Gated) -> int:
    """Make the token due, and have a worker look for what is due."""
    Credential.objects.update(refresh_at=timezone.now())
    return async_to_sync(refreshing.refresh_due)()


def ask(provider: IdentityProvider, secrets: Secrets, **change: Any) -> Given | NotGiven:
    where = Provider(**{"client_id": provider.client_id, "issuer_url": provider.url} | change)
    return async_to_sync(ask_for_token)(where, secrets, 5)


def test_client_credentials_bring_a_token_that_opens_the_cluster(
    gated: Gated, provider: IdentityProvider
) -> None:
    body = gated.send(oidc=sent(provider)).json()
    found = body["validation"]
    assert (found["identity_provider"]["status"], found["api_server"]["status"]) == ("VALID",) * 2
    assert found["api_server"]["username"] == "oidc:reader"
    # The token renews itself, so it is no end of the credential.
    assert body["expires_at"] is None
    assert gated.secrets.token == provider.given[-1]
    assert gated.secrets.token.count(".") == 2
    left = gated.row.refresh_at - timezone.now()  # type: ignore[operator]
    assert timedelta(seconds=390) < left <= timedelta(seconds=400)
    assert provider.asked[0]["authorization"].startswith("Basic ")
    assert "client_secret" not in provider.asked[0]


def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there(
    gated: Gated, provider: IdentityProvider
) -> None:
    provider.methods = ["client_secret_post", "private_key_jwt"]
    gated.send(oidc=sent(provider))
    assert provider.asked[0]["authorization"] == ""
    assert provider.asked[0]["client_secret"] == provider.client_secret
    assert provider.given


def test_without_an_id_token_the_access_token_is_shown(
    gated: Gated, provider: IdentityProvider
) -> None:
    oidc = sent(provider, scope="", audience="kubernetes", token_url=provider.token_url)
    del oidc["issuer_url"]
    assert gated.send(oidc=oidc).json()["validation"]["api_server"]["status"] == "VALID"
    assert gated.secrets.token.startswith("opaque-")
    assert provider.asked[0]["audience"] == "kubernetes"


def test_each_refresh_token_is_used_once_and_its_follower_kept(
    gated: Gated, provider: IdentityProvider
) -> None:
    provider.refresh_tokens = {"first"}
    oidc = sent(provider, refresh_token="first")
    gated.send(oidc=oidc)
    for _ in range(3):
        before = gated.secrets
        assert round_now(gated) == 1
        after = gated.secrets
        assert after.token != before.token
        assert {after.oidc_refresh_token} == provider.refresh_tokens
    assert [form["grant_type"] for form in provider.asked] == ["refresh_token"] * 4


def test_a_refresh_token_is_not_spent_on_a_trial(gated: Gated, provider: IdentityProvider) -> None:
    provider.refresh_tokens = {"first"}
    body = gated.send("/validate", oidc=sent(provider, refresh_token="first")).json()
    assert body["validation"]["identity_provider"]["status"] == "UNKNOWN"
    assert provider.asked == []
    tried = gated.send("/validate", oidc=sent(provider)).json()
    assert tried["validation"]["api_server"]["status"] == "VALID"
    assert not Credential.objects.exists()


def test_a_rotation_to_a_provider_brings_its_token_along(
    gated: Gated, provider: IdentityProvider
) -> None:
    gated.send(token="old", prometheus_token="old-p")
    refused = gated.send("/rotate", oidc=sent(provider, client_secret="wrong"))
    assert refused.json()["error"]["code"] == "CREDENTIALS_INVALID"
    assert "invalid_client" in refused.json()["error"]["message"]
    assert gated.secrets.token == "old"
    assert gated.send("/rotate", oidc=sent(provider)).json()["valid"] is True
    assert gated.secrets.token == provider.given[-1]
    assert gated.secrets.prometheus_token == "old-p"
    refresh_at = gated.row.refresh_at
    gated.send("/rotate", prometheus_token="new-p")
    assert gated.row.refresh_at == refresh_at
    assert len(provider.asked) == 2


def test_a_provider_that_fails_leaves_the_old_token_in_use_and_says_why(
    gated: Gated, provider: IdentityProvider, published: list[Event]
) -> None:
    gated.send(oidc=sent(provider))
    token = gated.secrets.token
    pauses = []
    for provider.behaviour in ("error", "garbage", "error"):
        round_now(gated)
        pauses.append(gated.row.refresh_at - timezone.now())  # type: ignore[operator]
    assert pauses[0] < pauses[1] < pauses[2] < timedelta(seconds=121)
    assert connect(Cluster.objects.get()).api_server.token == token
    assert "answers (500)" in gated.seen()["credentials"]["refresh_problem"]
    provider.behaviour = "ok"
    round_now(gated)
    assert gated.seen()["credentials"]["refresh_problem"] == ""
    assert gated.row.refresh_failures == 0


def test_a_grant_that_ended_asks_for_a_new_sign_in(
    gated: Gated, provider: IdentityProvider
) -> None:
    step = gated.send(oidc=sent(provider, refresh_token="spent")).json()["validation"]
    assert step["identity_provider"]["status"] == "INVALID"
    assert step["identity_provider"]["remedy"] == ("Sign in anew, and store the new refresh token.")
    assert step["api_server"]["status"] == "UNKNOWN"
    problem = connect(Cluster.objects.get()).problem
    assert "Sign in anew" in problem
    again = gated.row.refresh_at - timezone.now()  # type: ignore[operator]
    assert again > timedelta(minutes=59)


def test_nothing_that_a_provider_throws_back_is_shown(
    gated: Gated, provider: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.behaviour, provider.refresh_tokens = "echo", {"refr3sh/t0ken"}
    with caplog.at_level(logging.DEBUG):
        answer = gated.send(oidc=sent(provider, refresh_token="refr3sh/t0ken"))
        refused = gated.send("/rotate", oidc=sent(provider))
        round_now(gated)
    said = [answer.content.decode(), refused.content.decode(), str(gated.seen()), caplog.text]
    said += [str(vars(gated.row)), str(CheckSchedule.objects.values())]
    secrets = [provider.client_secret, "refr3sh/t0ken"]
    secrets += [quote_plus(one) for one in secrets]
    secrets.append(provider.asked[0]["authorization"].removeprefix("Basic "))
    for text in said:
        assert not [secret for secret in secrets if secret in text]
    assert "invalid_grant" in said[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"issuer_url": "https://127.0.0.1:1"}, "does not answer: connection refused"),
        ({"issuer_url": "", "token_url": "http://169.254.169.254/x"}, "not one to send a secret"),
    ],
)
def test_where_no_provider_is_no_secret_is_sent(
    provider: IdentityProvider, change: dict[str, str], sentence: str
) -> None:
    answer = ask(provider, Secrets(oidc_client_secret="s"), **change)
    assert isinstance(answer, NotGiven)
    assert sentence in answer.sentence
    assert provider.asked == []


def test_another_issuers_description_leads_the_secret_nowhere(provider: IdentityProvider) -> None:
    provider.issuer = "https://sso.example.net/realms/platform"
    answer = ask(provider, Secrets(oidc_client_secret="s"))
    assert isinstance(answer, NotGiven)
    assert "another issuer URL" in answer.reason
    assert provider.asked == []


@pytest.mark.parametrize("endpoint", ["http://169.254.169.254/latest", "ftp://x", "", "/token"])
def test_a_description_that_points_astray_is_not_followed(gated: Gated, endpoint: str) -> None:
    with serve() as upstream:
        said = {"issuer": upstream.url, "token_endpoint": endpoint}
        upstream.answers = {"/.well-known/openid-configuration": (200, said)}
        where = Provider("c", issuer_url=upstream.url)
        answer = async_to_sync(ask_for_token)(where, Secrets(oidc_client_secret="s"), 5)
    assert isinstance(answer, NotGiven)
    assert "not one to send a secret to" in answer.reason


def test_plain_http_is_for_installations_that_allow_it(
    provider: IdentityProvider, settings: Any
) -> None:
    settings.ALLOW_INSECURE_UPSTREAMS = False
    answer = ask(provider, Secrets(oidc_client_secret="s"))
    assert isinstance(answer, NotGiven)
    assert "Use https" in answer.remedy


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"access_token": ""},
        {"access_token": ["t"]},
        {"access_token": "a b"},
        {"access_token": "line\nbreak"},
        {"access_token": "x" * 20_000},
        {"id_token": None, "expires_in": 60},
        {"access_token": "t", "scope": "x" * 2 * MIB},
    ],
)
def test_an_answer_without_a_token_that_can_be_sent_is_none(
    gated: Gated, said: dict[str, Any]
) -> None:
    with serve({"/token": (200, said)}) as upstream:
        where = Provider("c", token_url=f"{upstream.url}/token")
        answer = async_to_sync(ask_for_token)(where, Secrets(oidc_client_secret="s"), 5)
    assert isinstance(answer, NotGiven)


@pytest.mark.parametrize(
    ("expires_in", "pause"),
    [
        (3600, 2400.0),
        ("3600", 2400.0),
        (90, 30.0),
        (60, 10.0),
        (1, 10.0),
        (10**18, 86_400.0),
        (None, 200.0),
        (True, 200.0),
        (-5, 200.0),
        ("soon", 200.0),
        ([], 200.0),
        (1e300, 86_400.0),
    ],
)
def test_the_next_token_is_asked_for_well_before_this_one_ends(
    gated: Gated, expires_in: Any, pause: float
) -> None:
    said = {"access_token": "t", "expires_in": expires_in}
    with serve({"/token": (200, said)}) as upstream:
        where = Provider("c", token_url=f"{upstream.url}/token")
        answer = async_to_sync(ask_for_token)(where, Secrets(oidc_client_secret="s"), 5)
    assert isinstance(answer, Given)
    assert answer.pause == pytest.approx(pause)


def test_a_token_that_says_its_end_is_believed_over_the_answer(gated: Gated) -> None:
    ends = int(timezone.now().timestamp()) + 300
    said = {"access_token": jwt(exp=ends), "expires_in": 3600}
    with serve({"/token": (200, said)}) as upstream:
        where = Provider("c", token_url=f"{upstream.url}/token")
        answer = async_to_sync(ask_for_token)(where, Secrets(oidc_client_secret="s"), 5)
    assert isinstance(answer, Given)
    assert 190 < answer.pause <= 200


def test_a_provider_that_hangs_is_given_up_in_time(
    gated: Gated, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "ASK_SECONDS", 0.4)
    provider.behaviour = "hang"
    body = gated.send(oidc=sent(provider)).json()
    assert body["validation"]["identity_provider"]["status"] == "UNREACHABLE"
    assert "no answer in 0.2 s" in gated.row.refresh_problem


@pytest.mark.django_db(transaction=True)
def test_two_workers_ask_for_each_token_once(gated: Gated, provider: IdentityProvider) -> None:
    provider.refresh_tokens = {"first"}
    gated.send(oidc=sent(provider, refresh_token="first"))
    provider.asked.clear()
    Credential.objects.update(refresh_at=timezone.now())

    def work(_: int) -> int:
        try:
            return async_to_sync(refreshing.refresh_due)()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(4))) == 1
    assert len(provider.asked) == 1
    assert gated.row.refresh_problem == ""


def test_a_credential_stored_while_the_provider_was_asked_stays(
    gated: Gated, provider: IdentityProvider
) -> None:
    gated.send(oidc=sent(provider))
    Credential.objects.update(refresh_at=timezone.now())
    [claim] = refreshing.claim_due(10)
    vault.store(gated.cluster, Secrets(token="another"))
    async_to_sync(refreshing.refresh)(claim)
    assert gated.secrets == Secrets(token="another")
    assert gated.row.refresh_problem == ""


def test_a_box_that_was_only_sealed_anew_takes_the_new_token(
    gated: Gated, provider: IdentityProvider
) -> None:
    provider.refresh_tokens = {"first"}
    gated.send(oidc=sent(provider, refresh_token="first"))
    Credential.objects.update(refresh_at=timezone.now())
    [claim] = refreshing.claim_due(10)
    assert vault.swap(gated.row, gated.secrets)
    async_to_sync(refreshing.refresh)(claim)
    assert {gated.secrets.oidc_refresh_token} == provider.refresh_tokens


def test_an_address_does_not_move_away_with_what_the_provider_gives(
    gated: Gated, provider: IdentityProvider
) -> None:
    gated.send(oidc=sent(provider))
    url = f"/api/v1/clusters/{gated.cluster.pk}"
    moved = {"api_server_url": "http://127.0.0.1:2"}
    refused = gated.client.patch(url, moved, format="json")
    assert refused.json()["error"]["code"] == "CREDENTIALS_INVALID"
    taken = gated.client.patch(url, moved | {"credentials": {"token": "t"}}, format="json")
    assert taken.status_code == 200


def test_a_disabled_cluster_asks_for_no_tokens(gated: Gated, provider: IdentityProvider) -> None:
    gated.send(oidc=sent(provider))
    Cluster.objects.update(enabled=False)
    assert round_now(gated) == 0
