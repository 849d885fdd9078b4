"""Several servers that hold the same: the first good answer is taken, whoever gives it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import NamedTuple

import msgspec

from apps.http import Reply, Stage, Unreachable
from apps.observability.federation.outcome import SKIPPED, SourceFailed

# What is wrong with the question is wrong at every server.
OF_THE_QUESTION = {400, 422}

Attempt = Callable[[], Coroutine[None, None, Reply]]


class _Envelope(msgspec.Struct):
    status: str


class Taken(NamedTuple):
    """`number` says whose answer it is, among those who could be asked."""

    number: int
    reply: Reply


async def first_good(attempts: Sequence[Attempt], delay: float) -> Taken:
    """Return the first good answer; the others are given up.

    The next server is asked as soon as one fails, or has said nothing for `delay` seconds. Where
    no answer is good, it is as if only the first one had been asked that may be asked at all.
    """
    begun: list[asyncio.Task[Reply]] = []
    running: set[asyncio.Task[Reply]] = set()
    try:
        while len(begun) < len(attempts) or running:
            if len(begun) < len(attempts):
                begun.append(asyncio.create_task(attempts[len(begun)]()))
                running.add(begun[-1])
            ended, running = await asyncio.wait(
                running,
                timeout=delay if len(begun) < len(attempts) else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for number, task in enumerate(begun):
                if task in ended and _is_final(task):
                    return Taken(number, task.result())
        told = next((task for task in begun if not _was_skipped(task)), begun[0])
        return Taken(begun.index(told), told.result())
    finally:
        for task in begun:
            task.cancel()
        # Each gives its seat back, and tells its breaker, before this ends.
        await asyncio.gather(*begun, return_exceptions=True)


def _is_final(task: asyncio.Task[Reply]) -> bool:
    """Whether no other server could say anything better. What is no failure of it is raised."""
    match task.exception():
        case None:
            return _is_good(task.result())
        case Unreachable(stage=stage):
            return stage == Stage.SIZE
        case SourceFailed():
            return False
    return True


def _is_good(reply: Reply) -> bool:
    if reply.status in OF_THE_QUESTION:
        return True
    try:
        return msgspec.json.decode(reply.body, type=_Envelope).status == "success"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _was_skipped(task: asyncio.Task[Reply]) -> bool:
    failure = task.exception()
    return isinstance(failure, SourceFailed) and failure.code == SKIPPED
