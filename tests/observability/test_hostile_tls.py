"""One cluster of the fleet shows a bad certificate, or none, or is no longer where it was."""

import socket
import ssl
import warnings
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps import lasting_loop
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.actions.registration import change
from apps.clusters.models import Cluster
from apps.clusters.vault.secrets import Secrets
from apps.http.pool import of_this_loop
from tests.factories.certificates import Authority, Signed, pem_of
from tests.fakes import hostile
from tests.fakes.hostile import says
from tests.fakes.upstream import prometheus
from tests.observability.hostile_fleet import CANARY, VECTOR, Fleet, check, connected, fleet

pytestmark = pytest.mark.django_db

__all__ = ["connected", "fleet"]

OURS, OTHERS = Authority(), Authority("others")
NAME = "localhost"
ALONE = Authority(NAME)
FINE = says("200 OK", prometheus(VECTOR)["/api/v1/query"][1])  # type: ignore[index]

CERTIFICATES: dict[str, tuple[Signed, str]] = {
    "expired": (OURS.sign(NAME, hours=(-48, -24)), "certificate has expired"),
    "not yet valid": (OURS.sign(NAME, hours=(24, 48)), "certificate is not yet valid"),
    "of another host": (OURS.sign("other.example.net"), "Hostname mismatch"),
    "self-signed": (Signed(ALONE.bundle, pem_of(ALONE.key)), "self-signed certificate"),
    "of an unknown authority": (OTHERS.sign(NAME), "unable to get local issuer"),
}


def context(tmp_path: Path, signed: Signed, *, old: bool = False) -> ssl.SSLContext:
    file = tmp_path / "server.pem"
    file.write_text(signed.certificate + signed.key)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(file)
    if old:
        made.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1
    return made


def trust_ours() -> None:
    secrets = Secrets(token=CANARY, prometheus_token=CANARY)
    change(Cluster.objects.get(name="f-bad"), {}, NewCredential(secrets, OURS.bundle))


def tls(words: str) -> str:
    return f"CLUSTER_UNREACHABLE: TLS .*{words}"


@pytest.mark.parametrize("which", CERTIFICATES)
def test_a_bad_certificate_is_named_and_nothing_is_shown_to_it(
    api: APIClient, fleet: Fleet, tmp_path: Path, which: str
) -> None:
    signed, words = CERTIFICATES[which]
    heard = fleet.add(FINE, tls=context(tmp_path, signed), scheme="https", host=NAME)
    trust_ours()
    check(api, tls(words))
    assert heard.headers == ""


def test_the_good_certificate_would_do(api: APIClient, fleet: Fleet, tmp_path: Path) -> None:
    good = context(tmp_path, OURS.sign(NAME))
    heard = fleet.add(says("500 Oh", "no"), tls=good, scheme="https", host=NAME)
    trust_ours()
    check(api, "CLUSTER_UNREACHABLE: Prometheus answers 500")
    assert f"Bearer {CANARY}" in heard.headers


def test_an_old_tls_is_refused(api: APIClient, fleet: Fleet, tmp_path: Path) -> None:
    old = context(tmp_path, OURS.sign(NAME), old=True)
    heard = fleet.add(FINE, tls=old, scheme="https", host=NAME)
    trust_ours()
    check(api, tls("(VERSION|version|protocol|hung up)"))
    assert heard.headers == ""


@pytest.mark.parametrize("spoken", [b"\x16\x03\x01" + bytes(range(200)), b"\0" * 500])
def test_garbage_for_tls_is_refused(api: APIClient, fleet: Fleet, spoken: bytes) -> None:
    heard = fleet.add(hostile.raw(spoken), scheme="https", host=NAME)
    trust_ours()
    check(api, tls("."))
    assert CANARY not in heard.headers


def test_plain_http_at_the_port_for_tls_is_refused(api: APIClient, fleet: Fleet) -> None:
    heard = fleet.add(says("400 Bad Request", "this is http"), scheme="https", host=NAME)
    trust_ours()
    check(api, tls("."))
    assert CANARY not in heard.headers


def test_a_name_that_leads_to_the_metadata_from_one_moment_to_the_next(
    api: APIClient, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = fleet.add(says("500 Oh", "no", "Connection: close"), host="rebinding.example.net")
    where = ["127.0.0.1"]
    getaddrinfo = socket.getaddrinfo

    def look_up(host: str, *args: Any, **options: Any) -> Any:
        if host == "rebinding.example.net":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where[0], 0))]
        return getaddrinfo(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    check(api, "CLUSTER_UNREACHABLE: Prometheus answers 500")
    asked, heard.headers = heard.headers, ""
    assert "rebinding.example.net" in asked
    # Between the look and the connection nothing is looked up; and then all is checked again.
    where[0] = "169.254.169.254"
    check(api, "CLUSTER_UNREACHABLE: Prometheus answers 500", doors=["query"])
    lasting_loop.submit(_forget()).result(30)
    heard.headers = ""
    check(api, "CLUSTER_UNREACHABLE: its address is one at which no cluster can be")
    assert heard.headers == ""


async def _forget() -> None:
    """Let the time pass for which an answer of DNS is believed."""
    (await of_this_loop())._dialer.directory._known.clear()
