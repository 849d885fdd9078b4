"""What `asyncio.timeout` is, at a third of its price: every call has one."""

import asyncio
from types import TracebackType
from typing import Any


class TimeLimit:
    """Ends its block with TimeoutError after so many seconds; `expired` tells that it did."""

    __slots__ = ("_before", "_seconds", "_task", "_timer", "expired")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.expired = False

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        task: asyncio.Task[Any] | None = asyncio.current_task()
        if task is None:
            raise RuntimeError("a time limit is for tasks")
        self._task = task
        self._before = task.cancelling()
        self._timer = loop.call_later(self._seconds, self._end)

    def _end(self) -> None:
        self.expired = True
        self._task.cancel()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.expired:
            self._timer.cancel()
        elif self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            # Whoever cancelled the task besides is not left without an answer.
            raise TimeoutError from error
        else:
            self.expired = False
