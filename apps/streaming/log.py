"""The bounded Redis stream of events: append, read on from an id, the oldest id still there."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import uuid4

import msgspec
import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.retry import Retry

from apps.streaming.envelope import Event, Logged, body_of, frame_of

STREAM = "aiops:events"
BATCH = 500
BLOCK_MS = 5000
# Longer than whoever writes goes on trying, so that its second try is known for what it is.
REMEMBERED_SECONDS = 60
# All of a batch as one argument: to write out a command for each would take most of the time.
# A Redis that stood still does what it was asked both times, though only the last is waited for.
_APPEND = """
local ids = {}
local before = redis.call('GET', KEYS[2])
if before then
  for id in string.gmatch(before, '%S+') do ids[#ids + 1] = id end
  return ids
end
for i, one in ipairs(cmsgpack.unpack(ARGV[1])) do
  ids[i] = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'type', one[1],
    'cluster', one[2], 'widens', one[3], 'newest_of', one[4], 'namespace', one[5], 'body', one[6])
end
redis.call('SET', KEYS[2], table.concat(ids, ' '), 'EX', ARGV[3])
return ids
"""
# A returning client is given this many events at most, from the newest back.
PAST = 500


@lru_cache(maxsize=1)
def _writer(url: str) -> redis.Redis:
    # Tried twice, a second each: a request must not hang on an event, but an idle connection
    # that a restarted Redis left behind must not lose one either.
    return redis.Redis.from_url(
        url,
        protocol=2,
        socket_timeout=1,
        socket_connect_timeout=1,
        retry=Retry(NoBackoff(), 1),
    )


@lru_cache(maxsize=1)
def _appender(url: str) -> Script:
    return _writer(url).register_script(_APPEND)


def append(event: Event) -> str:
    """Append one event and return its id. Old events fall off the far end."""
    return append_each([event])[0]


def append_each(events: Sequence[Event]) -> list[str]:
    """Append events in this order, by few trips; of a batch too long for the log, its end.

    What Redis got twice, because its first answer did not come in time, is in the log once.
    """
    kept = events[-settings.EVENT_LOG_LENGTH :]
    ids: list[bytes] = []
    for start in range(0, len(kept), BATCH):
        entries = [_entry(event) for event in kept[start : start + BATCH]]
        packed = msgspec.msgpack.encode(entries)
        ids += _appender(settings.EVENTS_REDIS_URL)(
            keys=[STREAM, f"{STREAM}:batch:{uuid4()}"],
            args=[packed, settings.EVENT_LOG_LENGTH, REMEMBERED_SECONDS],
        )
    return [one.decode() for one in ids]


def _entry(event: Event) -> list[str]:
    namespace = "" if event.namespace is None else f"={event.namespace}"
    return [
        event.event_type,
        str(event.cluster_id or ""),
        "1" if event.widens else "0",
        event.coalesces_as,
        namespace,
        body_of(event).decode(),
    ]


def open_reader() -> redis.asyncio.Redis:
    return redis.asyncio.Redis.from_url(
        settings.EVENTS_REDIS_URL,
        protocol=2,
        socket_connect_timeout=5,
        socket_timeout=3 * BLOCK_MS / 1000,
        # Who reads tells the clients of the gap and begins again; a silent retry would not.
        retry=AsyncRetry(NoBackoff(), 0),
    )


async def newest_id(reader: redis.asyncio.Redis) -> str:
    return _first_id(await reader.xrevrange(STREAM, count=1))


async def oldest_id(reader: redis.asyncio.Redis) -> str:
    return _first_id(await reader.xrange(STREAM, count=1))


async def wait_after(reader: redis.asyncio.Redis, event_id: str) -> list[Logged]:
    """Return what came after `event_id`, waiting up to BLOCK_MS for the first."""
    # redis-py types every protocol version at once; with version 2 it is [[stream, entries]].
    answer: Any = await reader.xread({STREAM: event_id}, count=BATCH, block=BLOCK_MS)
    return [_logged(entry) for entry in answer[0][1]] if answer else []


async def read_back(reader: redis.asyncio.Redis, event_id: str, until: str) -> list[Logged]:
    """Return the events after `event_id` up to and with `until`, oldest first.

    One more than PAST come back where there are more: then the first of them stands for all
    that were left out.
    """
    entries: Any = await reader.xrevrange(STREAM, max=until, min=f"({event_id}", count=PAST + 1)
    return [_logged(entry) for entry in reversed(entries)]


def _first_id(entries: Any) -> str:
    return str(entries[0][0].decode()) if entries else "0-0"


def _logged(entry: Any) -> Logged:
    event_id, fields = entry[0].decode(), entry[1]
    return Logged(
        event_id=event_id,
        event_type=fields[b"type"].decode(),
        cluster_id=fields[b"cluster"].decode(),
        widens=fields[b"widens"] == b"1",
        frame=frame_of(event_id, fields[b"body"]),
        # An event that the version before wrote has none.
        coalesces_as=fields.get(b"newest_of", b"").decode(),
        namespace=_namespace(fields.get(b"namespace", b"").decode()),
    )


def _namespace(field: str) -> str | None:
    return field[1:] if field else None


def order_of(event_id: str) -> tuple[int, int]:
    """Return what event ids are ordered by; raise ValueError for what is none."""
    milliseconds, _, sequence = event_id.partition("-")
    return int(milliseconds), int(sequence or 0)
