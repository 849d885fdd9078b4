"""The loop that outlives its rounds: connections are kept, and what is given up ends."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from apps import lasting_loop
from apps.http import Call, Upstream, ask
from tests.fakes import upstream as fakes


def test_a_connection_outlives_the_round_that_opened_it() -> None:
    with fakes.serve({"/ok": (200, "ok")}) as server:

        async def round_of_one() -> bytes:
            return (await ask(Upstream(server.url), Call("/ok"))).body

        assert [lasting_loop.run(round_of_one) for _ in range(3)] == [b"ok"] * 3
        assert server.connections == 1


def test_what_goes_wrong_comes_back() -> None:
    async def fail() -> None:
        raise KeyError("a bug of ours")

    with pytest.raises(KeyError, match="a bug of ours"):
        lasting_loop.run(fail)


@pytest.mark.django_db(transaction=True)
def test_the_database_is_used_by_one_thread_which_keeps_no_connection() -> None:
    def ask_database() -> tuple[str, bool]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return threading.current_thread().name, connection.connection is not None

    def is_connected() -> bool:
        return connection.connection is not None

    async def use() -> tuple[str, bool]:
        return await sync_to_async(ask_database)()

    async def look() -> bool:
        return await sync_to_async(is_connected)()

    first, second = lasting_loop.run(use), lasting_loop.run(use)
    assert first == second
    assert first[0] != threading.current_thread().name
    assert first[1]
    assert not lasting_loop.run(look)


class TimeIsUpError(Exception):
    pass


def test_work_that_runs_out_of_time_ends_with_its_task() -> None:
    ended = threading.Event()
    begun = threading.Event()

    async def hang() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    def time_is_up(number: int, frame: object) -> None:
        raise TimeIsUpError

    waiter = threading.get_ident()

    def interrupt() -> None:
        begun.wait(10)
        # The work may begin before who gave it has begun to wait for it.
        while sys._current_frames()[waiter].f_code.co_name != "wait":
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, time_is_up)
    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    try:
        started = time.monotonic()
        with pytest.raises(TimeIsUpError):
            lasting_loop.run(hang)
        assert ended.wait(10)
        assert time.monotonic() - started < 60
    finally:
        interrupter.join()
        signal.signal(signal.SIGUSR1, before)


MANY_AT_ONCE = """
import asyncio, sys, threading
from apps import lasting_loop
sys.setswitchinterval(1e-6)
ready, loops = threading.Barrier(16), []

async def which():
    return asyncio.get_running_loop()

def ask():
    ready.wait()
    loops.append(lasting_loop.submit(which()).result(30))

threads = [threading.Thread(target=ask) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(set(loops)), len(loops))
"""


def test_threads_that_come_first_together_share_one_loop() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANY_AT_ONCE], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["1", "16"]
