"""One deadline for many tasks."""

import asyncio
from typing import Any, cast


class Hurry:
    """One deadline for all: the tasks that are within its block when it comes get TimeoutError.

    The same as a timeout of their own each, for the price of one.
    """

    def __init__(self) -> None:
        self._over = False
        # With the cancellations that each had been asked for from elsewhere when it came in.
        self._within: dict[asyncio.Task[Any], int] = {}

    def end(self) -> None:
        self._over = True
        for task in self._within:
            task.cancel()

    def __enter__(self) -> None:
        if self._over:
            raise TimeoutError
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._within[task] = task.cancelling()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        before = self._within.pop(task)
        if self._over and task.uncancel() <= before and kind is asyncio.CancelledError:
            raise TimeoutError from error
