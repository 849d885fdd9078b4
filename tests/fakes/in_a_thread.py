"""What answers on a loop and a thread of its own, for as long as a test needs it."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")

# However busy the machine is: it is waited for no longer.
DEADLINE = 30.0


@contextmanager
def serve(server: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Enter `server` on that loop, and leave it when the block ends. What it raises is raised."""
    running: Future[T] = Future()
    loop, over = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        try:
            async with server as entered:
                running.set_result(entered)
                await over.wait()
        except BaseException as error:
            if running.done():
                raise
            running.set_exception(error)

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield running.result(DEADLINE)
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(over.set)
        thread.join(DEADLINE)
