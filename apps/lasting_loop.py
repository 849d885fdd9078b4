"""One event loop for all that a process asks outside, so that connections outlive the question.

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
from django.db import close_old_connections, connection

T = TypeVar("T")

# As many as the pool of connections makes use of; the default is often 1,024.
FILES = 65_536
# So many new objects are worth a look for cycles among them; Python's own 700 are one question.
GARBAGE = 10_000
_STARTING = threading.Lock()
# How many use the database now; only the thread that they use it in counts.
_USERS = [0]


def run(work: Callable[[], Coroutine[Any, Any, T]], *, within: float | None = None) -> T:
    """Run `work` on the loop of this process and return its result, or TimeoutError.

    What it does with the database happens in one thread of its own, by a connection that is
    closed like that of a request once nobody uses it.
    """
    loop, thread = _started()
    future = asyncio.run_coroutine_threadsafe(_within(thread, work), loop)
    try:
        return future.result(within)
    except BaseException:
        # A time limit is raised here, in the waiting thread; the work must not go on without us.
        future.cancel()
        raise


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Begin `work`, which must not touch the database, on the loop of this process."""
    loop, _ = _started()
    return asyncio.run_coroutine_threadsafe(work, loop)


def call(what: Callable[[], object]) -> None:
    """Have `what` called on the loop of this process, soon."""
    loop, _ = _started()
    loop.call_soon_threadsafe(what)


async def _within(thread: ThreadPoolExecutor, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    async with ThreadSensitiveContext(executor=thread):
        await sync_to_async(_arrive)()
        try:
            return await work()
        finally:
            await sync_to_async(_leave)()


def _arrive() -> None:
    """Begin with a connection that works. Of what runs already, another one's lock may be on it."""
    if not _USERS[0]:
        close_old_connections()
    elif connection.connection is not None and not connection.is_usable():
        connection.close()
    _USERS[0] += 1


def _leave() -> None:
    _USERS[0] -= 1
    if not _USERS[0]:
        close_old_connections()


def _started() -> tuple[asyncio.AbstractEventLoop, ThreadPoolExecutor]:
    # The cache alone would let two threads that come first start a loop each.
    with _STARTING:
        return _start(os.getpid())


@lru_cache(maxsize=1)
def _start(process: int) -> tuple[asyncio.AbstractEventLoop, ThreadPoolExecutor]:
    """Start the loop of this process; one that was forked away has left its thread behind."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    if now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    # What is there by now stays; the collector need not look through all of it again and again.
    gc.freeze()
    # Questions come by thousands and leave few cycles behind.
    gc.set_threshold(GARBAGE)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="lasting-loop", daemon=True).start()
    return loop, ThreadPoolExecutor(max_workers=1, thread_name_prefix="lasting-loop-sync")
