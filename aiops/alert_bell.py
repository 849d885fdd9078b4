"""Calls back into an event loop from the thread that stores alerts."""

import asyncio
from collections import deque
from contextlib import suppress
from functools import lru_cache

from apps.errors import DomainError
from apps.observability.actions.alerts.intake import Answer


class Bell:
    """Wakes its loop once for all that is told in a row: to wake it costs more than to answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: deque[tuple[Answer, DomainError | None]] = deque()
        self._rung = False

    def tell(self, answer: Answer, refusal: DomainError | None) -> None:
        """Have `answer` called in the loop, soon. Called by any thread."""
        self._due.append((answer, refusal))
        if not self._rung:
            self._rung = True
            # Of a loop that has ended nobody waits any more; what was brought is stored.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._work_off)

    def _work_off(self) -> None:
        # In this order: what comes while we look either is found now, or rings again.
        self._rung = False
        while self._due:
            answer, refusal = self._due.popleft()
            self._loop.call_soon(answer, refusal)


@lru_cache(maxsize=8)
def bell_of(loop: asyncio.AbstractEventLoop) -> Bell:
    return Bell(loop)
