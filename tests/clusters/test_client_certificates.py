"""API servers that ask for a client certificate, and those with another name in their own."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from asgiref.sync import async_to_sync
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

from apps.clusters.actions import credentials, registration
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.connection import connect
from apps.clusters.errors import CredentialsInvalid
from apps.clusters.models import Cluster, Credential
from apps.clusters.models.credential import AuthType
from apps.clusters.vault.secrets import Secrets
from apps.clusters.vault.store import unlock
from apps.http import Call, Stage, Unreachable, Upstream, ask
from apps.sealing import seal
from tests.factories import make_cluster
from tests.factories.certificates import Authority, pem_of

AUTHORITY = Authority()
CLIENT = AUTHORITY.sign("reader", client=True)
INSIDE = "kubernetes.default.svc"


@contextmanager
def api_server() -> Iterator[tuple[str, list[object]]]:
    """Serve /readyz to who shows a certificate; yield the address and whom the server saw."""
    context = AUTHORITY.sign(INSIDE).shown_by_a_server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=AUTHORITY.bundle)
    seen: list[object] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as door:
                    certificate = door.getpeercert() or {}
                    seen.append(certificate.get("subject"))
                    door.recv(4096)
                    door.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            except (OSError, ssl.SSLError):
                plain.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def reach(upstream: Upstream) -> int:
    return async_to_sync(ask)(upstream, Call("/readyz", deadline=5)).status


def upstream_of(url: str, **change: str) -> Upstream:
    known = {
        "ca_bundle": AUTHORITY.bundle,
        "server_name": INSIDE,
        "client_certificate": CLIENT.certificate,
        "client_key": CLIENT.key,
    }
    return Upstream(url, **(known | change))


def test_the_client_certificate_is_shown_and_the_servers_name_checked() -> None:
    with api_server() as (url, seen):
        assert reach(upstream_of(url)) == 200
    assert "reader" in str(seen)


@pytest.mark.parametrize(
    ("change", "stages"),
    [
        # A server may refuse after its part of the handshake is done.
        ({"client_certificate": "", "client_key": ""}, {Stage.TLS, Stage.PROTOCOL, Stage.TCP}),
        ({"server_name": "another.example.net"}, {Stage.TLS}),
        ({"server_name": ""}, {Stage.TLS}),
    ],
)
def test_without_the_certificate_or_the_name_nothing_is_reached(
    change: dict[str, str], stages: set[Stage]
) -> None:
    with api_server() as (url, _), pytest.raises(Unreachable) as caught:
        reach(upstream_of(url, **change))
    assert caught.value.stage in stages


def test_a_pair_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.http.tls.MEMORY", tmp_path)
    pair = AUTHORITY.sign("other", client=True)
    with api_server() as (url, seen):
        upstream = upstream_of(url, client_certificate=pair.certificate, client_key=pair.key)
        assert reach(upstream) == 200
    assert "other" in str(seen)
    assert list(tmp_path.iterdir()) == []


def test_keys_are_in_no_representation() -> None:
    text = repr(upstream_of("https://x")) + repr(Secrets(client_key=CLIENT.key, token="t0k3n"))
    for secret in (CLIENT.key, CLIENT.certificate):
        assert secret.splitlines()[2] not in text
    assert "t0k3n" not in text


@pytest.mark.django_db
def test_only_the_api_server_sees_the_client_certificate() -> None:
    secrets = Secrets(client_certificate=CLIENT.certificate, client_key=CLIENT.key)
    fields = {
        "name": "hub",
        "api_server_url": "https://127.0.0.1:1",
        "prometheus_url": "https://127.0.0.1:2",
    }
    credential = NewCredential(secrets, AUTHORITY.bundle, INSIDE, AuthType.KUBECONFIG)
    found = connect(registration.register(fields, credential))
    assert found.api_server.client_key == CLIENT.key
    assert found.api_server.server_name == INSIDE
    assert found.parts["prometheus"].client_key == found.parts["prometheus"].server_name == ""
    assert Credential.objects.get().auth_type == "KUBECONFIG"


ENCRYPTED = pem_of(AUTHORITY.key, BestAvailableEncryption(b"secret"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        (CLIENT.certificate, AUTHORITY.sign("x", client=True).key),
        (CLIENT.certificate, ""),
        ("", CLIENT.key),
        ("no pem", "no pem"),
        (AUTHORITY.bundle, ENCRYPTED),
    ],
)
def test_a_pair_that_opens_nothing_is_refused(certificate: str, key: str) -> None:
    cluster = make_cluster("hub")
    unusable = NewCredential(Secrets(client_certificate=certificate, client_key=key))
    with pytest.raises(CredentialsInvalid) as caught:
        credentials.store(cluster, unusable)
    assert "client_certificate and client_key" in caught.value.message
    assert "BEGIN" not in caught.value.message
    assert not Credential.objects.exists()


@pytest.mark.django_db
def test_a_credential_sealed_before_there_were_client_certificates_still_opens() -> None:
    cluster = make_cluster("hub", token="t")
    old = {"token": "old", "prometheus_token": "p", "tempo_token": "", "loki_token": ""}
    row = Credential.objects.get()
    row.sealed = seal(orjson.dumps(old).decode(), place=f"clusters.credential:{row.pk}:secrets")
    row.save()
    found = unlock(Cluster.objects.get(pk=cluster.pk).credential)
    assert found == Secrets(token="old", prometheus_token="p")


@pytest.mark.django_db
def test_a_typed_token_takes_the_place_of_the_client_certificate() -> None:
    cluster = make_cluster("hub")
    secrets = Secrets(client_certificate=CLIENT.certificate, client_key=CLIENT.key, loki_token="l")
    stored = NewCredential(secrets, AUTHORITY.bundle, INSIDE, AuthType.KUBECONFIG)
    credentials.store(cluster, stored)
    kept = credentials.merge(cluster, NewCredential(Secrets(prometheus_token="p")))
    assert kept == NewCredential(
        Secrets(
            client_certificate=CLIENT.certificate,
            client_key=CLIENT.key,
            loki_token="l",
            prometheus_token="p",
        ),
        AUTHORITY.bundle,
        INSIDE,
        AuthType.KUBECONFIG,
    )
    replaced = credentials.merge(cluster, NewCredential(Secrets(token="t")))
    assert replaced.secrets == Secrets(token="t", loki_token="l")
    assert replaced.auth_type == AuthType.SERVICE_ACCOUNT
