"""The bounded queue of one socket: the oldest event is dropped first, and the loss is told.

Of values that only matter as long as they are the newest, no older one waits here at all.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable

import orjson

from apps.streaming.envelope import Logged

CAPACITY = 100


class Outbox:
    """Frames on their way to one client. A slow client loses its oldest events, nobody else's."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._events: OrderedDict[Hashable, Logged] = OrderedDict()
        self._replies: deque[str] = deque()
        self._capacity = capacity
        self._gap: tuple[str, str] | None = None
        self._filled = asyncio.Event()

    def put_event(self, event: Logged) -> None:
        key: Hashable = event.event_id
        if event.coalesces_as:
            key = event.event_type, event.cluster_id, event.coalesces_as
        # The newer one goes behind all others, so that ids only grow; nothing is lost by it.
        self._events.pop(key, None)
        if len(self._events) >= self._capacity:
            _, lost = self._events.popitem(last=False)
            self.note_gap(lost.event_id, lost.event_id)
        self._events[key] = event
        self._filled.set()

    def put_reply(self, frame: str) -> None:
        """Answers to the client's own messages go before events and are never dropped.

        Raise asyncio.QueueFull for a client that goes on asking and takes no answer.
        """
        if len(self._replies) >= self._capacity:
            raise asyncio.QueueFull
        self._replies.append(frame)
        self._filled.set()

    def note_gap(self, first: str, last: str) -> None:
        """Tell the client, before its next event, that `first` to `last` did not reach it."""
        self._gap = (self._gap[0] if self._gap else first, last)
        self._filled.set()

    async def take(self) -> str:
        """Wait for the next frame."""
        while not (self._replies or self._gap or self._events):
            self._filled.clear()
            await self._filled.wait()
        if self._replies:
            return self._replies.popleft()
        if self._gap:
            (first, last), self._gap = self._gap, None
            return orjson.dumps({"type": "gap", "from": first, "to": last}).decode()
        return self._events.popitem(last=False)[1].frame
