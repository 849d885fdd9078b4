"""One event loop for all rounds of a worker, so that connections outlive the round.

A loop of `async_to_sync` ends with its task, and closes what it opened. To open it anew, with a
TLS handshake each, is most of what a check costs.
"""

import asyncio
import gc
import os
import resource
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import close_old_connections

T = TypeVar("T")

# As many as the pool of connections makes use of; the default is often 1,024.
FILES = 65_536


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `work` on the loop of this process and return its result.

    What it does with the database happens in one thread of its own, by connections that are
    closed like those of a request.
    """
    loop, thread = _start(os.getpid())
    future = asyncio.run_coroutine_threadsafe(_within(thread, work), loop)
    try:
        return future.result()
    except BaseException:
        # A time limit is raised here, in the waiting thread; the work must not go on without us.
        future.cancel()
        raise


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Begin `work`, which must not touch the database, on the loop of this process."""
    loop, _ = _start(os.getpid())
    return asyncio.run_coroutine_threadsafe(work, loop)


async def _within(thread: ThreadPoolExecutor, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    async with ThreadSensitiveContext(executor=thread):
        await sync_to_async(close_old_connections)()
        try:
            return await work()
        finally:
            await sync_to_async(close_old_connections)()


@lru_cache(maxsize=1)
def _start(process: int) -> tuple[asyncio.AbstractEventLoop, ThreadPoolExecutor]:
    """Start the loop of this process; one that was forked away has left its thread behind."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    if now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    # What is there by now stays; the collector need not look through all of it again and again.
    gc.freeze()
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="lasting-loop", daemon=True).start()
    return loop, ThreadPoolExecutor(max_workers=1, thread_name_prefix="lasting-loop-sync")
