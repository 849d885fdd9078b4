"""Conversations over a WebSocket: to checked addresses alone, and at nobody else's cost."""

import asyncio
import ssl
from typing import Any

import pytest

from apps.http import (
    CONNECTIONS_PER_UPSTREAM,
    Call,
    Reply,
    Stage,
    Unreachable,
    Upstream,
    ask,
    converse,
)
from tests.factories.certificates import Authority
from tests.fakes.talker import Talker, farewell, frame, talks

AUTHORITY = Authority()
NAME = "api.example.net"
PROTOCOLS = ("v5.channel.k8s.io",)


class Heard:
    """Whatever is said, in order; nothing that just ends is whole."""

    has_heard_all = False

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def begin(self) -> None:
        self.messages.append(b"begun")

    def hear(self, message: bytes) -> None:
        self.messages.append(message)


async def talk(upstream: Upstream, listener: Heard | None = None, seconds: float = 5) -> Reply:
    return await converse(upstream, Call("/", deadline=seconds), PROTOCOLS, listener or Heard())


async def failure(upstream: Upstream, seconds: float = 5) -> tuple[Stage, str]:
    with pytest.raises(Unreachable) as caught:
        await talk(upstream, seconds=seconds)
    return caught.value.stage, caught.value.reason


async def test_messages_are_heard_in_order_until_the_farewell() -> None:
    async with talks(Talker([frame(b"one"), frame(b"two"), farewell()])) as talker:
        heard = Heard()
        assert (await talk(Upstream(talker.url), heard)).status == 101
    assert heard.messages == [b"begun", b"one", b"two"]


async def test_this_machine_is_not_talked_to_unless_that_is_allowed(settings: Any) -> None:
    settings.ALLOW_LOOPBACK_UPSTREAMS = False
    async with talks(Talker([farewell()])) as talker:
        stage, why = await failure(Upstream(talker.url))
        assert (stage, talker.request) == (Stage.DNS, "")
    assert "AIOPS_ALLOW_LOOPBACK_UPSTREAMS" in why


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    headers = {"Location": "http://127.0.0.1:1/", "Content-Length": "0"}
    async with talks(Talker(line="HTTP/1.1 302 Found", headers=headers)) as talker:
        assert (await talk(Upstream(talker.url))).status == 302


async def test_the_clusters_own_authority_counts_and_the_client_certificate_is_shown() -> None:
    context = AUTHORITY.sign(NAME).shown_by_a_server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=AUTHORITY.bundle)
    client = AUTHORITY.sign("somebody", client=True)
    ours = {"client_certificate": client.certificate, "client_key": client.key}
    async with talks(Talker([farewell()], tls=context)) as talker:
        known = Upstream(talker.url, AUTHORITY.bundle, server_name=NAME, **ours)
        assert (await talk(known)).certificate_expires_at is not None
        assert talker.shown[0]["subject"] == ((("commonName", "somebody"),),)
        stranger = Upstream(talker.url, Authority().bundle, server_name=NAME, **ours)
        assert (await failure(stranger))[0] == Stage.TLS
        other = Upstream(talker.url, AUTHORITY.bundle, server_name="another.example.net", **ours)
        assert (await failure(other))[0] == Stage.TLS


async def test_conversations_that_hang_leave_the_seats_to_calls() -> None:
    async with talks(Talker(closes=False)) as talker:
        upstream = Upstream(talker.url)
        hanging = [
            asyncio.create_task(failure(upstream, seconds=0.6))
            for _ in range(2 * CONNECTIONS_PER_UPSTREAM)
        ]
        await talker.until(len(hanging))
        # It is answered, if by nonsense: it did not wait for one of them to end.
        with pytest.raises(Unreachable) as caught:
            await ask(upstream, Call("/", deadline=5))
        assert caught.value.stage == Stage.PROTOCOL
        assert not any(task.done() for task in hanging)
        assert {stage for stage, _ in await asyncio.gather(*hanging)} == {Stage.TIMEOUT}


async def test_who_is_cancelled_leaves_no_connection_behind() -> None:
    async with talks(Talker(closes=False)) as talker:
        task = asyncio.create_task(talk(Upstream(talker.url)))
        await talker.until(1)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        # The other side's part of it ends with ours.
        await talker.until(0)


async def test_a_token_that_no_header_carries_is_not_quoted() -> None:
    stage, why = await failure(Upstream("http://127.0.0.1:1", token="canary\r\nX: y"))
    assert (stage, why) == (Stage.PROTOCOL, "its address or token cannot be sent")
