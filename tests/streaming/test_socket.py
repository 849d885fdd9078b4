"""The socket at /ws: the whole ASGI application, real sessions and tokens, the real log."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from apps.accounts.models import ApiToken, User
from apps.clusters import events
from apps.clusters.actions import registration
from apps.clusters.models import Cluster
from apps.streaming import consumer, log, protocol
from apps.streaming.outbox import CAPACITY
from tests.factories import make_cluster
from tests.streaming.browser import SAME, Browser, browser_of, session_of, tell

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_signed_in_browser_is_let_in_and_hears_events(admin: User, red: Cluster) -> None:
    async with await browser_of(admin) as browser:
        hello = await browser.receive()
        assert (hello["type"], hello["status"]) == ("auth_response", "authenticated")
        answer = await browser.subscribe()
        assert answer["type"] == "subscribed"
        event_id = await tell(red)
        frame = await browser.receive()
        assert frame["type"] == "event"
        assert frame["event"]["event_id"] == event_id
        assert frame["event"]["event_type"] == "CLUSTER_UPDATED"
        assert frame["event"]["cluster_name"] == "red"
        assert frame["event"]["payload"]["name"] == "red"


@pytest.mark.parametrize("origin", [b"http://evil.example", b"null", b"http://testserver:81"])
async def test_a_session_does_not_count_for_another_site(admin: User, origin: bytes) -> None:
    async with await browser_of(admin, origin) as browser:
        assert (await browser.receive())["code"] == "AUTH_FAILED"
        assert await browser.closed_with() == consumer.NOT_SIGNED_IN


@pytest.mark.parametrize(
    ("said", "origin", "first"),
    [
        (b"https", b"https://testserver", "auth_response"),
        (b"https", b"http://testserver", "error"),
        (b"wss", b"http://testserver", "error"),
        (b"http", b"http://testserver", "auth_response"),
    ],
)
async def test_behind_tls_a_page_without_it_is_another_site(
    admin: User, settings: Any, said: bytes, origin: bytes, first: str
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    async with await browser_of(admin, origin, (b"x-forwarded-proto", said)) as browser:
        assert (await browser.receive())["type"] == first


async def test_a_browser_without_a_session_is_sent_away_at_once(transactional_db: None) -> None:
    async with Browser((b"origin", SAME)) as browser:
        assert (await browser.receive())["code"] == "AUTH_FAILED"
        assert await browser.closed_with() == consumer.NOT_SIGNED_IN


async def test_a_session_without_an_origin_must_show_a_token(admin: User) -> None:
    async with Browser(await sync_to_async(session_of)(admin)) as browser:
        assert await browser.wire.receive_nothing()
        assert (await browser.subscribe())["code"] == "AUTH_FAILED"


async def test_an_api_token_in_the_first_message_signs_in(admin: User) -> None:
    _, text = await sync_to_async(ApiToken.issue)(admin, "script")
    async with Browser() as browser:
        await browser.send(type="auth", token=text)
        assert (await browser.receive())["type"] == "auth_response"


async def test_a_wrong_token_is_refused_and_the_socket_closed(admin: User) -> None:
    async with Browser() as browser:
        await browser.send(type="auth", token="aiops_000000000000.wrong")
        assert (await browser.receive())["code"] == "AUTH_FAILED"
        assert await browser.closed_with() == consumer.NOT_SIGNED_IN


async def test_silence_instead_of_a_token_ends_the_connection(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "AUTH_SECONDS", 0.05)
    async with Browser() as browser:
        assert (await browser.receive())["code"] == "AUTH_FAILED"
        assert await browser.closed_with() == consumer.NOT_SIGNED_IN


async def test_nobody_hears_of_clusters_that_they_may_not_see(
    viewer_of_blue: User, red: Cluster
) -> None:
    blue = await sync_to_async(make_cluster)("blue", labels={"team": "blue"})
    async with await browser_of(viewer_of_blue) as browser:
        await browser.receive()
        await browser.subscribe()
        await tell(red)
        await tell(blue)
        assert (await browser.receive())["event"]["cluster_name"] == "blue"


async def test_a_cluster_that_comes_into_sight_is_heard_of_at_once(viewer_of_blue: User) -> None:
    async with await browser_of(viewer_of_blue) as browser:
        await browser.receive()
        await browser.subscribe()
        await sync_to_async(make_cluster)("new-blue", labels={"team": "blue"})
        # There may be more of it than this one event tells: the client asks again.
        assert (await browser.receive())["type"] == "gap"
        event = (await browser.receive())["event"]
        assert (event["event_type"], event["cluster_name"]) == ("CLUSTER_REGISTERED", "new-blue")


async def test_a_deletion_is_heard_by_those_who_saw_the_cluster(viewer_of_blue: User) -> None:
    blue = await sync_to_async(make_cluster)("blue", labels={"team": "blue"})
    async with await browser_of(viewer_of_blue) as browser:
        await browser.receive()
        await browser.subscribe()
        await sync_to_async(registration.retire)(blue)
        assert (await browser.receive())["event"]["event_type"] == "CLUSTER_DELETED"


async def test_only_wanted_types_and_clusters_arrive(admin: User, red: Cluster) -> None:
    other = await sync_to_async(make_cluster)("other")
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.subscribe(event_types=["CLUSTER_UPDATED"], cluster_filter=[str(red.pk)])
        await tell(other)
        await sync_to_async(log.append)(events.credentials_updated(red))
        await tell(red)
        event = (await browser.receive())["event"]
        assert (event["event_type"], event["cluster_name"]) == ("CLUSTER_UPDATED", "red")


async def test_unsubscribed_types_stop(admin: User, red: Cluster) -> None:
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.subscribe()
        await browser.send(type="unsubscribe", event_types=["CLUSTER_UPDATED"])
        assert (await browser.receive())["type"] == "unsubscribed"
        await tell(red)
        await sync_to_async(log.append)(events.credentials_updated(red))
        event = (await browser.receive())["event"]
        assert event["event_type"] == "CLUSTER_CREDENTIALS_UPDATED"


async def test_a_returning_client_gets_what_it_missed_in_order(admin: User, red: Cluster) -> None:
    first = await tell(red)
    missed = [await tell(red) for _ in range(3)]
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.subscribe(last_event_id=first)
        missed.append(await tell(red))
        received = [(await browser.receive())["event"]["event_id"] for _ in range(4)]
        assert received == missed


async def test_a_past_that_is_gone_is_told_as_a_gap(admin: User, red: Cluster) -> None:
    oldest = await tell(red)
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.subscribe(last_event_id="1-0")
        frame = await browser.receive()
        assert (frame["type"], frame["from"]) == ("gap", "1-0")
        assert log.order_of(frame["to"]) <= log.order_of(oldest)


async def test_more_than_the_queue_holds_drops_the_oldest_and_says_so(
    admin: User, red: Cluster
) -> None:
    first = await tell(red)
    later = [await tell(red) for _ in range(CAPACITY + 20)]
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.subscribe(last_event_id=first)
        gap = await browser.receive()
        assert (gap["type"], gap["from"], gap["to"]) == ("gap", later[0], later[19])
        assert (await browser.receive())["event"]["event_id"] == later[20]


async def test_a_client_that_is_ahead_of_the_log_is_told_of_a_gap(
    admin: User, red: Cluster
) -> None:
    """The log was emptied while the client was away."""
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.subscribe(last_event_id="9999999999999-0")
        assert (await browser.receive())["type"] == "gap"


@pytest.mark.parametrize("timestamp", [1769860800000, 1769860800.5, 1e30, None])
async def test_a_number_tells_the_time_too(admin: User, timestamp: float | None) -> None:
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.send(type="ping", timestamp=timestamp)
        assert (await browser.receive())["timestamp"] == timestamp


async def test_ping_is_answered_with_both_times(admin: User) -> None:
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.send(type="ping", timestamp="2026-01-31T12:00:00Z")
        pong = await browser.receive()
        assert (pong["type"], pong["timestamp"]) == ("pong", "2026-01-31T12:00:00Z")
        assert pong["server_time"].endswith("Z")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "INVALID_MESSAGE"),
        ("[]", "INVALID_MESSAGE"),
        ('{"type": "shout"}', "INVALID_MESSAGE"),
        ('{"type": "ping", "pad": "%s"}' % ("x" * 70_000), "INVALID_MESSAGE"),
        ('{"type": "ping", "pad": "%s"}' % ("\u00e9" * 33_000), "INVALID_MESSAGE"),
        ('{"type": "ping", "timestamp": "%s"}' % ("x" * 65), "INVALID_MESSAGE"),
        ('{"type": "ping", "timestamp": 1%s}' % ("0" * 400), "INVALID_MESSAGE"),
        ('{"type": "ping", "timestamp": {"a": 1}}', "INVALID_MESSAGE"),
        ('{"type": "subscribe"}', "INVALID_SUBSCRIPTION"),
        ('{"type": "subscribe", "subscription": {"event_types": ["NO"]}}', "INVALID_SUBSCRIPTION"),
        (
            '{"type": "subscribe", "subscription": {"last_event_id": "x"}}',
            "INVALID_SUBSCRIPTION",
        ),
        (
            '{"type": "subscribe", "subscription": {"last_event_id": "%s"}}' % ("9" * 25),
            "INVALID_SUBSCRIPTION",
        ),
    ],
)
async def test_a_bad_message_is_answered_and_the_socket_stays(
    admin: User, text: str, code: str
) -> None:
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.wire.send_to(text_data=text)
        answer = await browser.receive()
        assert (answer["type"], answer["code"]) == ("error", code)
        assert (await browser.subscribe())["type"] == "subscribed"


async def test_binary_messages_are_refused(admin: User) -> None:
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.wire.send_to(bytes_data=b"\x00")
        assert (await browser.receive())["code"] == "INVALID_MESSAGE"
