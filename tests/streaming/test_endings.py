"""How a socket ends: with its sign-in, with its server, by an error; and what does not end it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import caches
from redis.exceptions import RedisError

from apps.accounts.models import ApiToken, User
from apps.clusters.models import Cluster, Grant
from apps.streaming import consumer, hub, log, protocol
from tests.factories import make_cluster
from tests.streaming.browser import Browser, browser_of, tell
from tests.streaming.outages import Rights

pytestmark = pytest.mark.django_db(transaction=True)

NOWHERE = "redis://127.0.0.1:1/0"


async def test_a_revoked_grant_ends_the_hearing(
    viewer_of_blue: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RECHECK_SECONDS", 0.05)
    blue = await sync_to_async(make_cluster)("blue", labels={"team": "blue"})
    async with await browser_of(viewer_of_blue) as browser:
        await browser.receive()
        await browser.subscribe()
        await sync_to_async(Grant.objects.all().delete)()
        # What is shown now is too much: the client asks again, and sees what is left.
        assert (await browser.receive())["type"] == "gap"
        await tell(blue)
        assert await browser.wire.receive_nothing(0.3)


async def test_a_disabled_account_is_put_out(
    viewer_of_blue: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RECHECK_SECONDS", 0.05)
    async with await browser_of(viewer_of_blue) as browser:
        await browser.receive()
        await sync_to_async(User.objects.filter(pk=viewer_of_blue.pk).update)(is_active=False)
        assert (await browser.receive())["code"] == "AUTH_EXPIRED"
        assert await browser.closed_with() == consumer.NOT_SIGNED_IN


async def test_a_silent_client_is_let_go(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "RECHECK_SECONDS", 0.05)
    monkeypatch.setattr(protocol, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(protocol, "GRACE_SECONDS", 0.05)
    async with await browser_of(admin) as browser:
        await browser.receive()
        assert await browser.closed_with() == consumer.TOO_QUIET


async def test_an_outage_of_the_log_is_waited_out(admin: User, red: Cluster) -> None:
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.subscribe()
        async with log.open_reader() as server:
            await server.client_kill_filter(_type="normal", skipme=True)
        event_id = await tell(red)
        assert (await browser.receive())["event"]["event_id"] == event_id


async def test_a_log_that_was_emptied_is_told_as_a_gap(admin: User, red: Cluster) -> None:
    await tell(red)
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.subscribe()
        async with log.open_reader() as server:
            await server.delete(log.STREAM)
            await server.client_kill_filter(_type="normal", skipme=True)
        assert (await browser.receive())["type"] == "gap"


def sign_out(user: User) -> None:
    caches["sessions"].clear()


def change_password(user: User) -> None:
    user.set_password("another one, as long")
    user.save()


@pytest.mark.parametrize("end", [sign_out, change_password])
async def test_a_socket_ends_with_its_session(
    admin: User, monkeypatch: pytest.MonkeyPatch, end: Callable[[User], None]
) -> None:
    monkeypatch.setattr(consumer, "RECHECK_SECONDS", 0.05)
    async with await browser_of(admin) as browser:
        await browser.receive()
        await sync_to_async(end)(admin)
        assert (await browser.receive())["code"] == "AUTH_EXPIRED"
        assert await browser.closed_with() == consumer.NOT_SIGNED_IN


async def test_a_socket_ends_with_its_token(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "RECHECK_SECONDS", 0.05)
    _, text = await sync_to_async(ApiToken.issue)(admin, "script")
    async with Browser() as browser:
        await browser.send(type="auth", token=text)
        await browser.receive()
        await sync_to_async(ApiToken.objects.all().delete)()
        assert (await browser.receive())["code"] == "AUTH_EXPIRED"
        assert await browser.closed_with() == consumer.NOT_SIGNED_IN


async def test_a_short_outage_of_the_database_silences_nobody(
    viewer_of_blue: User, rights: Rights, red: Cluster
) -> None:
    blue = await sync_to_async(make_cluster)("blue", labels={"team": "blue"})
    async with await browser_of(viewer_of_blue) as browser:
        await browser.receive()
        await browser.subscribe()
        rights.failures = 1
        await tell(red)
        # It may have come into sight with that event, and nobody could tell.
        assert (await browser.receive())["type"] == "gap"
        await tell(blue)
        assert (await browser.receive())["event"]["cluster_name"] == "blue"


async def test_rights_that_cannot_be_looked_up_once_stay_as_they_are(
    viewer_of_blue: User, rights: Rights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RECHECK_SECONDS", 0.3)
    blue = await sync_to_async(make_cluster)("blue", labels={"team": "blue"})
    async with await browser_of(viewer_of_blue) as browser:
        await browser.receive()
        await browser.subscribe()
        rights.asked, rights.failures = 0, 1
        async with asyncio.timeout(10):
            while rights.asked < 2:
                assert await browser.wire.receive_nothing(0.05)
        await tell(blue)
        assert (await browser.receive())["event"]["cluster_name"] == "blue"


async def test_rights_that_stay_unknown_send_the_client_away_and_not_out(
    viewer_of_blue: User, rights: Rights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RECHECK_SECONDS", 0.05)
    async with await browser_of(viewer_of_blue) as browser:
        await browser.receive()
        rights.failures = 10**6
        assert (await browser.receive())["type"] == "disconnect"
        assert await browser.closed_with() == consumer.COME_AGAIN


async def test_a_database_that_is_away_turns_nobody_out(admin: User, rights: Rights) -> None:
    rights.failures = 10**6
    async with await browser_of(admin) as browser:
        goodbye = await browser.receive()
        assert (goodbye["type"], goodbye["reconnect_after_ms"] >= 5000) == ("disconnect", True)
        assert await browser.closed_with() == consumer.COME_AGAIN


async def test_a_log_that_is_away_turns_nobody_out(
    admin: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "JOIN_SECONDS", 0.1)
    settings.EVENTS_REDIS_URL = NOWHERE
    async with await browser_of(admin) as browser:
        assert (await browser.receive())["type"] == "disconnect"
        assert await browser.closed_with() == consumer.COME_AGAIN


async def test_sessions_that_are_away_turn_nobody_out(admin: User, settings: Any) -> None:
    browser = await browser_of(admin)
    sessions = settings.CACHES["sessions"] | {"LOCATION": NOWHERE}
    settings.CACHES = settings.CACHES | {"sessions": sessions}
    with pytest.raises(RedisError):
        # The handshake fails; a close with 4401 would tell the client not to come again.
        await browser.wire.connect(5)


async def open_socket(user: User) -> Browser:
    """A socket that is not closed in the end, for the test breaks it."""
    browser = await browser_of(user)
    await browser.wire.connect(5)
    await browser.receive()
    return browser


async def see_it_end(browser: Browser) -> None:
    done, _ = await asyncio.wait([browser.wire.future], timeout=5)
    assert done
    assert browser.wire.future.cancelled() or browser.wire.future.exception()


async def test_a_socket_that_a_bug_ends_leaves_the_hub(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "pong", lambda _: 1 / 0)
    browser = await open_socket(admin)
    assert len(hub.hub().subscribers) == 1
    await browser.send(type="ping")
    await see_it_end(browser)
    assert hub.hub().subscribers == set()


async def test_a_socket_that_the_server_cancels_leaves_the_hub(admin: User) -> None:
    browser = await open_socket(admin)
    browser.wire.future.cancel()
    await see_it_end(browser)
    assert hub.hub().subscribers == set()


async def test_a_socket_that_can_send_no_more_ends(
    admin: User, red: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await open_socket(admin)
    await browser.subscribe()

    async def break_off(*_: object, **__: object) -> None:
        raise OSError("the line is gone")

    monkeypatch.setattr(consumer.EventConsumer, "send", break_off)
    # The first event goes to the sender that waits for it already.
    await tell(red)
    await tell(red)
    await see_it_end(browser)
    assert hub.hub().subscribers == set()


async def test_an_entry_that_nobody_can_read_ends_the_sockets_instead_of_deafening_them(
    admin: User, red: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RECHECK_SECONDS", 0.05)
    browser = await open_socket(admin)
    async with log.open_reader() as server:
        await server.xadd(log.STREAM, {"stranger": "1"})
    await see_it_end(browser)
    async with await browser_of(admin) as later:
        await later.receive()
        await later.subscribe()
        event_id = await tell(red)
        assert (await later.receive())["event"]["event_id"] == event_id


async def test_who_stays_misses_nothing_when_the_reader_begins_again(
    admin: User, red: Cluster
) -> None:
    """A position that was set anew for a newcomer would jump over what happened meanwhile."""
    async with await browser_of(admin) as first:
        await first.receive()
        await first.subscribe()
        reader = hub.hub()._reader
        assert reader is not None
        # One cancellation may be swallowed on the way, as the hub says.
        while not reader.done():
            reader.cancel()
            await asyncio.wait([reader], timeout=0.1)
        missed = await tell(red)
        async with await browser_of(admin) as second:
            await second.receive()
            assert (await first.receive())["event"]["event_id"] == missed
