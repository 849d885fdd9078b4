"""The one way out: stated failures, one deadline, a size cap, no redirect, nothing leaked."""

import asyncio
import gc
import socket
import time
import warnings
from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync

from apps.http import CONNECTIONS_PER_UPSTREAM, MIB, Call, Stage, Unreachable, Upstream, ask
from tests.fakes import upstream as fakes
from tests.fakes.upstream import Behaviour


@pytest.fixture
def server() -> Iterator[fakes.Upstream]:
    with fakes.serve({"/ok": (200, {"fine": True})}) as running:
        yield running


def fetch(url: str, path: str = "/ok", **call: object) -> bytes:
    return async_to_sync(ask)(Upstream(url), Call(path, **call)).body  # type: ignore[arg-type]


def failure(url: str, path: str = "/ok", **call: object) -> tuple[Stage, str]:
    with pytest.raises(Unreachable) as caught:
        fetch(url, path, **call)
    return caught.value.stage, caught.value.reason


def test_an_answer_comes_back_whole(server: fakes.Upstream) -> None:
    assert fetch(server.url) == b'{"fine": true}'


def test_a_refused_connection_is_a_tcp_failure() -> None:
    assert failure("http://127.0.0.1:1") == (Stage.TCP, "connection refused")


def test_an_unknown_host_is_a_dns_failure() -> None:
    assert failure("http://nowhere.invalid")[0] == Stage.DNS


def test_plain_text_where_tls_was_expected_is_a_tls_failure(server: fakes.Upstream) -> None:
    assert failure(server.url.replace("http:", "https:"))[0] == Stage.TLS


@pytest.mark.parametrize("behaviour", [Behaviour.HANG, Behaviour.DRIP, Behaviour.HANG_IN_BODY])
def test_the_deadline_covers_the_whole_call(server: fakes.Upstream, behaviour: Behaviour) -> None:
    server.answers["/slow"] = behaviour
    started = time.perf_counter()
    with pytest.raises(Unreachable) as caught:
        fetch(server.url, "/slow", deadline=0.4)
    assert (caught.value.stage, caught.value.reason) == (Stage.TIMEOUT, "no answer in 0.4 s")
    assert caught.value.during is None
    assert time.perf_counter() - started < 2


def test_an_answer_that_breaks_off_is_a_failure(server: fakes.Upstream) -> None:
    server.answers["/cut"] = Behaviour.CUT
    assert failure(server.url, "/cut")[0] == Stage.PROTOCOL


def test_an_answer_over_the_cap_is_refused(server: fakes.Upstream) -> None:
    server.answers["/big"] = (200, b"x" * (MIB + 1))
    assert failure(server.url, "/big", cap=MIB) == (
        Stage.SIZE,
        "the answer is larger than 1 MiB",
    )


def test_a_redirect_is_not_followed(server: fakes.Upstream) -> None:
    with fakes.serve({"/ok": (200, "stolen")}) as thief:
        server.answers["/moved"] = (302, "")
        server.headers["Location"] = f"{thief.url}/ok"
        reply = async_to_sync(ask)(Upstream(server.url, token="secret-token"), Call("/moved"))
        assert reply.status == 302
        assert thief.requests == []


