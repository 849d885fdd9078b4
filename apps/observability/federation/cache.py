"""Whole answers of upstreams, kept in Redis for a little while, as the bytes that came.

It is a convenience: a Redis that is away, or slow, costs nobody an answer. Then nothing is kept
for a few seconds, and it is counted and logged.
"""

import asyncio
import hashlib
import logging
import struct
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from weakref import WeakKeyDictionary

import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from apps import measures
from apps.http import MIB, Upstream

logger = logging.getLogger(__name__)

Form = Mapping[str, str | Sequence[str]]

BUDGET = 0.05
# Of one connection; what is stored has more time than what somebody waits for.
PATIENCE = 1.0
LEFT_ALONE = 5.0
LOGGED_EVERY = 60.0
LARGEST = 8 * MIB
AT_ONCE = 8
# A busy loop is late too; a Redis that is late so often in a row is left alone.
MOST_LATE = 16
INSTANT, HOUR, LONGER, LABELS, ALERTS = 30, 60, 300, 300, 10
# The newest point may still change: not all has been scraped of which it is made.
NEWEST = 15
SETTLED_AFTER = 60.0
_STORED = struct.Struct(">d")
# Answers up to here are stored together, if they come within so many seconds.
TOGETHER, MOMENT = 64 * 1024, 0.1


@dataclass(frozen=True, slots=True)
class Kept:
    body: bytes
    age: float


def key_of(upstream: Upstream, path: str, form: Form) -> str:
    """Name an answer by what determines it: the server, who we are to it, and the question.

    What a person may see is in the question, as matchers. How long they would wait is not.
    """
    said = ((name, one if isinstance(one, str) else tuple(one)) for name, one in form.items())
    digest = _asked(path, tuple(said)).copy()
    digest.update(_who(upstream))
    return f"answer:{digest.hexdigest()}"


# A whole fleet is asked the same.
@lru_cache(maxsize=64)
def _asked(path: str, form: tuple[tuple[str, str | tuple[str, ...]], ...]) -> hashlib.blake2b:
    said = {name: value for name, value in form if name != "timeout"}
    if path == "query_range":
        said["end"] = f"{_last_point(said):.3f}"
    return hashlib.blake2b(
        _joined(path, *(f"{name}={said[name]!r}" for name in sorted(said))), digest_size=20
    )


@lru_cache(maxsize=16_384)
def _who(upstream: Upstream) -> bytes:
    return _joined(upstream.base_url, upstream.ca_bundle, upstream.token)


def _joined(*texts: str) -> bytes:
    return "".join(f"{len(text)}:{text}" for text in texts).encode()


def seconds_to_keep(path: str, form: Form, now: float) -> int:
    match path:
        case "query":
            return INSTANT
        case "query_range":
            last = _last_point(form)
            longest = HOUR if last - _number(form, "start") <= 3600 else LONGER
            return NEWEST if last > now - SETTLED_AFTER else longest
        case "rules" | "alerts":
            # What fires, fires now.
            return ALERTS
    return LABELS


def _last_point(form: Form) -> float:
    start, end, step = (_number(form, name) for name in ("start", "end", "step"))
    # Counted as Prometheus does, in whole milliseconds.
    span, stride = round((end - start) * 1000), round(step * 1000)
    return start + (span - span % stride) / 1000 if stride > 0 else end


def _number(form: Form, name: str) -> float:
    try:
        return float(str(form.get(name, 0)))
    except ValueError:
        return 0.0


class _New(NamedTuple):
    key: str
    stored: bytes
    seconds: int


