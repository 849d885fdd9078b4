"""A round of work on due clusters: concurrently, each on its own, one round at a time.

One round serves any number of hanging clusters: while some have not answered, it goes on claiming
what becomes due. Only one round of a kind claims at a time, so they never fill the workers.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from apps.clusters.connection import Connection

CLAIM_EVERY_SECONDS = 1.0


@unique
class Turn(IntEnum):
    """PostgreSQL's advisory locks that we take, one a kind of round. Checks have one for each part.

    Any numbers will do, as long as nothing else takes the same.
    """

    CHECKS = 0x61696F707300
    DISCOVERY = 0x61696F707400
    INDICATORS = 0x61696F707500
    ALERTS = 0x61696F707600
    NOTIFICATIONS = 0x61696F707700
    GPU_SERIES = 0x61696F707800
    GPU_COMMANDS = 0x61696F707900
    GPU_LOOKS = 0x61696F707A00


# The turns of this process. To PostgreSQL all that one connection does is one and the same.
_ours: set[int] = set()


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
    running: set[asyncio.Task[None]] = set()
    try:
        try:
            return await _claim_on(work, running)
        finally:
            await sync_to_async(end_turn)(work.turn)
    except asyncio.CancelledError:
        _stop(running)
        raise
    finally:
        # What was claimed is done to its end, whatever became of the last claim.
        await _see_out(running)


async def _claim_on(work: Round, running: set[asyncio.Task[None]]) -> int:
    loop = asyncio.get_running_loop()
    last_claim = loop.time() + work.seconds
    made = 0
    while loop.time() < last_claim:
        room = work.at_once - len(running)
        claimed = await sync_to_async(work.claim_due)(room)
        for one in claimed:
            task = loop.create_task(work.work(one))
            running.add(task)
            task.add_done_callback(running.discard)
        made += len(claimed)
        # Where all room is taken, more is due already; it need not wait for those that hang.
        full = len(claimed) == room
        if running:
            await _wait_for(running, work.at_once // 2 if full else 0)
        if not (running or full):
            # What becomes due next is left to the next tick: to claim one by one what comes costs
            # more than to check it.
            break
    return made


async def _wait_for(running: set[asyncio.Task[None]], most: int) -> None:
    """Wait until no more than `most` are running, or it is time to claim anyway."""
    few = asyncio.get_running_loop().create_future()

    def look(_: asyncio.Task[None]) -> None:
        if len(running) <= most and not few.done():
            few.set_result(None)

    watched = list(running)
    for task in watched:
        task.add_done_callback(look)
    try:
        await asyncio.wait([few], timeout=CLAIM_EVERY_SECONDS)
    finally:
        for task in watched:
            task.remove_done_callback(look)


async def _see_out(running: set[asyncio.Task[None]]) -> None:
    try:
        if running:
            await asyncio.wait(running)
    except asyncio.CancelledError:
        _stop(running)
        raise


def _stop(running: set[asyncio.Task[None]]) -> None:
    """Out of time. The loop may go on with another round, and so would they."""
    for task in running:
        task.cancel()


def take_turn(turn: int) -> bool:
    """Become the one round that claims, unless another one is; it ends with the connection."""
    if turn in _ours:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [turn])
        if not cursor.fetchone()[0]:
            return False
    _ours.add(turn)
    return True


def end_turn(turn: int) -> None:
    _ours.discard(turn)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [turn])
