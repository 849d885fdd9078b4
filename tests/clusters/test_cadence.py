"""When a cluster is checked next: in its rhythm, a little apart from the others."""

from datetime import datetime, timedelta
from statistics import mean

import pytest
from django.utils import timezone

from apps.clusters.actions import health
from apps.clusters.health import Verdict
from apps.clusters.models import CheckSchedule, Cluster
from apps.clusters.models.cluster import State
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db
INTERVALS = {"HUB": 10.0, "SPOKE": 100.0, "EDGE": 1000.0, "FAR_EDGE": 10_000.0}


@pytest.fixture(autouse=True)
def intervals(settings: object) -> None:
    settings.CHECK_INTERVALS = INTERVALS  # type: ignore[attr-defined]


def checked(name: str, cluster_type: str = "SPOKE") -> Cluster:
    """A cluster that was checked before."""
    cluster = make_cluster(name, cluster_type=cluster_type)
    health.record(cluster.pk, Verdict(timezone.now(), State.ONLINE, 100, parts={}))
    return cluster


def waits_from(moment: datetime) -> list[float]:
    """How many seconds after `moment` each is checked next."""
    return [(one.next_check_at - moment).total_seconds() for one in CheckSchedule.objects.all()]


def test_a_new_cluster_is_checked_at_once() -> None:
    make_cluster("new")
    assert [one.name for one in health.claim_due(10)] == ["new"]
    assert health.claim_due(10) == []


@pytest.mark.parametrize(("cluster_type", "seconds"), INTERVALS.items())
def test_the_next_check_is_an_interval_later_and_a_tenth_at_most_to_either_side(
    cluster_type: str, seconds: float
) -> None:
    cluster = checked("hub", cluster_type)
    # Claimed late: counted from the claim, each check would slip by that much.
    due = timezone.now() - timedelta(seconds=seconds / 4)
    for _ in range(20):
        CheckSchedule.objects.filter(pk=cluster.pk).update(next_check_at=due)
        health.claim_due(10)
        [wait] = waits_from(due)
        assert 0.9 * seconds <= wait <= 1.1 * seconds


def test_clusters_that_were_due_together_part_and_keep_their_interval_on_average() -> None:
    for number in range(60):
        checked(f"spoke-{number}")
    due = timezone.now() - timedelta(seconds=1)
    CheckSchedule.objects.update(next_check_at=due)
    health.claim_due(100)
    waits = waits_from(due)
    assert len(set(waits)) == 60
    # Sixty draws between 90 and 110: the mean is off by 5 once in more than 10^10 runs.
    assert 95 < mean(waits) < 105


@pytest.mark.parametrize("known", [True, False], ids=["after an outage", "after an import"])
def test_what_is_late_or_new_all_at_once_is_spread_over_the_interval(known: bool) -> None:
    for number in range(60):
        checked(f"spoke-{number}") if known else make_cluster(f"spoke-{number}")
    now = timezone.now()
    if known:
        CheckSchedule.objects.update(next_check_at=now - timedelta(hours=1))
    assert len(health.claim_due(100)) == 60
    waits = waits_from(now)
    assert all(10 <= wait <= 101 for wait in waits)
    # Of sixty draws none in the first or the last third has a chance of 10^-10.
    assert min(waits) < 40
    assert max(waits) > 70


def test_after_a_clock_that_was_days_ahead_checks_go_on_at_once() -> None:
    cluster = make_cluster("hub")
    now = timezone.now()
    wrong = now + timedelta(days=2)
    health.record(cluster.pk, Verdict(wrong, State.ONLINE, 100))
    CheckSchedule.objects.update(next_check_at=wrong + timedelta(seconds=100))
    assert [one.name for one in health.claim_due(10)] == ["hub"]
    assert all(0 < wait <= 101 for wait in waits_from(now))
    assert health.claim_due(10) == []
    assert health.record(cluster.pk, Verdict(now, State.OFFLINE, 50))
    assert CheckSchedule.objects.get().checked_at == now
    # An answer to an older question is no clock that was set back.
    assert not health.record(cluster.pk, Verdict(now - timedelta(minutes=2), State.ONLINE, 100))
