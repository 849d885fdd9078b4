"""The time limit of a call ends what it bounds, and nothing else."""

import asyncio

import pytest

from apps.http.limit import TimeLimit


async def test_what_takes_too_long_ends_with_a_timeout() -> None:
    limit = TimeLimit(0.01)
    with pytest.raises(TimeoutError), limit:
        await asyncio.Event().wait()
    assert limit.expired
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_ends_in_time_leaves_no_timer_behind() -> None:
    limit = TimeLimit(0.01)
    with limit:
        await asyncio.sleep(0)
    await asyncio.sleep(0.03)
    assert not limit.expired


async def test_the_inner_of_two_limits_ends_only_its_own_block() -> None:
    reached = []
    outer, inner = TimeLimit(60), TimeLimit(0.01)
    with outer:
        with pytest.raises(TimeoutError), inner:
            await asyncio.Event().wait()
        reached.append("on")
    assert reached == ["on"]
    assert (outer.expired, inner.expired) == (False, True)


async def test_who_is_cancelled_from_elsewhere_is_not_told_of_a_time_limit() -> None:
    async def bounded() -> None:
        with TimeLimit(60):
            await asyncio.Event().wait()

    task = asyncio.create_task(bounded())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_block_is_what_is_raised() -> None:
    with pytest.raises(ValueError, match="mine"), TimeLimit(60):
        raise ValueError("mine")
