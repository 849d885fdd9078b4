"""Refresh tokens are good for one use: whatever comes between, none is spent and then lost."""

from dataclasses import asdict, replace
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from apps.clusters.actions import refreshing, rotation, validation
from apps.clusters.models import Credential
from apps.clusters.tasks import refresh_tokens
from apps.clusters.vault import store as vault
from tests.clusters.gated import Gated, gated
from tests.clusters.test_oidc import provider, sent
from tests.factories import make_cluster
from tests.fakes.identity_provider import IdentityProvider

__all__ = ["gated", "provider"]
pytestmark = pytest.mark.django_db


def test_the_follower_of_a_refresh_token_outlives_a_rotation_of_another_token(
    gated: Gated, provider: IdentityProvider
) -> None:
    provider.refresh_tokens = {"first"}
    gated.send(oidc=sent(provider, refresh_token="first"))
    Credential.objects.update(refresh_at=timezone.now())
    [claim] = refreshing.claim_due(10)
    assert gated.send("/rotate", prometheus_token="new-p").status_code == 200
    async_to_sync(refreshing.refresh)(claim)
    assert {gated.secrets.oidc_refresh_token} == provider.refresh_tokens
    assert gated.secrets.prometheus_token == "new-p"


@pytest.mark.parametrize("renewed", [{}, {"token": "new", "oidc_refresh_token": "follower"}])
@pytest.mark.parametrize("wish", ["refresh_token", "prometheus_token"])
def test_a_rotation_gives_way_to_people_and_not_to_what_happens_by_itself(
    gated: Gated,
    provider: IdentityProvider,
    monkeypatch: pytest.MonkeyPatch,
    renewed: dict[str, str],
    wish: str,
) -> None:
    provider.refresh_tokens = {"first", "second"}
    gated.send(oidc=sent(provider, refresh_token="first"))
    told = validation.note

    def meanwhile(*args: Any) -> None:
        assert vault.swap(gated.row, replace(gated.secrets, **renewed))
        told(*args)

    monkeypatch.setattr(rotation, "note", meanwhile)
    body: dict[str, Any] = {"prometheus_token": "new-p"}
    if wish == "refresh_token":
        body = {"oidc": sent(provider, refresh_token="second")}
    assert gated.send("/rotate", **body).status_code == 200
    found = gated.secrets
    if wish == "refresh_token":
        assert found.oidc_refresh_token in provider.refresh_tokens
        assert found.token == provider.given[-1]
    else:
        assert found.prometheus_token == "new-p"
        assert renewed.items() <= asdict(found).items()


def test_few_tokens_are_asked_for_ahead_of_what_is_stored(
    gated: Gated, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    gated.send(oidc=sent(provider))
    row = Credential.objects.get()
    many = refreshing.AT_ONCE * 2 + 3
    for number in range(1, many):
        other = make_cluster(f"spoke-{number}", api_server_url=gated.api_server.url)
        vault.store(other, gated.secrets, auth_type=row.auth_type, oidc=row.oidc)
    Credential.objects.update(refresh_at=timezone.now())
    provider.given.clear()
    ahead: list[int] = []
    swap = vault.swap

    def look(*args: Any, **clear: Any) -> bool:
        ahead.append(len(provider.given) - len(ahead))
        return swap(*args, **clear)

    monkeypatch.setattr(vault, "swap", look)
    assert async_to_sync(refreshing.refresh_due)() == many == len(ahead)
    assert max(ahead) <= refreshing.AT_ONCE


def test_a_round_ends_before_its_task_though_each_token_takes_half_a_second_to_store() -> None:
    asking = refreshing.ROUND_SECONDS + 2 * refreshing.ASK_SECONDS
    assert asking + refreshing.AT_ONCE * 0.5 < refresh_tokens.soft_time_limit


def test_a_claim_outlives_the_task_that_made_it() -> None:
    assert refreshing.LEASE.total_seconds() > refresh_tokens.time_limit