class Store:
    """The cache as one event loop reaches it."""

    def __init__(self) -> None:
        self._resting_until = 0.0
        self._late = 0
        self._wanted: dict[asyncio.Future[bool], str] = {}
        self._counting: asyncio.Task[None] | None = None
        self._new: list[_New] = []
        self._storing: asyncio.Task[None] | None = None
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            str(settings.CACHES["default"]["LOCATION"]),
            max_connections=AT_ONCE,
            timeout=PATIENCE,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis = redis.asyncio.Redis(connection_pool=pool)

    async def look_up(self, key: str) -> Kept | None:
        found: bytes | str | None = None
        if self._is_there() and await self._may_be_there(key):
            try:
                async with asyncio.timeout(BUDGET):
                    found = await self._redis.get(key)
            except (RedisError, OSError) as error:
                self._rest(error)
            else:
                self._late = 0
        if not isinstance(found, bytes) or len(found) < _STORED.size:
            measures.cache_misses.inc()
            return None
        measures.cache_hits.inc()
        (stored,) = _STORED.unpack_from(found)
        return Kept(found[_STORED.size :], max(0.0, time.time() - stored))

    async def has_any(self, keys: Collection[str]) -> bool:
        """Whether anything is kept by one of these names; nothing is where Redis cannot say."""
        if not keys or not self._is_there():
            return False
        try:
            async with asyncio.timeout(BUDGET):
                found = bool(await self._redis.exists(*keys))
        except (RedisError, OSError) as error:
            self._rest(error, len(keys))
            return False
        self._late = 0
        return found

    async def _may_be_there(self, key: str) -> bool:
        """Ask for all keys of one moment together: of a whole fleet's, mostly none is there."""
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._wanted[told] = key
        if self._counting is None:
            self._counting = asyncio.create_task(self._tell_whether_any_is_there())
        return await told

    async def _tell_whether_any_is_there(self) -> None:
        wanted, self._wanted, self._counting = self._wanted, {}, None
        found = len(wanted) == 1
        try:
            found = found or await self.has_any(wanted.values())
        finally:
            for told in wanted:
                # Those that gave up are done.
                if not told.done():
                    told.set_result(found)

    def keep(self, key: str, body: bytes, seconds: int) -> asyncio.Future[None]:
        """Begin to put an answer by; return what is done once it is there, or cannot be."""
        if len(body) > LARGEST or not self._is_there():
            kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            kept.set_result(None)
            return kept
        answer = _New(key, _STORED.pack(time.time()) + body, seconds)
        if len(body) > TOGETHER:
            return asyncio.create_task(self._store([answer]))
        self._new.append(answer)
        if self._storing is None:
            self._storing = asyncio.create_task(self._store_together())
        return self._storing

    async def _store_together(self) -> None:
        """Store what comes within a moment by one call: a whole fleet's answers come together."""
        await asyncio.sleep(MOMENT)
        answers, self._new, self._storing = self._new, [], None
        await self._store(answers)

    async def _store(self, answers: "list[_New]") -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for answer in answers:
            pipeline.set(answer.key, answer.stored, ex=answer.seconds)
        size = sum(len(answer.stored) for answer in answers)
        try:
            # Nobody waits for this, and what is large takes its time.
            async with asyncio.timeout(BUDGET + size / (20 * MIB)):
                await pipeline.execute()
        except (RedisError, OSError) as error:
            self._rest(error)

    def _is_there(self) -> bool:
        if time.monotonic() < self._resting_until:
            measures.cache_unavailable.inc()
            return False
        return True

    def _rest(self, error: Exception, times: int = 1) -> None:
        measures.cache_unavailable.inc(times)
        self._late += times
        if not isinstance(error, TimeoutError) or self._late >= MOST_LATE:
            self._resting_until = time.monotonic() + LEFT_ALONE
        _tell(error)


_last_told = -LOGGED_EVERY


def _tell(error: Exception) -> None:
    global _last_told  # noqa: PLW0603 - once a minute for all loops of the process
    if time.monotonic() - _last_told >= LOGGED_EVERY:
        _last_told = time.monotonic()
        said = str(error) or type(error).__name__
        logger.warning("The cache of answers is not used, for Redis: %s", said)


_stores: WeakKeyDictionary[asyncio.AbstractEventLoop, Store] = WeakKeyDictionary()


def of_this_loop() -> Store:
    loop = asyncio.get_running_loop()
    store = _stores.get(loop)
    if store is None:
        store = _stores[loop] = Store()
    return store
