"""Signs of life: a worker that consumes leaves its time in Redis, whatever its process says."""

import time

import redis
from django.conf import settings

WORKER_KEY = "aiops:heartbeat:worker"
EVERY_SECONDS = 10.0


def connect() -> redis.Redis:
    return redis.Redis.from_url(
        settings.EVENTS_REDIS_URL, socket_timeout=2, socket_connect_timeout=2
    )


def beat() -> None:
    with connect() as server:
        server.set(WORKER_KEY, int(time.time()))


def last_beat() -> int | None:
    """Return when a worker last consumed a task, in Unix seconds, or None if never."""
    with connect() as server:
        found = server.get(WORKER_KEY)
    return int(found) if found else None
