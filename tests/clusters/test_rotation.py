"""Rotation: the old credential serves until the new one is seen to work, and no longer."""

from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import AuditEvent
from apps.clusters.actions import health
from apps.clusters.connection import connect
from apps.clusters.models import CheckSchedule, Cluster, Credential
from apps.clusters.vault import store as vault
from apps.clusters.vault.secrets import Secrets
from apps.streaming.envelope import Event
from tests.clusters.gated import Gated, gated

__all__ = ["gated"]
pytestmark = pytest.mark.django_db

OLD = Secrets(token="old", prometheus_token="old-p", loki_token="kept")


@pytest.fixture
def working(gated: Gated) -> Gated:
    """A cluster with a credential that its API server and its Prometheus take."""
    gated.send(token="old", prometheus_token="old-p", loki_token="kept")
    Cluster.objects.update(prometheus_healthy=True)
    return gated


def test_what_is_sent_is_swapped_in_and_the_rest_is_kept(
    working: Gated, published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    health.claim_due(10)
    with django_capture_on_commit_callbacks(execute=True):
        answer = working.send("/rotate", token="new")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["valid"]) == ("rotated", True)
    assert working.secrets == Secrets(token="new", prometheus_token="old-p", loki_token="kept")
    assert working.row.holds == ["token", "prometheus_token", "loki_token"]
    assert [event.event_type for event in published] == ["CLUSTER_CREDENTIALS_UPDATED"]
    assert len(health.claim_due(10)) == 1
    assert AuditEvent.objects.filter(action="rotated").count() == 1


def test_a_credential_that_is_refused_leaves_the_old_one_untouched(working: Gated) -> None:
    before = working.row
    answer = working.send("/rotate", token="wr0ng", prometheus_token="new-p")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "CREDENTIALS_INVALID")
    assert "The old credential stays in use." in error["message"]
    assert error["details"]["validation"]["api_server"]["status"] == "INVALID"
    assert error["details"]["validation"]["prometheus"]["status"] == "VALID"
    assert "wr0ng" not in answer.content.decode()
    assert working.row.sealed == before.sealed
    assert working.secrets == OLD


def test_a_prometheus_that_worked_must_take_its_new_token(working: Gated) -> None:
    answer = working.send("/rotate", token="new", prometheus_token="wrong")
    assert answer.json()["error"]["code"] == "CREDENTIALS_INVALID"
    assert "Prometheus" in answer.json()["error"]["message"]
    assert working.secrets == OLD


@pytest.mark.parametrize("healthy", [False, None])
def test_a_prometheus_that_was_down_before_holds_nothing_up(
    working: Gated, healthy: bool | None
) -> None:
    Cluster.objects.update(prometheus_healthy=healthy)
    body = working.send("/rotate", token="new", prometheus_token="wrong").json()
    assert (body["status"], body["valid"]) == ("rotated", False)
    assert working.secrets.prometheus_token == "wrong"


def test_the_token_of_a_part_alone_needs_no_word_of_the_api_server(working: Gated) -> None:
    working.api_server.tokens = {}
    assert working.send("/rotate", prometheus_token="new-p").json()["status"] == "rotated"
    assert working.secrets == Secrets(token="old", prometheus_token="new-p", loki_token="kept")


def test_a_cluster_that_cannot_be_reached_gets_no_new_credential(working: Gated) -> None:
    Cluster.objects.update(api_server_url="http://127.0.0.1:1")
    answer = working.send("/rotate", token="new")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (503, "CLUSTER_UNREACHABLE")
    assert error["details"]["validation"]["api_server"]["status"] == "UNREACHABLE"
    assert working.secrets == OLD


def test_there_must_be_something_to_rotate_and_to_rotate_to(gated: Gated) -> None:
    assert gated.send("/rotate", token="new").json()["error"]["code"] == "CREDENTIALS_NOT_FOUND"
    gated.send(token="old")
    assert gated.send("/rotate").json()["error"]["message"].startswith("token: ")
    assert gated.send("/rotate", auth_type="OIDC").status_code == 400


def test_a_new_sign_in_takes_the_place_of_the_old_one_as_a_whole(working: Gated) -> None:
    oidc = {"client_id": "c", "client_secret": "s", "token_url": "http://127.0.0.1:1/token"}
    working.send(oidc=oidc)
    working.send("/rotate", token="new")
    row = working.row
    assert (row.auth_type, row.oidc, row.refresh_at) == ("SERVICE_ACCOUNT", {}, None)
    assert working.secrets == Secrets(token="new")


def test_an_end_that_was_stated_is_that_of_what_signed_in_then(working: Gated) -> None:
    working.send(token="old", prometheus_token="old-p", expires_at="2099-01-01T00:00:00Z")
    body = working.send("/rotate", prometheus_token="new-p").json()
    assert body["expires_at"] == "2099-01-01T00:00:00Z"
    assert working.send("/rotate", token="new").json()["expires_at"] is None


def test_what_cannot_be_opened_just_now_is_not_lost_by_a_rotation(
    working: Gated, settings: Any
) -> None:
    before = working.row
    settings.SEALING_KEYS = "another:" + "B" * 43 + "="
    answer = working.send("/rotate", prometheus_token="new-p")
    assert answer.json()["error"]["code"] == "CREDENTIALS_INVALID"
    assert "Put it back" in answer.json()["error"]["message"]
    assert working.row.sealed == before.sealed
    whole = working.send("/rotate", token="new")
    assert whole.json()["error"]["code"] == "CREDENTIALS_INVALID"
    assert working.row.sealed == before.sealed
    every = {"token": "new", "prometheus_token": "new-p", "loki_token": "new-l"}
    assert working.send("/rotate", **every).status_code == 200
    assert working.secrets == Secrets(**every)


def test_a_closed_box_that_holds_nothing_else_gives_way_to_a_whole_credential(
    gated: Gated, settings: Any
) -> None:
    gated.send(token="old")
    settings.SEALING_KEYS = "another:" + "B" * 43 + "="
    assert gated.send("/rotate", token="new").status_code == 200
    assert gated.secrets == Secrets(token="new")


@pytest.mark.django_db(transaction=True)
def test_a_credential_that_was_stored_meanwhile_is_not_overwritten(working: Gated) -> None:
    def store_another() -> None:
        try:
            vault.store(Cluster.objects.get(), Secrets(token="another"))
        finally:
            connection.close()

    working.api_server.meanwhile = store_another
    answer = working.send("/rotate", token="new")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CREDENTIALS_CHANGED")
    assert working.secrets.token == "another"


@pytest.mark.django_db(transaction=True)
def test_until_the_new_one_is_in_place_checks_go_on_with_the_old_one(working: Gated) -> None:
    seen: list[str] = []

    def look() -> None:
        try:
            CheckSchedule.objects.update(next_check_at="2020-01-01T00:00:00Z")
            seen.extend(one.api_server.token for one in health.claim_due(10))
        finally:
            connection.close()

    working.api_server.meanwhile = look
    assert working.send("/rotate", token="new").status_code == 200
    assert seen == ["old"]
    assert connect(Cluster.objects.get()).api_server.token == "new"


@pytest.mark.django_db(transaction=True)
def test_a_credential_that_was_removed_meanwhile_stays_removed(working: Gated) -> None:
    def remove() -> None:
        try:
            Credential.objects.all().delete()
        finally:
            connection.close()

    working.api_server.meanwhile = remove
    assert working.send("/rotate", token="new").status_code == 409
    assert not Credential.objects.exists()
