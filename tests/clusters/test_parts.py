"""A fleet in parts: each has a worker that checks it, and what one leaves lying others take."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from aiops.celery import app
from apps import workers
from apps.clusters import tasks
from apps.clusters.actions import checking, health
from apps.clusters.models import CheckSchedule, Cluster
from tests.factories import make_cluster
from tests.fakes.upstream import kubernetes, serve
from tests.rivals import separate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def in_parts(settings: Any) -> Any:
    settings.CHECK_PARTS = 3
    for number in range(30):
        make_cluster(f"cluster-{number}", id=UUID(int=number))
    return settings


@pytest.fixture
def messages() -> Iterator[Any]:
    with workers.connect() as server:
        yield server
        server.delete("poll", "poll.2", "poll.3")


def names(part: int) -> set[str]:
    return {one.name for one in health.claim_due(100, part)}


def test_each_cluster_is_in_one_part_and_always_the_same(in_parts: Any) -> None:
    first = [names(part) for part in range(3)]
    assert sum(map(len, first)) == len(set().union(*first)) == 30
    assert [len(part) for part in first] == [10, 10, 10]
    CheckSchedule.objects.update(next_check_at=timezone.now())
    assert [names(part) for part in range(3)] == first


def test_what_a_part_s_worker_leaves_lying_another_one_checks(in_parts: Any) -> None:
    CheckSchedule.objects.update(next_check_at=timezone.now() - timedelta(minutes=1))
    assert len(names(1)) == 30


def test_parts_are_checked_at_the_same_time_and_each_by_one_round(settings: Any) -> None:
    settings.CHECK_PARTS = 2
    with serve(kubernetes()) as upstream:
        for number in range(12):
            make_cluster(f"cluster-{number}", api_server_url=upstream.url)
        with Holding(checking.TURN):
            assert async_to_sync(checking.check_due)(0) == 0
            one = async_to_sync(checking.check_due)(1)
        assert one + async_to_sync(checking.check_due)(0) == 12
    assert set(Cluster.objects.values_list("state", flat=True)) == {"ONLINE"}


class Holding:
    """A turn that another worker has."""

    def __init__(self, turn: int) -> None:
        self._turn = turn

    def __enter__(self) -> None:
        self._other = separate()
        with self._other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [self._turn])

    def __exit__(self, *_: object) -> None:
        self._other.close()


def test_a_tick_reaches_the_worker_of_each_part_and_shows_its_life(
    settings: Any, messages: Any
) -> None:
    settings.CHECK_PARTS = 3
    messages.delete(workers.key_of("checks"))
    assert tasks.check_due() == 0
    assert [messages.llen(queue) for queue in ("poll", "poll.2", "poll.3")] == [0, 1, 1]
    assert b"clusters.check_part" in messages.lindex("poll.3", 0)
    assert time.time() - float(messages.get(workers.key_of("checks"))) < 100
    assert tasks.check_part(2) == 0
    assert messages.get(workers.key_of("checks-3"))


def test_the_queue_of_a_worker_that_is_away_does_not_grow_for_ever(
    settings: Any, messages: Any
) -> None:
    settings.CHECK_PARTS = 2
    for _ in range(tasks.MOST_WAITING + 5):
        tasks.check_due()
    assert messages.llen("poll.2") == tasks.MOST_WAITING


def test_a_tick_is_acknowledged_at_once_so_that_its_loss_stops_no_round() -> None:
    assert not app.tasks["clusters.check_due"].acks_late
    assert not app.tasks["clusters.check_part"].acks_late
