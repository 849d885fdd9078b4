"""Registering the fleet: at every start, without undoing what a person has changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.store import unlock
from apps.simulator import fleet, registrar
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