def test_a_proxy_of_the_environment_is_ignored(
    server: fakes.Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert fetch(server.url) == b'{"fine": true}'


def test_a_token_is_in_no_representation_and_no_failure() -> None:
    upstream = Upstream("http://127.0.0.1:1", token="canary-of-the-token")
    with pytest.raises(Unreachable) as caught:
        async_to_sync(ask)(upstream, Call("/"))
    assert "canary" not in repr(upstream) + repr(caught.value) + str(caught.value.__cause__)


def test_a_connection_that_is_never_accepted_hangs_in_tcp() -> None:
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        # The queue has room for one more than it is given; then the system answers nobody.
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        with pytest.raises(Unreachable) as caught:
            fetch(f"http://127.0.0.1:{listener.getsockname()[1]}", deadline=0.3)
    assert (caught.value.stage, caught.value.during) == (Stage.TIMEOUT, Stage.TCP)


async def test_connections_are_reused_within_a_loop(server: fakes.Upstream) -> None:
    for _ in range(3):
        await ask(Upstream(server.url), Call("/ok"))
    assert (len(server.requests), server.connections) == (3, 1)


async def test_after_an_answer_that_says_so_the_connection_is_not_kept(
    server: fakes.Upstream,
) -> None:
    server.headers["Connection"] = "close"
    for _ in range(3):
        await ask(Upstream(server.url), Call("/ok"))
    assert (len(server.requests), server.connections) == (3, 3)


async def test_a_question_that_changes_nothing_is_asked_again_on_a_new_connection(
    server: fakes.Upstream,
) -> None:
    server.served_by_one = 1
    for _ in range(3):
        await ask(Upstream(server.url), Call("/ok"))
    # Read, left without an answer, asked anew: twice after the first.
    assert (len(server.requests), server.connections) == (5, 3)


async def test_a_call_brings_headers_of_its_own_and_no_line_break(server: fakes.Upstream) -> None:
    signed = Call("/ok", json=b"{}", fields=(("webhook-signature", "v1,c2lnbmVk"),))
    await ask(Upstream(server.url), signed)
    await ask(Upstream(server.url), Call("/ok", json=b"{}"))
    shown = [request.headers.get("webhook-signature") for request in server.requests]
    assert shown == ["v1,c2lnbmVk", None]
    with pytest.raises(Unreachable):
        await ask(Upstream(server.url), Call("/ok", fields=(("x", "1\r\nHost: evil"),)))
    assert len(server.requests) == 2


async def test_what_may_change_something_is_never_sent_twice(server: fakes.Upstream) -> None:
    server.served_by_one = 1
    await ask(Upstream(server.url), Call("/ok"))
    with pytest.raises(Unreachable) as caught:
        await ask(Upstream(server.url), Call("/ok", form={"a": "b"}))
    assert caught.value.reason == "the connection broke before an answer came"
    assert [request.method for request in server.requests] == ["GET", "POST"]


async def test_an_upstream_is_never_asked_by_more_connections_than_its_own(
    server: fakes.Upstream,
) -> None:
    await asyncio.gather(*(ask(Upstream(server.url), Call("/ok")) for _ in range(50)))
    assert len(server.requests) == 50
    assert server.connections <= CONNECTIONS_PER_UPSTREAM


async def test_cookies_are_not_kept(server: fakes.Upstream) -> None:
    server.headers["Set-Cookie"] = "session=1"
    for _ in range(2):
        await ask(Upstream(server.url), Call("/ok"))
    assert all("cookie" not in request.headers for request in server.requests)


async def test_one_that_gives_up_leaves_no_half_answer_to_the_next(server: fakes.Upstream) -> None:
    server.answers["/slow"] = Behaviour.HANG_IN_BODY
    await ask(Upstream(server.url), Call("/ok"))
    asking = asyncio.create_task(ask(Upstream(server.url), Call("/slow")))
    while "/slow" not in server.paths() and not asking.done():  # noqa: ASYNC110 - a fact of another thread
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await ask(Upstream(server.url), Call("/ok"))).body == b'{"fine": true}'
    assert server.connections == 2


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("https://10.0.0.256:6443", ""),
        ("https://[::1]x:1", ""),
        ("http://127.0.0.1:1", "a token with “quotes”"),
    ],
)
def test_what_cannot_be_sent_is_a_failure_that_quotes_nothing(url: str, token: str) -> None:
    with pytest.raises(Unreachable) as caught:
        async_to_sync(ask)(Upstream(url, token=token), Call("/"))
    assert not token or token not in str(caught.value)
    assert Upstream(url).address


def test_a_loop_that_ends_leaves_no_connection_open(server: fakes.Upstream) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(_twice(server.url))
        gc.collect()


async def _twice(url: str) -> None:
    await ask(Upstream(url), Call("/ok"))
    await ask(Upstream(url), Call("/ok"))
