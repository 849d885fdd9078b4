"""Whether a worker still does what it is given, and not only whether its process is up.

After a Redis restart Celery can stop consuming while its process stays. Beat sends each worker
something every few seconds; the one that runs it leaves the time in Redis.
"""

import time
from urllib.parse import urlsplit

import redis

from apps.workers import key_of

# Longer than a round may take: rounds can hold every hand of a worker.
TOO_OLD = 200.0


def age(redis_url: str, name: str) -> float | None:
    """Return the seconds since this worker's last sign of life; None if Redis cannot say."""
    url = urlsplit(redis_url)._replace(path="/0").geturl()
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            seen = client.get(key_of(name))
    except (redis.RedisError, OSError):
        return None
    return time.time() - float(seen) if isinstance(seen, bytes) else float("inf")


def is_stuck(name: str, running_for: dict[str, float], silent_for: float | None) -> bool:
    """Tell whether this worker shows no life; what has just begun gets its time."""
    if silent_for is None or silent_for <= TOO_OLD:
        return False
    # With PostgreSQL and Redis from outside only our own processes are in the list.
    needed = {name, "beat", *({"redis", "postgres"} & running_for.keys())}
    return all(running_for.get(name, 0) > TOO_OLD for name in needed)


class Watch:
    """Looks at a worker now and then, and says what to start again."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._was_stuck = False
        self._tried = False

    def look(self, running_for: dict[str, float], silent_for: float | None) -> list[str]:
        stuck = is_stuck(self.name, running_for, silent_for)
        # After the machine slept every time is old for one look, and no more.
        again, self._was_stuck = stuck and self._was_stuck, stuck
        if silent_for is not None and silent_for <= TOO_OLD:
            self._tried = False
        if not again:
            return []
        # A worker that was started again in vain may be given nothing: then it is beat.
        names = [self.name, "beat"] if self._tried else [self.name]
        self._was_stuck, self._tried = False, True
        return names
