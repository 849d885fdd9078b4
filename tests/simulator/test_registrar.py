"""Registering the fleet: at every start, without undoing what a person has changed."""

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.clusters.actions import webhook_tokens
from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.store import unlock
from apps.simulator import fleet, registrar
from apps.simulator.alertmanager import Webhook
from apps.simulator.fleet import Member
from apps.streaming.envelope import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(tmp_path: Path) -> Member:
    fleet.prepare(tmp_path)
    return fleet.members(tmp_path)[0]


def test_what_a_person_changed_stays_and_a_moved_address_is_followed(member: Member) -> None:
    registrar.register([member])
    Cluster.objects.update(display_name="Ours", labels={"team": "red"}, environment="STAGING")
    moved = replace(member, api_server_url="https://127.0.0.1:1", token="another")
    registrar.register([moved])
    cluster = Cluster.objects.get()
    assert (cluster.display_name, cluster.labels) == ("Ours", {"team": "red"})
    assert cluster.environment == "STAGING"
    assert cluster.api_server_url == "https://127.0.0.1:1"
    assert unlock(Credential.objects.get()).token == "another"


def test_registering_what_is_registered_tells_nothing(
    member: Member, published: list[Event]
) -> None:
    registrar.register([member])
    before = len(published)
    sealed = Credential.objects.get().sealed
    registrar.register([member])
    assert len(published) == before
    assert Credential.objects.get().sealed == sealed


def test_its_alerts_are_told_with_a_token_that_opens_and_is_kept(
    member: Member, tmp_path: Path
) -> None:
    cluster = registrar.register([member])[0]
    webhook = Webhook(tmp_path)
    registrar.subscribe(cluster, webhook, "http://127.0.0.1:8000/")
    first = webhook.token.read_text()
    cluster.refresh_from_db()
    assert webhook_tokens.verify(cluster, first)
    assert webhook.url.read_text() == (f"http://127.0.0.1:8000/api/v1/alerts/webhook/{cluster.pk}")
    registrar.subscribe(cluster, webhook, "http://127.0.0.1:8001")
    assert webhook.token.read_text() == first
    assert ":8001/" in webhook.url.read_text()


def test_a_token_that_a_person_ended_is_made_anew(member: Member, tmp_path: Path) -> None:
    cluster = registrar.register([member])[0]
    webhook = Webhook(tmp_path)
    registrar.subscribe(cluster, webhook, "http://127.0.0.1:8000")
    webhook_tokens.rotate(cluster)
    cluster.refresh_from_db()
    registrar.subscribe(cluster, webhook, "http://127.0.0.1:8000")
    cluster.refresh_from_db()
    assert webhook_tokens.verify(cluster, webhook.token.read_text())


def test_an_alertmanager_that_is_gone_is_forgotten(member: Member) -> None:
    found = replace(member, alertmanager_url="https://127.0.0.1:2")
    assert registrar.register([found])[0].alertmanager_url == "https://127.0.0.1:2"
    gone = replace(member, alertmanager_url=None)
    assert registrar.register([gone])[0].alertmanager_url == ""


def test_registering_tells_alertmanager_where_the_platform_beside_it_listens(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR_DIR = tmp_path
    for program in ("prometheus", "alertmanager"):
        (tmp_path / program).touch(mode=0o755)
    monkeypatch.setenv("AIOPS_TOOLS_DIR", str(tmp_path))
    monkeypatch.setenv("PORT", "8123")
    out = StringIO()
    for action in ("prepare", "register"):
        call_command("simulate", action, stdout=out)
    cluster = Cluster.objects.get(name="edge-tokyo")
    webhook = Webhook(fleet.folder_of(tmp_path) / cluster.name)
    assert webhook.url.read_text().startswith("http://127.0.0.1:8123/api/v1/alerts/webhook/")
    assert webhook_tokens.verify(cluster, webhook.token.read_text())
    assert webhook.token.read_text() not in out.getvalue()
