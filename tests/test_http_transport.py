"""Clients of httpx2, and so OpenAI's, over our one way out: streamed, bounded, tidy."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

import httpx2
import openai
import pytest

from apps.http import MIB, Call, Unreachable, Upstream, ask
from apps.http.transport import Transport
from tests.fakes import upstream as fakes
from tests.fakes.upstream import Behaviour, Raw

EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CHAT = "/v1/chat/completions"

Client = Callable[..., httpx2.AsyncClient]


@pytest.fixture
def server() -> Iterator[fakes.Upstream]:
    with fakes.serve({"/ok": (200, {"fine": True})}) as running:
        yield running


@pytest.fixture
async def client(server: fakes.Upstream) -> AsyncIterator[Client]:
    made: list[httpx2.AsyncClient] = []

    def client(token: str = "", **bounds: float) -> httpx2.AsyncClient:
        transport = Transport(Upstream(server.url, token=token), **bounds)  # type: ignore[arg-type]
        made.append(httpx2.AsyncClient(transport=transport, base_url=server.url))
        return made[-1]

    yield client
    for each in made:
        await each.aclose()


async def read(client: httpx2.AsyncClient, path: str, came: list[bytes]) -> None:
    async with client.stream("GET", path) as answer:
        async for piece in answer.aiter_bytes():
            came.append(piece)  # noqa: PERF401  # what came before a failure counts


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(text: str) -> bytes:
    delta = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
    data = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return chunk(b"data: %s\n\n" % json.dumps({**data, "choices": [delta]}).encode())


async def test_a_request_and_its_answer_go_through_whole(
    server: fakes.Upstream, client: Client
) -> None:
    server.headers.update({"X-Said": "yes", "Set-Cookie": "session=1"})
    for _ in range(2):
        answer = await client().post("/ok", params={"q": "a b&c"}, json={"a": 1})
        assert (answer.status_code, answer.json()) == (200, {"fine": True})
        assert answer.headers["x-said"] == "yes"
    await client().get("/ok", headers={"Authorization": "Bearer theirs"})
    post, again, get = server.requests
    assert (post.body, post.headers["content-type"]) == ('{"a":1}', "application/json")
    assert post.headers["accept-encoding"] == "identity"
    assert "cookie" not in again.headers
    assert "content-length" not in get.headers
    assert get.headers["authorization"] == "Bearer theirs"
    assert server.connections == 1


async def test_the_upstreams_own_token_is_shown_where_it_has_one(
    server: fakes.Upstream, client: Client
) -> None:
    await client("ours").get("/ok", headers={"Authorization": "Bearer theirs"})
    assert server.requests[0].headers["authorization"] == "Bearer ours"


async def test_it_leads_to_its_upstream_alone(server: fakes.Upstream, client: Client) -> None:
    with fakes.serve({"/ok": (200, "stolen")}) as thief:
        server.answers["/moved"] = (302, "")
        server.headers["Location"] = f"{thief.url}/ok"
        with pytest.raises(httpx2.LocalProtocolError):
            await client("ours").get("/moved", follow_redirects=True)
        assert thief.requests == []


async def test_where_no_cluster_can_be_nobody_is_asked() -> None:
    url = "http://169.254.169.254"
    async with httpx2.AsyncClient(transport=Transport(Upstream(url))) as client:
        with pytest.raises(httpx2.ConnectError) as caught:
            await client.get(url)
    assert isinstance(caught.value.__cause__, Unreachable)


@pytest.mark.parametrize("headers", [{"X": "a\r\nb: c"}, {"X": "canary\0"}])
async def test_what_no_header_can_carry_is_not_sent(
    server: fakes.Upstream, client: Client, headers: dict[str, str]
) -> None:
    with pytest.raises(httpx2.LocalProtocolError) as caught:
        await client().get("/ok", headers=headers)
    assert "canary" not in str(caught.value)
    assert server.requests == []


async def test_the_deadline_covers_a_whole_stream(server: fakes.Upstream, client: Client) -> None:
    server.answers["/drip"] = Behaviour.DRIP
    came: list[bytes] = []
    with pytest.raises(httpx2.ReadTimeout, match=r"no answer in 0\.4 s"):
        await read(client(deadline=0.4), "/drip", came)
    assert came
    assert not b"".join(came).strip()


async def test_the_clients_own_patience_holds_for_silence(
    server: fakes.Upstream, client: Client
) -> None:
    server.answers["/silent"] = Behaviour.HANG
    server.answers["/stops"] = Behaviour.HANG_IN_BODY
    for path in ("/silent", "/stops"):
        with pytest.raises(httpx2.ReadTimeout, match=r"nothing came in 0\.2 s"):
            await client().get(path, timeout=0.2)


@pytest.mark.parametrize(
    ("answer", "size"),
    [
        ((200, b"x" * (MIB + 1)), 0),
        (Raw(EVENTS + chunk(b"x" * MIB) + chunk(b"x") + b"0\r\n\r\n"), MIB),
        (Raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MIB + 1), then="close"), MIB),
    ],
)
async def test_an_answer_over_the_cap_breaks_off(
    server: fakes.Upstream, client: Client, answer: fakes.Answer, size: int
) -> None:
    server.answers["/big"] = answer
    came: list[bytes] = []
    with pytest.raises(httpx2.RemoteProtocolError, match="larger than 1 MiB"):
        await read(client(cap=MIB), "/big", came)
    assert sum(map(len, came)) <= size
    server.answers["/fits"] = (200, b"x" * MIB)
    assert len((await client(cap=MIB).get("/fits")).content) == MIB


async def test_a_compressed_or_broken_answer_is_a_protocol_failure(
    server: fakes.Upstream, client: Client
) -> None:
    server.answers["/gzip"] = Raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nx", "close")
    server.answers["/cut"] = Behaviour.CUT
    for path in ("/gzip", "/cut"):
        with pytest.raises(httpx2.RemoteProtocolError):
            await client().get(path)


async def test_a_stream_that_is_left_gives_its_connection_up(
    server: fakes.Upstream, client: Client
) -> None:
    server.answers["/stops"] = Behaviour.HANG_IN_BODY
    for _ in range(12):
        # More often than an upstream has connections.
        async with client().stream("GET", "/stops") as answer:
            async for piece in answer.aiter_bytes():
                assert piece == b"{"
                break
    assert (await client().get("/ok")).json() == {"fine": True}
    assert len(asyncio.all_tasks()) == 1


async def test_one_that_still_reads_a_closed_stream_is_told(
    server: fakes.Upstream, client: Client
) -> None:
    server.answers["/stops"] = Behaviour.HANG_IN_BODY
    async with client().stream("GET", "/stops") as answer:
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"{"
        rest = asyncio.create_task(anext(pieces))
        await asyncio.sleep(0)
        await answer.aclose()
        with pytest.raises(httpx2.ReadError):
            await rest


async def test_a_caller_may_leave_at_any_moment(server: fakes.Upstream, client: Client) -> None:
    async def read() -> bytes:
        return (await client().get("/ok")).content

    for turns in range(1_000):
        task = asyncio.create_task(read())
        for _ in range(turns):
            await asyncio.sleep(0)
        if task.done():
            break
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert (await ask(Upstream(server.url), Call("/ok"))).body == b'{"fine": true}'
    assert await task == b'{"fine": true}'
    assert len(asyncio.all_tasks()) == 1


async def test_openais_client_reads_words_as_they_come() -> None:
    heard, first_read = [], threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def speak() -> None:
        connection, _ = listener.accept()
        with connection:
            heard.append(connection.recv(65_536))
            connection.sendall(EVENTS + event("Hello"))
            # The second word is not said before the first was read.
            if first_read.wait(5):
                connection.sendall(event(" there") + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
                connection.recv(1)

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    words = []
    async with httpx2.AsyncClient(transport=Transport(Upstream(url, token="ours"))) as http:
        model = openai.AsyncOpenAI(api_key="none", base_url=f"{url}/v1", http_client=http)
        answer = await model.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Hi"}], stream=True
        )
        async for part in answer:
            words.append(part.choices[0].delta.content)
            first_read.set()
    assert words == ["Hello", " there"]
    assert heard[0].startswith(f"POST {CHAT} HTTP/1.1\r\n".encode())
    assert b"\r\nAuthorization: Bearer ours\r\n" in heard[0]
    listener.close()


async def test_openais_client_reads_an_answer_and_a_refusal(
    server: fakes.Upstream, client: Client
) -> None:
    said = {"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}
    data = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [said]}
    server.headers["Content-Type"] = "application/json"
    server.answers[CHAT] = (200, data)
    model = openai.AsyncOpenAI(
        api_key="key", base_url=f"{server.url}/v1", http_client=client(), max_retries=0
    )
    answer = await model.chat.completions.create(model="m", messages=[])
    assert answer.choices[0].message.content == "ok"
    server.answers[CHAT] = (401, {"error": {"message": "no"}})
    with pytest.raises(openai.AuthenticationError):
        await model.chat.completions.create(model="m", messages=[])
    server.answers[CHAT] = Behaviour.CUT
    with pytest.raises(openai.APIConnectionError):
        await model.chat.completions.create(model="m", messages=[])
