"""Signs of life: a worker that consumes leaves its time in Redis, whatever its process says."""

import time

import redis
from django.conf import settings

WORKER_KEY = "aiops:heartbeat:worker"


def connect() -> redis.Redis:
    return redis.Redis.from_url(
        settings.EVENTS_REDIS_URL, socket_timeout=2, socket_connect_timeout=2
    )


def beat() -> None:
    with connect() as server:
        server.set(WORKER_KEY, int(time.time()))
