"""Asks many clusters at once, within one deadline, and hides none of them."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from apps.clusters.connection import Connection
from apps.http import Stage, Unreachable
from apps.observability.federation.outcome import Answer, Failure, Outcome, SourceFailed

T = TypeVar("T")

logger = logging.getLogger(__name__)


async def ask_each(
    connections: Sequence[Connection],
    ask: Callable[[Connection], Awaitable[T]],
    *,
    deadline: float,
    at_once: int,
) -> list[Outcome[T]]:
    """Return one outcome per connection, in order, no later than `deadline` seconds from now.

    Waiting for one of the `at_once` seats counts against the deadline, so that the promise holds
    for any number of clusters.
    """
    gate = asyncio.Semaphore(at_once)
    started = time.perf_counter()

    def elapsed() -> int:
        return round((time.perf_counter() - started) * 1000)

    async def ask_one(connection: Connection) -> Outcome[T]:
        try:
            async with asyncio.timeout(deadline), gate:
                return Answer(connection, await ask(connection), elapsed())
        except TimeoutError:
            reason = f"no answer in {deadline:g} s"
            return Failure(connection, "QUERY_TIMEOUT", reason, elapsed())
        except SourceFailed as failed:
            return Failure(connection, failed.code, failed.reason, elapsed())
        except Unreachable as failure:
            timed_out = failure.stage == Stage.TIMEOUT
            code = "QUERY_TIMEOUT" if timed_out else "CLUSTER_UNREACHABLE"
            return Failure(connection, code, failure.reason, elapsed())
        except Exception:  # A bug met at one cluster must not cost the answers of the others.
            logger.exception("Asking %s broke", connection.name)
            reason = "asking it broke on our side; it is in the log of the web process"
            return Failure(connection, "INTERNAL_ERROR", reason, elapsed())

    return await asyncio.gather(*map(ask_one, connections))
