"""Whether the worker still does what it is given, and not only whether its process is up.

After a Redis restart Celery can stop consuming while its process stays. Beat sends a small task
every ten seconds; the worker that runs it leaves the time in Redis.
"""

import time
from urllib.parse import urlsplit

import redis

KEY = "aiops:heartbeat:worker"
TOO_OLD = 60.0


def age(redis_url: str) -> float | None:
    """Return the seconds since the worker's last sign of life; None if Redis cannot say."""
    url = urlsplit(redis_url)._replace(path="/0").geturl()
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            seen = client.get(KEY)
    except (redis.RedisError, OSError):
        return None
    return time.time() - float(seen) if isinstance(seen, bytes) else float("inf")


def is_stuck(running_for: dict[str, float], silent_for: float | None) -> bool:
    """Tell whether the worker must be started again; what has just begun gets its time."""
    if silent_for is None or silent_for <= TOO_OLD:
        return False
    # With PostgreSQL and Redis from outside only our own processes are in the list.
    needed = {"worker", "beat", *({"redis", "postgres"} & running_for.keys())}
    return all(running_for.get(name, 0) > TOO_OLD for name in needed)
