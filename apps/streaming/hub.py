"""One reader of the log in each web process; it hands every event to the sockets that want it."""

import asyncio
import logging
from weakref import WeakKeyDictionary

import redis.asyncio
from redis.exceptions import RedisError

from apps.streaming import log
from apps.streaming.audience import Audience, audience_of
from apps.streaming.envelope import Logged
from apps.streaming.subscription import Subscriber

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


class Hub:
    """Reads while there are subscribers, from where the last one left off."""

    def __init__(self) -> None:
        self.subscribers: set[Subscriber] = set()
        self.position = ""
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def join(self, subscriber: Subscriber) -> None:
        """Hand events to `subscriber` from now on; return once the reader stands in the log."""
        self.subscribers.add(subscriber)
        if self._reader is None or self._reader.done():
            self.position = ""
            self._ready.clear()
            self._reader = asyncio.create_task(self._read_on(), name="event hub")
        await self._ready.wait()

    async def leave(self, subscriber: Subscriber) -> None:
        self.subscribers.discard(subscriber)
        if not self.subscribers and self._reader is not None:
            reader, self._reader = self._reader, None
            reader.cancel()
            await asyncio.wait([reader])

    async def replay(self, subscriber: Subscriber, last_event_id: str) -> None:
        """Give `subscriber` what it missed since `last_event_id`, in order, then the present."""
        subscriber.held, until = [], self.position
        past: list[Logged] = []
        try:
            async with log.open_reader() as reader:
                oldest = await log.oldest_id(reader)
                if log.order_of(last_event_id) < log.order_of(oldest):
                    # Perhaps nothing was lost, but nobody can know: let the client ask again.
                    subscriber.outbox.note_gap(last_event_id, oldest)
                past = await log.read_after(reader, last_event_id, until)
        except RedisError:
            logger.exception("The event log could not be read back")
            subscriber.outbox.note_gap(last_event_id, until)
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
            for event in await log.wait_after(reader, self.position):
                self.position = event.event_id
                if event.widens:
                    await self._look_again()
                for subscriber in list(self.subscribers):
                    subscriber.offer(event)

    async def _check_continuity(self, reader: redis.asyncio.Redis) -> None:
        """After an outage: a log that was emptied or ran ahead of us has lost events."""
        newest, oldest = await log.newest_id(reader), await log.oldest_id(reader)
        here = log.order_of(self.position)
        if log.order_of(newest) < here or log.order_of(oldest) > here:
            for subscriber in self.subscribers:
                subscriber.outbox.note_gap(self.position, newest)
            self.position = newest

    async def _look_again(self) -> None:
        """A cluster came or changed: ask anew what people with narrowed rights may see."""
        fresh: dict[object, Audience | None] = {}
        for subscriber in [one for one in self.subscribers if not one.audience.everything]:
            if subscriber.user_id not in fresh:
                fresh[subscriber.user_id] = await audience_of(subscriber.user_id)
            subscriber.audience = fresh[subscriber.user_id] or Audience()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running loop: one in each web process."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
