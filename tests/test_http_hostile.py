"""Upstreams at their worst: what they say too early or too late, and callers that leave."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync

from apps.http import MIB, Call, Stage, Unreachable, Upstream, ask
from apps.http.pool import Door
from apps.http.wire import Answer
from tests.factories.certificates import Authority
from tests.fakes import upstream as fakes
from tests.fakes.upstream import Raw

AUTHORITY = Authority()
NAME = "api.example.net"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Speak = Callable[[socket.socket], None]


@contextmanager
def speaker(speak: Speak) -> Iterator[str]:
    """The address of one who deals with each connection as he likes, one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    speak(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    return AUTHORITY.sign(NAME).shown_by_a_server()


@pytest.mark.parametrize("line", [b"X: a" + b" " * 60_000 + b"b", b"X:" + b" \t" * 30_000 + b"\0"])
def test_a_header_full_of_blanks_is_read_at_once(line: bytes) -> None:
    # One that tries every way to split the blanks takes minutes for each, longer than a test may.
    for _ in range(20):
        with suppress(Unreachable):
            Answer("GET", 100).feed(b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n")


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive,\tclose\r\nContent-Length: 0", False),
        (b"HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: CLOSE\r\nContent-Length: 0", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 0", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0", False),
        (b"HTTP/1.1 204 None", True),
        (b"HTTP/1.1 204 None\r\nContent-Length: 9", False),
        (b"HTTP/1.1 204 None\r\nTransfer-Encoding: chunked", False),
        (b"HTTP/1.1 304 Same\r\nContent-Length: 9", True),
    ],
)
def test_a_connection_is_kept_only_where_the_next_answer_is_certain(
    head: bytes, kept: bool
) -> None:
    answer = Answer("GET", 100)
    assert answer.feed(head + b"\r\n\r\n")
    assert answer.keeps_connection == kept


def test_chunks_of_an_older_protocol_end_the_connection() -> None:
    answer = Answer("GET", 100)
    head = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert answer.feed(head + b"2\r\nok\r\n0\r\n\r\n")
    assert (answer.content, answer.keeps_connection) == (b"ok", False)


def test_one_that_speaks_with_the_last_word_of_the_handshake_is_a_failure(
    tls: ssl.SSLContext,
) -> None:
    def speak(connection: socket.socket) -> None:
        heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
        # In TLS 1.2 the last word is the server's, and what he adds comes with it.
        side = tls.wrap_bio(heard, said, server_side=True)
        while True:
            heard.write(connection.recv(65_536))
            try:
                side.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(said.read())
        side.write(OK)
        connection.sendall(said.read())
        connection.recv(1)

    before = tls.maximum_version
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with speaker(speak) as where, pytest.raises(Unreachable) as caught:
            async_to_sync(ask)(
                Upstream(f"https://{where}", AUTHORITY.bundle, server_name=NAME),
                Call("/", deadline=5),
            )
    finally:
        tls.maximum_version = before
    assert caught.value.stage == Stage.PROTOCOL


@pytest.mark.parametrize("farewell", [True, False])
def test_an_answer_without_a_length_ends_with_a_farewell(
    tls: ssl.SSLContext, farewell: bool
) -> None:
    def speak(connection: socket.socket) -> None:
        with tls.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65_536)
            secure.sendall(b"HTTP/1.1 200 OK\r\n\r\nall of it")
            if farewell:
                secure.unwrap()

    with speaker(speak) as where:
        upstream = Upstream(f"https://{where}", AUTHORITY.bundle, server_name=NAME)
        if farewell:
            assert async_to_sync(ask)(upstream, Call("/", deadline=5)).body == b"all of it"
            return
        with pytest.raises(Unreachable) as caught:
            async_to_sync(ask)(upstream, Call("/", deadline=5))
    assert caught.value.reason == "the connection broke in the middle of an answer"


