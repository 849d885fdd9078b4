"""What is taken for an answer: exactly what the standard calls one, and within bounds."""

import gzip
import itertools
import random
from collections.abc import Iterator

import h11
import pytest
from asgiref.sync import async_to_sync
from hypothesis import given
from hypothesis import strategies as st

from apps.http import MIB, Call, Reply, Stage, Unreachable, Upstream, ask
from apps.http.wire import HEAD_CAP, Answer
from tests.fakes import upstream as fakes
from tests.fakes.upstream import Raw

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def server() -> Iterator[fakes.Upstream]:
    with fakes.serve() as running:
        yield running


def reply_to(server: fakes.Upstream, sent: bytes, **call: object) -> Reply:
    server.answers["/"] = Raw(sent, then="close")
    return async_to_sync(ask)(Upstream(server.url), Call("/", deadline=5, **call))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (HEAD + b"Content-Length: 2\r\n\r\nok", b"ok"),
        (HEAD + b"content-length:2\r\n\r\nok", b"ok"),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (HEAD + b"\r\nuntil the end", b"until the end"),
        (b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (CHUNKED + b"2\r\nok\r\n0\r\n\r\n", b"ok"),
        (CHUNKED + b"1;a=b\r\no\r\n001 \r\nk\r\n0\r\nTrailer: x\r\n\r\n", b"ok"),
        (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 204 None\r\n\r\n", b""),
        (HEAD + b"Content-Length: 2\r\nContent-Encoding: identity\r\n\r\nok", b"ok"),
    ],
)
def test_an_answer_is_read_as_it_was_meant(
    server: fakes.Upstream, sent: bytes, body: bytes
) -> None:
    assert reply_to(server, sent).body == body


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        HEAD + b"Content-Length: -2\r\n\r\nok",
        HEAD + b"Content-Length: +2\r\n\r\nok",
        HEAD + b"Content-Length: 2, 2\r\n\r\nok",
        HEAD + b"Content-Length: \xb2\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: identity\r\n\r\nok",
        HEAD + b"Folded: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
        HEAD + b"No colon here\r\n\r\nok",
        HEAD + b"Content-Length : 2\r\n\r\nok",
        HEAD + b"Null: \x00\r\nContent-Length: 2\r\n\r\nok",
        HEAD + b"Content-Length: 3\r\n\r\nok",
        CHUNKED + b"2\r\nokay\r\n0\r\n\r\n",
        CHUNKED + b"-2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"2\r\nok\r\n",
        CHUNKED + b"2" * 2000,
        b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 9 + HEAD + b"Content-Length: 0\r\n\r\n",
        b"",
    ],
)
def test_what_is_no_whole_answer_is_a_failure(server: fakes.Upstream, sent: bytes) -> None:
    with pytest.raises(Unreachable) as caught:
        reply_to(server, sent)
    assert caught.value.stage == Stage.PROTOCOL
    assert "the connection broke" in caught.value.reason


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"X-Long: " + b"x" * HEAD_CAP + b"\r\n\r\n",
        HEAD + b"X: y\r\n" * 100_000 + b"Content-Length: 0\r\n\r\n",
        HEAD + b"Content-Length: 999999999999\r\n\r\n",
        CHUNKED + b"FFFFFFFFF\r\n",
        CHUNKED + b"0\r\n" + b"T: x\r\n" * 5000 + b"\r\n",
        HEAD + b"\r\n" + b"x" * (MIB + 1),
    ],
)
def test_what_has_no_measure_is_refused(server: fakes.Upstream, sent: bytes) -> None:
    with pytest.raises(Unreachable) as caught:
        reply_to(server, sent, cap=MIB)
    assert caught.value.stage == Stage.SIZE


def test_chunks_of_single_bytes_are_refused_before_they_cost_much(server: fakes.Upstream) -> None:
    with pytest.raises(Unreachable) as caught:
        reply_to(server, CHUNKED + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n", cap=MIB)
    assert "no valid chunks" in caught.value.reason


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"zstd", b"identity, gzip"])
def test_a_compressed_answer_is_refused_unopened(server: fakes.Upstream, coding: bytes) -> None:
    bomb = gzip.compress(b"0" * 50 * MIB)
    head = HEAD + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (coding, len(bomb))
    with pytest.raises(Unreachable) as caught:
        reply_to(server, head + bomb)
    assert caught.value.reason == "it answers compressed, although asked not to"


