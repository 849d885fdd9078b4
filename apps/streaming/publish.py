"""What actions call to tell the world. Nothing leaves before the transaction has committed."""

import logging
from collections.abc import Sequence
from functools import partial

import orjson
from django.db import transaction
from redis.exceptions import RedisError

from apps.streaming import catalogue, log
from apps.streaming.envelope import Event

logger = logging.getLogger(__name__)


def publish(event: Event) -> None:
    """Append `event` to the log once the current transaction commits, or never.

    Events are hints and the database is the truth: when Redis is down the change stands, the
    failure is logged by Django (`robust`), and clients heal by asking again.
    """
    _check(event)
    transaction.on_commit(partial(log.append, event), robust=True)


def publish_each(events: Sequence[Event]) -> None:
    """Do so with many, in this order and by few trips: a storm of them must not hold anybody up."""
    for event in events:
        _check(event)
    transaction.on_commit(partial(log.append_each, events), robust=True)


def publish_committed(events: Sequence[Event]) -> None:
    """Append what tells of a transaction that has committed already, from whichever thread.

    A Redis that is away is logged, as in `publish`.
    """
    for event in events:
        _check(event)
    try:
        log.append_each(events)
    except RedisError:
        logger.exception("%s events could not be told", len(events))


def _check(event: Event) -> None:
    if isinstance(event.payload, orjson.Fragment):
        return
    if not isinstance(event.payload, catalogue.known_types()[event.event_type]):
        raise TypeError(f"{event.event_type} does not carry a {type(event.payload).__name__}.")
