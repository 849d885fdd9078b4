"""TLS: whom we trust, what we learn of the certificate, and that a broken handshake is tidy."""

import asyncio
import gc
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync
from cryptography import x509

from apps.http import Call, Reply, Stage, Unreachable, Upstream, ask
from tests.factories.certificates import Authority, Signed
from tests.fakes import upstream as fakes

AUTHORITY = Authority()
NAME = "api.example.net"
GOOD = AUTHORITY.sign(NAME)

Serve = Callable[..., AbstractContextManager[fakes.Upstream]]


@pytest.fixture
def serve() -> Serve:
    def serve(signed: Signed, *, old: bool = False) -> object:
        context = signed.shown_by_a_server()
        if old:
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
        return fakes.serve({"/": (200, "ok")}, tls=context)

    return serve  # type: ignore[return-value]


def trusting(server: fakes.Upstream, **change: str) -> Upstream:
    return Upstream(server.url, **({"ca_bundle": AUTHORITY.bundle, "server_name": NAME} | change))


def fetch(upstream: Upstream) -> Reply:
    return async_to_sync(ask)(upstream, Call("/", deadline=5))


def test_the_end_of_the_servers_certificate_is_told(serve: Serve) -> None:
    end = x509.load_pem_x509_certificate(GOOD.certificate.encode()).not_valid_after_utc
    with serve(GOOD) as server:
        assert fetch(trusting(server)).certificate_expires_at == end
    assert end > datetime.now(UTC)


async def test_it_is_told_again_on_a_kept_connection(serve: Serve) -> None:
    with serve(GOOD) as server:
        replies = [await ask(trusting(server), Call("/")) for _ in range(2)]
        assert server.connections == 1
    assert replies[0].certificate_expires_at == replies[1].certificate_expires_at is not None


def test_without_tls_there_is_no_certificate() -> None:
    with fakes.serve({"/": (200, "ok")}) as server:
        assert fetch(Upstream(server.url)).certificate_expires_at is None


BAD = {
    "expired": (AUTHORITY.sign(NAME, hours=(-48, -24)), "certificate has expired"),
    "of the future": (AUTHORITY.sign(NAME, hours=(24, 48)), "certificate is not yet valid"),
    "of another name": (AUTHORITY.sign("other.example.net"), "Hostname mismatch"),
    "of a wider name": (AUTHORITY.sign("*.net"), "Hostname mismatch"),
    "of another authority": (Authority("other").sign(NAME), "unable to get local issuer"),
    "of an authority of the same name": (Authority().sign(NAME), "signature failure"),
    "of a client": (AUTHORITY.sign(NAME, client=True), "unsuitable certificate purpose"),
}


@pytest.mark.parametrize("which", BAD)
def test_a_bad_certificate_is_refused_with_the_reason(serve: Serve, which: str) -> None:
    signed, words = BAD[which]
    with serve(signed) as server, pytest.raises(Unreachable) as caught:
        fetch(trusting(server))
    assert caught.value.stage == Stage.TLS
    assert words in caught.value.reason
    assert server.requests == []


def test_a_server_without_a_present_tls_is_refused(serve: Serve) -> None:
    with serve(GOOD, old=True) as server, pytest.raises(Unreachable) as caught:
        fetch(trusting(server))
    assert caught.value.stage == Stage.TLS


@pytest.mark.parametrize("change", [{"ca_bundle": ""}, {"server_name": ""}, {"ca_bundle": "no"}])
def test_without_the_right_trust_nothing_is_asked(serve: Serve, change: dict[str, str]) -> None:
    with serve(GOOD) as server, pytest.raises(Unreachable) as caught:
        fetch(trusting(server, **change))
    assert caught.value.stage == Stage.TLS
    assert server.requests == []


async def test_a_connection_serves_only_the_identity_that_opened_it(serve: Serve) -> None:
    client = AUTHORITY.sign("reader", client=True)
    shown = {"client_certificate": client.certificate, "client_key": client.key}
    with serve(GOOD) as server:
        for change in ({}, shown, {}, shown):
            await ask(trusting(server, **change), Call("/"))
        assert (len(server.requests), server.connections) == (4, 2)
        with pytest.raises(Unreachable):
            await ask(trusting(server, ca_bundle=Authority("other").bundle), Call("/"))


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of one that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"


def test_a_handshake_that_hangs_is_named_and_leaves_nothing_behind(silent: str) -> None:
    async def give_up() -> None:
        with pytest.raises(Unreachable) as caught:
            await ask(Upstream(silent, AUTHORITY.bundle), Call("/", deadline=1))
        assert (caught.value.stage, caught.value.during) == (Stage.TIMEOUT, Stage.TLS)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(give_up())
        gc.collect()


def test_a_handshake_cancelled_at_any_moment_leaves_nothing_behind(silent: str) -> None:
    async def cancel_after(turns: int) -> None:
        task = asyncio.create_task(ask(Upstream(silent, AUTHORITY.bundle), Call("/")))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for turns in range(12):
            asyncio.run(cancel_after(turns))
            gc.collect()


def test_one_that_hangs_up_in_the_handshake_is_a_tls_failure() -> None:
    with fakes.serve() as server, pytest.raises(Unreachable) as caught:
        fetch(Upstream(server.url.replace("http:", "https:"), AUTHORITY.bundle))
    assert caught.value.stage == Stage.TLS
