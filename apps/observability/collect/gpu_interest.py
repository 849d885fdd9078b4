"""Which nodes somebody looks at, for as long as they do, and what nvidia-smi said of them last.

It lies in Redis, and is nobody's truth: without it nodes are read at their usual pace.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from uuid import UUID

import msgspec
import redis
from django.conf import settings

from apps.observability.gpus.reading import NodeReading

logger = logging.getLogger(__name__)

LOOKED_AT = "aiops:gpus:looked-at"
# A page that shows a node asks again within that time.
LOOK_SECONDS = 20
# Between two looks what was said stays true enough to be shown beside DCGM's figures.
KEPT_SECONDS = 45
MOST_NODES = 50

_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(NodeReading)
Node = tuple[UUID, str]


@lru_cache(maxsize=4)
def _redis(url: str, as_text: bool = False) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=1, socket_connect_timeout=1, decode_responses=as_text
    )


def look(cluster_id: UUID, node_name: str) -> None:
    """Note that somebody looks at a node now."""
    try:
        _redis(settings.EVENTS_REDIS_URL).zadd(
            LOOKED_AT, {f"{cluster_id}/{node_name}": time.time() + LOOK_SECONDS}
        )
    except redis.RedisError as failed:
        logger.warning("A look at a GPU node could not be noted: %s", failed)


def looked_at() -> list[Node]:
    """Return the nodes that are looked at, the newest looks first, and no more than MOST_NODES."""
    now = time.time()
    try:
        server = _redis(settings.EVENTS_REDIS_URL, as_text=True)
        server.zremrangebyscore(LOOKED_AT, "-inf", now)
        found = server.zrevrange(LOOKED_AT, 0, MOST_NODES - 1)
    except redis.RedisError as failed:
        logger.warning("Nobody knows which GPU nodes are looked at: %s", failed)
        return []
    pairs = (str(one).split("/", 1) for one in found)
    return [(UUID(cluster_id), name) for cluster_id, name in pairs]


def keep(said: Iterable[tuple[Node, NodeReading]]) -> None:
    """Keep what nvidia-smi said of nodes that DCGM tells of too."""
    try:
        pipeline = _redis(settings.EVENTS_REDIS_URL).pipeline(transaction=False)
        for node, reading in said:
            pipeline.set(_key(node), _encode(reading), ex=KEPT_SECONDS)
        pipeline.execute()
    except redis.RedisError as failed:
        logger.warning("What nvidia-smi said could not be kept: %s", failed)


def kept(nodes: Sequence[Node]) -> dict[Node, NodeReading]:
    """Return what was kept of these nodes."""
    if not nodes:
        return {}
    try:
        found = _redis(settings.EVENTS_REDIS_URL).mget([_key(node) for node in nodes])
    except redis.RedisError as failed:
        logger.warning("What nvidia-smi said could not be read: %s", failed)
        return {}
    return {
        node: _decoder.decode(text)
        for node, text in zip(nodes, found, strict=True)
        if isinstance(text, bytes)
    }


def _key(node: Node) -> str:
    return f"aiops:gpus:said:{node[0]}/{node[1]}"