def test_bytes_after_an_answer_are_no_answer_to_the_next_question(server: fakes.Upstream) -> None:
    stolen = HEAD + b"Content-Length: 6\r\n\r\nstolen"
    server.answers["/first"] = Raw(HEAD + b"Content-Length: 2\r\n\r\nok" + stolen)
    server.answers["/second"] = (200, "mine")

    async def both() -> bytes:
        await ask(Upstream(server.url), Call("/first"))
        return (await ask(Upstream(server.url), Call("/second"))).body

    assert async_to_sync(both)() == b"mine"


def test_what_is_asked_arrives_as_it_was_meant(server: fakes.Upstream) -> None:
    server.answers["/a b/ü"] = (200, "never: a path is quoted")
    server.answers["/a%20b/%C3%BC"] = (200, "quoted")
    call = Call("/a b/ü", {"match[]": ['up{x="y"}', "a&b=c"], "q": "1 + 1"})
    reply = async_to_sync(ask)(Upstream(server.url, token="t0k3n"), call)
    assert reply.body == b"quoted"
    [request] = server.requests
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert request.headers["authorization"] == "Bearer t0k3n"
    assert request.headers["accept-encoding"] == "identity"


def test_a_form_and_a_json_are_posted_whole(server: fakes.Upstream) -> None:
    server.answers["/"] = (200, "ok")
    upstream = Upstream(server.url)
    async_to_sync(ask)(upstream, Call("/", form={"query": "a + b", "x": ["1", "2"]}))
    async_to_sync(ask)(upstream, Call("/", json=b'{"a":1}', method="PUT"))
    async_to_sync(ask)(upstream, Call("/", method="DELETE"))
    assert [(one.method, one.body) for one in server.requests] == [
        ("POST", "query=a+%2B+b&x=1&x=2"),
        ("PUT", '{"a":1}'),
        ("DELETE", ""),
    ]


@pytest.mark.parametrize("token", ["line\r\nbreak", "null\0", "tab\t", "umläut"])
def test_a_token_that_no_header_can_carry_is_not_quoted(token: str) -> None:
    with pytest.raises(Unreachable) as caught:
        async_to_sync(ask)(Upstream("http://127.0.0.1:1", token=token), Call("/"))
    assert caught.value.reason == "its address or token cannot be sent"


BODIES = st.binary(max_size=300)
FIELDS = st.lists(
    st.tuples(
        st.from_regex(rb"\AX-[a-z]{1,8}\Z"),
        st.from_regex(rb"\A[!-~]([ -~]{0,20}[!-~])?\Z"),
    ),
    max_size=4,
)


def _cut(data: bytes, seed: int) -> list[bytes]:
    places = sorted(random.Random(seed).choices(range(len(data) + 1), k=6))
    bounds = [0, *places, len(data)]
    return [data[start:end] for start, end in itertools.pairwise(bounds) if end > start]


@given(BODIES, FIELDS, st.booleans(), st.integers(100, 599), st.integers())
def test_every_valid_answer_is_read_as_h11_reads_it(
    body: bytes, fields: list[tuple[bytes, bytes]], chunked: bool, status: int, seed: int
) -> None:
    writer = h11.Connection(h11.SERVER)
    writer.receive_data(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    writer.next_event()
    status = max(200, status)
    body = b"" if status in {204, 304} else body
    length = (
        (b"Transfer-Encoding", b"chunked") if chunked else (b"Content-Length", b"%d" % len(body))
    )
    head = h11.Response(status_code=status, headers=[*fields, length])
    data = writer.send(head) or b""
    data += (writer.send(h11.Data(data=body)) or b"") + (writer.send(h11.EndOfMessage()) or b"")
    answer = Answer("GET", MIB)
    whole = [answer.feed(piece) for piece in _cut(data, seed)]
    assert whole == [False] * (len(whole) - 1) + [True]
    assert (answer.status, answer.content, answer.keeps_connection) == (status, body, True)


@given(st.binary(max_size=400), st.integers())
def test_no_bytes_at_all_break_the_reader(data: bytes, seed: int) -> None:
    for begin in (b"", HEAD, CHUNKED):
        answer = Answer("GET", 100)
        try:
            for piece in _cut(begin + data, seed):
                answer.feed(piece)
        except Unreachable:
            continue
        assert len(answer.content) <= 100
