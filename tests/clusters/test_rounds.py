"""A round that ends badly: what was asked is not lost, and nothing goes on behind its back."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError

from apps.clusters.actions import checking, health, rounds
from apps.clusters.connection import Connection
from apps.clusters.models import Cluster, HealthCheck
from tests.factories import make_cluster
from tests.fakes.upstream import Behaviour, Upstream, kubernetes, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def hanging() -> Iterator[Upstream]:
    with serve({"/readyz": Behaviour.HANG}) as upstream:
        yield upstream


async def begun(round_: "asyncio.Task[int]", asked: Upstream) -> None:
    """Wait until a round has asked somebody."""
    while not (asked.requests or round_.done()):  # noqa: ASYNC110 - a fact of another thread
        await asyncio.sleep(0.01)
    assert not round_.done()


def test_a_claim_that_fails_costs_none_its_verdict_that_was_asked_before(
    hanging: Upstream, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHECK_TIMEOUTS = dict.fromkeys(["HUB", "SPOKE", "EDGE", "FAR_EDGE"], 1.5)  # type: ignore[attr-defined]
    make_cluster("slow", api_server_url=hanging.url)
    claim_due, claims = health.claim_due, []

    def fail_later(most: int, part: int) -> list[Connection]:
        claims.append(most)
        if len(claims) > 1:
            raise OperationalError("the database went away")
        return claim_due(most, part)

    monkeypatch.setattr(health, "claim_due", fail_later)
    with pytest.raises(OperationalError):
        async_to_sync(checking.check_due)()
    assert "no answer in 1.5 s" in Cluster.objects.get().last_error


def test_a_round_that_is_stopped_leaves_nothing_running(hanging: Upstream) -> None:
    make_cluster("stuck", api_server_url=hanging.url)

    async def stop_it() -> int:
        round_ = asyncio.create_task(checking.check_due())
        await begun(round_, hanging)
        round_.cancel()
        with pytest.raises(asyncio.CancelledError):
            await round_
        for _ in range(3):
            await asyncio.sleep(0)
        return len(asyncio.all_tasks()) - 1

    assert async_to_sync(stop_it)() == 0
    assert not HealthCheck.objects.exists()


def test_a_round_that_is_stopped_while_it_runs_out_leaves_nothing_running_either(
    hanging: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "ROUND_SECONDS", 0.1)
    make_cluster("stuck", api_server_url=hanging.url)

    async def stop_it() -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await checking.check_due()
        for _ in range(3):
            await asyncio.sleep(0)
        return len(asyncio.all_tasks()) - 1

    assert async_to_sync(stop_it)() == 0
    assert not HealthCheck.objects.exists()


def test_the_turn_is_given_back_by_a_round_that_was_stopped(hanging: Upstream) -> None:
    make_cluster("stuck", api_server_url=hanging.url)

    async def stop_it() -> None:
        round_ = asyncio.create_task(checking.check_due())
        await begun(round_, hanging)
        round_.cancel()
        with pytest.raises(asyncio.CancelledError):
            await round_

    async_to_sync(stop_it)()
    with serve(kubernetes()) as upstream:
        make_cluster("well", api_server_url=upstream.url)
        assert async_to_sync(checking.check_due)() == 1


def test_those_that_hang_keep_a_full_round_from_claiming_no_longer_than_the_others_take(
    hanging: Upstream, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHECK_TIMEOUTS = dict.fromkeys(["HUB", "SPOKE", "EDGE", "FAR_EDGE"], 3.0)  # type: ignore[attr-defined]
    monkeypatch.setattr(checking, "AT_ONCE", 4)
    monkeypatch.setattr(rounds, "CLAIM_EVERY_SECONDS", 3600)
    make_cluster("stuck", api_server_url=hanging.url)
    with serve(kubernetes()) as upstream:
        for number in range(9):
            make_cluster(f"well-{number}", api_server_url=upstream.url)
        assert async_to_sync(checking.check_due)() == 10
    stuck = HealthCheck.objects.get(cluster__name="stuck").checked_at
    well = HealthCheck.objects.filter(cluster__name__startswith="well-")
    # A round that waited for the one that hangs would have asked the last of them later.
    assert max(check.checked_at for check in well) - stuck < timedelta(seconds=3)
