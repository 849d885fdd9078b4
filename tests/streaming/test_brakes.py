"""What one client may cost: messages, answers, the past, and lookups of rights."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from apps.accounts.models import User
from apps.clusters import events
from apps.clusters.models import Cluster
from apps.streaming import consumer, log
from apps.streaming.allowance import Allowance
from apps.streaming.outbox import CAPACITY
from tests.streaming.browser import browser_of, tell
from tests.streaming.outages import Rights

pytestmark = pytest.mark.django_db(transaction=True)


async def test_too_many_messages_are_not_obeyed(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "MESSAGES_AT_ONCE", 2)
    monkeypatch.setattr(consumer, "MESSAGES_PER_SECOND", 0.001)
    async with await browser_of(admin) as browser:
        await browser.receive()
        for answer in ["pong", "pong", "error"]:
            await browser.send(type="ping")
            frame = await browser.receive()
            assert frame["type"] == answer
        assert frame["code"] == "RATE_LIMITED"


def test_an_allowance_fills_again_up_to_its_burst() -> None:
    allowance = Allowance(2, 1, now=0)
    assert [allowance.take(0) for _ in range(3)] == [True, True, False]
    assert [allowance.take(1) for _ in range(2)] == [True, False]
    assert [allowance.take(60) for _ in range(3)] == [True, True, False]


async def test_a_client_that_asks_on_and_takes_no_answer_is_let_go(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "MESSAGES_AT_ONCE", 1000)
    browser = await browser_of(admin)
    # A line that takes one frame and no more until somebody reads.
    browser.wire._output_queue = asyncio.Queue(maxsize=1)
    async with browser:
        for _ in range(130):
            await browser.send(type="ping")
        # One answer is on the line, one waits for it, a hundred are in the outbox.
        async with asyncio.timeout(10):
            while browser.wire.input_queue.qsize() > 130 - CAPACITY - 2:  # noqa: ASYNC110 - untold
                await asyncio.sleep(0.01)
        while (frame := await browser.receive())["type"] != "error":
            pass
        assert frame["code"] == "QUEUE_FULL"
        while (message := await browser.wire.receive_output(5))["type"] != "websocket.close":
            pass
        assert message["code"] == consumer.TOO_SLOW
        browser.wire._output_queue = None


async def test_a_long_past_is_not_read_back_whole(
    admin: User, red: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PAST", 3)
    ids = [await tell(red) for _ in range(10)]
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.subscribe(last_event_id=ids[0])
        gap = await browser.receive()
        assert (gap["type"], gap["from"], gap["to"]) == ("gap", ids[0], ids[6])
        received = [(await browser.receive())["event"]["event_id"] for _ in range(3)]
        assert received == ids[7:]


async def test_a_burst_of_changes_looks_rights_up_once_for_each_person(
    viewer_of_blue: User, red: Cluster, rights: Rights
) -> None:
    change = await sync_to_async(events.updated)(red)
    async with await browser_of(viewer_of_blue) as one, await browser_of(viewer_of_blue) as other:
        for browser in (one, other):
            await browser.receive()
            await browser.subscribe(event_types=["CLUSTER_UPDATED"])
        rights.asked = 0
        # Written without giving way to the reader: it may find the first alone, then the rest.
        for _ in range(20):
            log.append(change)
        async with asyncio.timeout(5):
            while rights.asked == 0:
                await one.wire.receive_nothing(0.05)
        assert await one.wire.receive_nothing(0.2)
        assert rights.asked <= 2
