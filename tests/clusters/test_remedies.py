"""What a failed handshake says, and what the remedy is."""

import pytest
from django.utils import timezone

from apps.clusters.actions import registration, testing
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import FailureStage
from apps.clusters.vault.secrets import Secrets
from tests.factories.certificates import Authority
from tests.fakes.upstream import kubernetes, serve

pytestmark = pytest.mark.django_db
AUTHORITY, STRANGER = Authority(), Authority("somebody-else")
NAME = "api.example.net"


def registered(port: int, server_name: str) -> Cluster:
    credential = NewCredential(Secrets(token="t"), AUTHORITY.bundle, server_name=server_name)
    fields = {"name": "hub", "api_server_url": f"https://127.0.0.1:{port}"}
    return registration.register(fields, credential)


@pytest.mark.parametrize(
    ("authority", "hours", "server_name", "remedy"),
    [
        (AUTHORITY, (-48, -24), NAME, "Renew its certificate."),
        (AUTHORITY, (24, 48), NAME, "Check the clocks on both sides."),
        (AUTHORITY, (-1, 24), "other.example.net", "Use a name that its certificate carries"),
        (AUTHORITY, (-1, 24), "", "Use a name that its certificate carries"),
        (STRANGER, (-1, 24), NAME, "Store the CA bundle that signed its certificate."),
    ],
    ids=["ended", "not begun", "another name", "no address in it", "another authority"],
)
def test_each_certificate_that_is_refused_has_a_remedy_of_its_own(
    authority: Authority, hours: tuple[float, float], server_name: str, remedy: str
) -> None:
    signed = authority.sign(NAME, hours=hours)
    with serve(kubernetes(), tls=signed.shown_by_a_server()) as upstream:
        [tested] = testing.ask_now([registered(upstream.port, server_name)])
    assert tested.verdict.stage == FailureStage.TLS
    assert tested.verdict.remedy.startswith(remedy)
    assert Cluster.objects.get().certificate_expires_at is None


def test_a_plain_server_behind_an_https_address_is_told_apart() -> None:
    with serve(kubernetes()) as upstream:
        [tested] = testing.ask_now([registered(upstream.port, NAME)])
    assert tested.verdict.stage == FailureStage.TLS
    assert tested.verdict.remedy == "Check that the address is one for https."


def test_a_sound_certificate_is_remembered_with_its_end() -> None:
    with serve(kubernetes(), tls=AUTHORITY.sign(NAME).shown_by_a_server()) as upstream:
        [tested] = testing.ask_now([registered(upstream.port, NAME)])
    ends = Cluster.objects.get().certificate_expires_at
    assert tested.verdict.state == "ONLINE"
    assert ends is not None
    assert 23 < (ends - timezone.now()).total_seconds() / 3600 < 24
