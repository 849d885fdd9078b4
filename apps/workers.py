"""The processes in the background: what each is called, which queue it reads, its sign of life.

One works off what is collected; the others check clusters. Each part of the fleet has a checking
worker of its own, so that a connection once opened is there for the next check.
"""

import time

import redis
from django.conf import settings

COLLECTING = "worker"


def checking(part: int) -> str:
    """Return what the worker is called that checks this part of the fleet, counted from 0."""
    return f"checks-{part + 1}" if part else "checks"


def queue_of(part: int) -> str:
    return f"poll.{part + 1}" if part else "poll"


def key_of(name: str) -> str:
    """Return where in Redis this worker leaves the time of its last sign of life."""
    return f"aiops:heartbeat:{name}"


def connect() -> redis.Redis:
    return redis.Redis.from_url(
        settings.EVENTS_REDIS_URL, socket_timeout=2, socket_connect_timeout=2
    )


def show_life(name: str) -> None:
    """Leave a sign: a worker that consumes is alive, whatever its process says."""
    with connect() as server:
        server.set(key_of(name), int(time.time()))


def waiting_in(queue: str) -> int:
    """Return how many messages nobody has taken yet."""
    with connect() as server:
        return int(server.llen(queue))
