"""A round of work on due clusters: concurrently, each on its own, one round at a time.

One round serves any number of hanging clusters: while some have not answered, it goes on claiming
what becomes due. Only one round of a kind claims at a time, so they never fill the workers.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from apps.clusters.connection import Connection

CLAIM_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Round:
    """What to claim and what to do with each. `turn`: the advisory lock that it works under.

    A round claims for `seconds`; the next tick's round takes over while it runs out. `work` must
    raise nothing: what one cluster does to us is its own affair.
    """

    turn: int
    claim_due: Callable[[int], list[Connection]]
    work: Callable[[Connection], Coroutine[Any, Any, None]]
    at_once: int
    seconds: float


async def run(work: Round) -> int:
    """Do what is due and what becomes due meanwhile; return how many clusters that were."""
    if not await sync_to_async(take_turn)(work.turn):
        return 0
    loop = asyncio.get_running_loop()
    last_claim = loop.time() + work.seconds
    running: set[asyncio.Task[None]] = set()
    made = 0
    try:
        while loop.time() < last_claim:
            claimed = await sync_to_async(work.claim_due)(work.at_once - len(running))
            running |= {asyncio.create_task(work.work(connection)) for connection in claimed}
            made += len(claimed)
            if not running:
                break
            _, running = await asyncio.wait(running, timeout=CLAIM_EVERY_SECONDS)
    finally:
        await sync_to_async(end_turn)(work.turn)
    if running:
        await asyncio.wait(running)
    return made


def take_turn(turn: int) -> bool:
    """Become the one round that claims, unless another one is; it ends with the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [turn])
        return bool(cursor.fetchone()[0])


def end_turn(turn: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [turn])
