"""One reader of the log in each web process; it hands every event to the sockets that want it."""

import asyncio
import logging
from weakref import WeakKeyDictionary

import redis.asyncio
from django.db import Error as DatabaseFailure
from redis.exceptions import RedisError

from apps.streaming import log
from apps.streaming.audience import audiences_of
from apps.streaming.envelope import Logged
from apps.streaming.subscription import Subscriber

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
# A client that waits for a log that is away does better to come again.
JOIN_SECONDS = 5.0
REPLAY_SECONDS = 5.0


class Hub:
    """Reads while there are subscribers, from where the last one left off."""

    def __init__(self) -> None:
        self.subscribers: set[Subscriber] = set()
        self.position = ""
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def join(self, subscriber: Subscriber) -> None:
        """Hand events to `subscriber` from now on; return once the reader stands in the log.

        Raise TimeoutError while the log is away.
        """
        self.subscribers.add(subscriber)
        if self._reader is None or self._reader.done():
            self._ready.clear()
            self._reader = asyncio.create_task(self._read_on(), name="event hub")
        async with asyncio.timeout(JOIN_SECONDS):
            await self._ready.wait()

    async def leave(self, subscriber: Subscriber) -> None:
        self.subscribers.discard(subscriber)
        if not self.subscribers and self._reader is not None:
            reader, self._reader = self._reader, None
            # Nobody is owed anything any more: the next to come begins at the present.
            self.position = ""
            # redis-py sends by `asyncio.wait_for`, which in Python 3.11 may swallow a cancellation.
            while not reader.done():
                reader.cancel()
                await asyncio.wait([reader], timeout=0.1)

    def check(self) -> None:
        """Raise what ended the reader, if a bug did: its sockets must end too, not turn deaf."""
        if self._reader is not None and self._reader.done():
            self._reader.result()

    async def replay(self, subscriber: Subscriber, last_event_id: str) -> None:
        """Give `subscriber` what it missed since `last_event_id`, in order, then the present."""
        subscriber.held, until = [], self.position
        past: list[Logged] = []
        try:
            async with asyncio.timeout(REPLAY_SECONDS), log.open_reader() as reader:
                oldest = await log.oldest_id(reader)
                if not log.order_of(oldest) <= log.order_of(last_event_id) <= log.order_of(until):
                    # Perhaps nothing was lost, but nobody can know: let the client ask again.
                    subscriber.miss(last_event_id, max(oldest, until, key=log.order_of))
                past = await log.read_back(reader, last_event_id, until)
            if len(past) > log.PAST:
                subscriber.miss(last_event_id, past.pop(0).event_id)
        except (RedisError, OSError) as error:
            logger.warning("The event log could not be read back: %s", type(error).__name__)
            subscriber.miss(last_event_id, until)
        finally:
            subscriber.release(past)

    async def _read_on(self) -> None:
        """Follow the log for ever; an outage of Redis is waited out, not given up on."""
        while True:
            try:
                async with log.open_reader() as reader:
                    self.position = self.position or await log.newest_id(reader)
                    self._ready.set()
                    await self._follow(reader)
            except (RedisError, OSError) as error:
                logger.warning("The event log is away, trying again: %s", type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self, reader: redis.asyncio.Redis) -> None:
        await self._check_continuity(reader)
        while True:
            batch = await log.wait_after(reader, self.position)
            if any(event.widens for event in batch):
                await self._look_again(batch[-1].event_id)
            # Nothing is awaited from here: who replays finds all of the batch or none of it.
            for event in batch:
                self.position = event.event_id
                for subscriber in self.subscribers:
                    subscriber.offer(event)

    async def _check_continuity(self, reader: redis.asyncio.Redis) -> None:
        """After an outage: a log that was emptied or ran ahead of us has lost events."""
        newest, oldest = await log.newest_id(reader), await log.oldest_id(reader)
        here = log.order_of(self.position)
        if log.order_of(newest) < here or log.order_of(oldest) > here:
            for subscriber in self.subscribers:
                subscriber.miss(self.position, newest)
            self.position = newest

    async def _look_again(self, until: str) -> None:
        """A cluster came or changed: ask anew what people with narrowed rights may see."""
        narrowed = [one for one in self.subscribers if not one.audience.everything]
        if not narrowed:
            return
        try:
            fresh = await audiences_of({one.user_id for one in narrowed})
        except DatabaseFailure as error:
            # Each socket looks at its rights again by itself before long.
            logger.warning("Rights could not be looked up again: %s", type(error).__name__)
            for subscriber in narrowed:
                subscriber.miss(self.position, until)
            return
        for subscriber in narrowed:
            subscriber.see(fresh[subscriber.user_id], until)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running loop: one in each web process."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