@pytest.mark.parametrize("name", [".", ".x", "a\0b", "x" * 300, f"{'a' * 64}.b", "bü..cher", " "])
def test_a_server_name_that_is_none_is_a_tls_failure(tls: ssl.SSLContext, name: str) -> None:
    with fakes.serve(tls=tls) as server, pytest.raises(Unreachable) as caught:
        async_to_sync(ask)(Upstream(server.url, AUTHORITY.bundle, server_name=name), Call("/"))
    assert caught.value.stage == Stage.TLS
    assert server.requests == []


def test_certificates_that_are_no_text_are_a_tls_failure(tls: ssl.SSLContext) -> None:
    broken = {"client_certificate": "\ud800", "client_key": "canary"}
    for change in (broken, {"ca_bundle": "ü"}):
        upstream = Upstream("https://127.0.0.1:1", server_name=NAME, **change)
        with pytest.raises(Unreachable) as caught:
            async_to_sync(ask)(upstream, Call("/"))
        assert caught.value.stage == Stage.TLS


def test_a_word_of_farewell_is_no_answer_to_the_next_question() -> None:
    answered, said = threading.Event(), threading.Event()

    def speak(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(OK)
        answered.wait(5)
        connection.sendall(b"HTTP/1.1 408 Too late\r\nContent-Length: 0\r\n\r\n")
        said.set()

    async def both(upstream: Upstream) -> list[int]:
        first = await ask(upstream, Call("/"))
        answered.set()
        # The loop is busy meanwhile, and reads nothing.
        assert said.wait(5)
        return [first.status, (await ask(upstream, Call("/"))).status]

    with speaker(speak) as where:
        assert async_to_sync(both)(Upstream(f"http://{where}")) == [200, 200]


def test_after_an_answer_to_half_a_question_the_connection_is_not_used_again() -> None:
    heard: list[bytes] = []

    def speak(connection: socket.socket) -> None:
        heard.append(connection.recv(100))
        connection.sendall(OK)
        # Until we leave; whoever read on would take our body for the next question.
        while connection.recv(MIB):
            pass

    async def both(upstream: Upstream) -> None:
        await ask(upstream, Call("/", json=b"x" * 32 * MIB))
        await ask(upstream, Call("/"))

    with speaker(speak) as where:
        async_to_sync(both)(Upstream(f"http://{where}"))
    assert [one.partition(b" ")[0] for one in heard] == [b"POST", b"GET"]


@pytest.mark.parametrize("secure", [False, True])
def test_a_caller_may_leave_at_any_moment(tls: ssl.SSLContext, secure: bool) -> None:
    async def leave(upstream: Upstream) -> int:
        for turns in range(1_000):
            task = asyncio.create_task(ask(upstream, Call("/first")))
            for _ in range(turns):
                await asyncio.sleep(0)
            if task.done():
                assert (await task).body == b"first"
                return turns
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            assert (await ask(upstream, Call("/second"))).body == b"second"
            # Every other time the next one finds no kept connection.
            server.served_by_one = turns % 2 or 1_000_000
        raise AssertionError("it never ends")

    before = len(list(Path("/proc/self/fd").iterdir()))
    paths: dict[str, fakes.Answer] = {
        "/first": Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"),
        "/second": (200, "second"),
    }
    with fakes.serve(paths, tls=tls if secure else None) as server:
        upstream = Upstream(server.url, AUTHORITY.bundle, server_name=NAME)
        assert async_to_sync(leave)(upstream) > 1
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_machine_without_threads_keeps_no_name_from_being_looked_up_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = threading.Thread.start

    def refuse(self: threading.Thread) -> None:
        monkeypatch.setattr(threading.Thread, "start", start)
        raise RuntimeError("can't start new thread")

    async def twice(upstream: Upstream) -> str:
        monkeypatch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(Unreachable) as caught:
            await ask(upstream, Call("/", deadline=5))
        assert caught.value.stage == Stage.DNS
        return (await ask(upstream, Call("/", deadline=5))).body.decode()

    with fakes.serve({"/": (200, "ok")}) as server:
        assert async_to_sync(twice)(Upstream(f"http://localhost:{server.port}")) == "ok"


def test_a_key_is_in_no_representation() -> None:
    assert "canary" not in repr(Door(("host", 443, "canary-of-the-key"), secure=True))
