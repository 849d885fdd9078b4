"""So many requests a minute, and so many at once: buckets of tokens in Redis, for all processes.

A bucket holds `burst` tokens and fills up by `per_minute`. It is a courtesy among people who are
signed in: a Redis that is away or slow lets everybody through, which is counted and logged.
"""

import logging
import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import RedisError
from redis.retry import Retry

from apps import measures

logger = logging.getLogger(__name__)

BUDGET = 0.1
LEFT_ALONE = 5.0

# By Redis' own clock, so that machines need not agree on the time. All buckets or none are spent.
_SPEND = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local left, refused = {}, 0
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local kept = redis.call('HMGET', key, 'left', 'at')
  local waited = math.max(0, now - (tonumber(kept[2]) or now))
  left[i] = math.min(burst, (tonumber(kept[1]) or burst) + waited * rate)
  if left[i] < 1 then refused = 1 end
end
for i, key in ipairs(KEYS) do
  if refused == 0 then
    left[i] = left[i] - 1
    redis.call('HSET', key, 'left', left[i], 'at', string.format('%.6f', now))
    redis.call('PEXPIRE', key, math.ceil(ARGV[2 * i] / ARGV[2 * i - 1] * 1000) + 1000)
  end
  left[i] = tostring(left[i])
end
return {refused, unpack(left)}
"""


@dataclass(frozen=True, slots=True)
class Rate:
    per_minute: float
    burst: float

    @property
    def per_second(self) -> float:
        return self.per_minute / 60


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of a limit. Less than one token refuses, and nothing was spent."""

    limit: str
    rate: Rate
    left: float
    refused: bool

    @property
    def wait(self) -> float:
        """Return the seconds until there is a token again."""
        return max(0.0, (1 - self.left) / self.rate.per_second)

    @property
    def headers(self) -> dict[str, str]:
        until_full = (self.rate.burst - self.left) / self.rate.per_second
        return {
            "X-RateLimit-Limit": f"{self.rate.per_minute:g}",
            "X-RateLimit-Remaining": str(math.floor(self.left)),
            "X-RateLimit-Reset": str(math.ceil(until_full)),
        }


def rate_of(limit: str) -> Rate | None:
    """Return a limit of this installation; None where it has none of the kind."""
    found = settings.LIMITS.get(limit)
    return Rate(*found) if found else None


def spend(whose: Mapping[str, str]) -> list[Bucket]:
    """Take a token of each limit, of the bucket that it names; nothing is told without Redis."""
    limits = [(limit, rate) for limit in whose if (rate := rate_of(limit))]
    if not limits:
        return []
    keys = [f"limit:{limit}:{whose[limit]}" for limit, _ in limits]
    rates = [number for _, rate in limits for number in (rate.per_second, rate.burst)]
    refused, *left = _link.spend(keys, rates) or (0,)
    return [
        Bucket(limit, rate, float(tokens), refused=bool(refused) and float(tokens) < 1)
        # Nothing is left of any where nobody counted.
        for (limit, rate), tokens in zip(limits, left, strict=False)
    ]


class _Link:
    """The way to Redis, which is left alone for a while after it was away."""

    def __init__(self) -> None:
        self._resting_until = 0.0
        self._lock = threading.Lock()

    def spend(self, keys: list[str], rates: list[float]) -> list[Any] | None:
        if time.monotonic() < self._resting_until:
            measures.limit_unavailable.inc()
            return None
        try:
            return cast(list[Any], _script(settings.LIMITS_REDIS_URL)(keys=keys, args=rates))
        except RedisError as error:
            measures.limit_unavailable.inc()
            self._rest(error)
            return None

    def _rest(self, error: RedisError) -> None:
        with self._lock:
            told = time.monotonic() < self._resting_until
            self._resting_until = time.monotonic() + LEFT_ALONE
        if not told:
            logger.warning("Nobody's requests are limited just now, for Redis: %s", error)


_link = _Link()


@lru_cache(maxsize=4)
def _script(url: str) -> Script:
    server = redis.Redis.from_url(
        url, socket_timeout=BUDGET, socket_connect_timeout=BUDGET, retry=Retry(NoBackoff(), 0)
    )
    return server.register_script(_SPEND)
