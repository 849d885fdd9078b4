"""The history of checks by days: made ahead, dropped whole, never in anybody's way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from apps import partitions
from apps.clusters.actions import health, history, registration
from apps.clusters.health import Verdict
from apps.clusters.models import Cluster, HealthCheck
from apps.clusters.models.cluster import State
from apps.clusters.tasks import trim_history
from tests.factories import make_cluster
from tests.rivals import another_connection, at_once

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Clock = Callable[[datetime], None]


def migrate(*to: str) -> None:
    call_command("migrate", *to, verbosity=0)


def turn_back() -> None:
    """Turn the migrations back to one table without partitions."""
    migrate("clusters", "0006_recent_states")


@pytest.fixture
def changing_tables(transactional_db: None) -> Iterator[None]:
    """Leaves the tables to the other tests as a new installation has them."""
    yield
    turn_back()
    HealthCheck.objects.all().delete()
    migrate()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the time by which the history is kept."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr("apps.clusters.actions.history.timezone.now", lambda: moment)

    return set_to


def noon(days: int = 0) -> datetime:
    """Noon of a day counted from today, in UTC."""
    return datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + days * DAY


def check(cluster: Cluster, moment: datetime) -> None:
    health.record(cluster.pk, Verdict(moment, State.ONLINE, 100))


def homes() -> list[str]:
    """In which partition each check lies, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM clusters_healthcheck ORDER BY checked_at"
        )
        return [name for (name,) in cursor.fetchall()]


def name_of(moment: datetime) -> str:
    return f"clusters_healthcheck_{moment:%Y%m%d}"


def test_the_coming_days_have_partitions() -> None:
    trim_history()
    cluster = make_cluster("hub")
    for days in range(4):
        check(cluster, noon(days))
    assert homes() == [name_of(noon(days)) for days in range(4)]
    names = [one.name for one in partitions.partitions_of(history.TABLE)]
    trim_history()
    assert [one.name for one in partitions.partitions_of(history.TABLE)] == names


def test_old_days_are_dropped_whole_and_without_a_delete(clock: Clock) -> None:
    cluster = make_cluster("hub")
    for days in range(4):
        check(cluster, noon(days))
    # Seven days are kept, so the first two days are old when the ninth has begun.
    clock(noon(9))
    with CaptureQueriesContext(connection) as queries:
        assert trim_history() == 2
    assert homes() == [name_of(noon(2)), name_of(noon(3))]
    deletes = [one["sql"] for one in queries if "DELETE FROM clusters_healthcheck " in one["sql"]]
    assert deletes == []
    assert trim_history() == 0


def test_how_many_days_are_kept_can_be_set(clock: Clock, settings: object) -> None:
    settings.HEALTH_HISTORY_DAYS = 2  # type: ignore[attr-defined]
    cluster = make_cluster("hub")
    for days in range(4):
        check(cluster, noon(days))
    clock(noon(4))
    assert trim_history() == 2
    assert HealthCheck.objects.count() == 2


def test_a_check_of_a_day_without_partition_is_kept_and_moves_in_once_there_is_one(
    api: APIClient, clock: Clock
) -> None:
    cluster = make_cluster("hub")
    for days in (30, 31):
        check(cluster, noon(days))
    assert homes() == ["clusters_healthcheck_rest"] * 2
    clock(noon(30))
    trim_history()
    assert homes() == [name_of(noon(30)), name_of(noon(31))]
    assert api.get(f"/api/v1/clusters/{cluster.pk}/health-history").json()["total"] == 2


def test_what_is_old_and_fits_no_day_is_forgotten_too() -> None:
    cluster = make_cluster("hub")
    check(cluster, noon(-9))
    check(cluster, noon(-6))
    assert homes() == ["clusters_healthcheck_rest"] * 2
    trim_history()
    assert [one.checked_at for one in HealthCheck.objects.all()] == [noon(-6)]


def test_the_history_of_a_cluster_goes_with_it() -> None:
    going, staying = make_cluster("going"), make_cluster("staying")
    for days in (-1, 0, 1):
        check(going, noon(days))
    check(staying, noon())
    registration.retire(going)
    assert [one.cluster for one in HealthCheck.objects.all()] == [staying]


def test_each_check_stands_once_and_is_found_by_its_number() -> None:
    cluster = make_cluster("hub")
    for days in range(3):
        check(cluster, noon(days))
        check(cluster, noon(days))
    ids = list(HealthCheck.objects.order_by("id").values_list("id", flat=True))
    assert len(set(ids)) == 3
    assert HealthCheck.objects.get(pk=ids[1]).checked_at == noon(1)


@contextmanager
def reader_at_work() -> Iterator[None]:
    """Somebody reads the whole history in a transaction that goes on."""
    with another_connection() as somebody:
        somebody.execute("SELECT count(*) FROM clusters_healthcheck")
        yield


@pytest.mark.usefixtures("changing_tables")
def test_a_busy_table_is_left_for_the_next_time(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "LOCK_TIMEOUT", "20ms")
    cluster = make_cluster("hub")
    check(cluster, noon())
    check(cluster, noon(30))
    before = [one.name for one in partitions.partitions_of(history.TABLE)]
    clock(noon(30))
    with reader_at_work():
        assert trim_history() == 0
        assert homes() == [name_of(noon()), "clusters_healthcheck_rest"]
        # Who writes is not held up either.
        check(cluster, noon(31))
    assert trim_history() == len(before)
    assert homes() == [name_of(noon(30)), name_of(noon(31))]


@pytest.mark.usefixtures("changing_tables")
def test_two_workers_at_once_make_each_day_once(clock: Clock) -> None:
    clock(noon(60))
    at_once(trim_history, trim_history)
    # A second one leaves what the first is at; it looks again the next hour.
    trim_history()
    assert len(partitions.partitions_of(history.TABLE)) == 4


@pytest.mark.usefixtures("changing_tables")
def test_a_full_table_is_partitioned_with_its_rows_and_turned_back() -> None:
    clusters = [make_cluster(f"c-{number}") for number in range(3)]
    for cluster in clusters:
        for hours in range(0, 24 * 12, 7):
            check(cluster, timezone.now() - timedelta(hours=300 - hours))
    rows = list(HealthCheck.objects.order_by("id").values_list())
    assert len(rows) > 100
    turn_back()
    assert list(HealthCheck.objects.order_by("id").values_list()) == rows
    check(clusters[0], timezone.now())
    migrate()
    newest = HealthCheck.objects.latest("id")
    assert list(HealthCheck.objects.order_by("id").values_list())[:-1] == rows
    assert newest.pk > rows[-1][0]
    # Today's checks go where the old table ends; tomorrow's have a day of their own.
    assert set(homes()) == {"clusters_healthcheck_before"}
    check(clusters[0], noon(1))
    assert homes()[-1] == name_of(noon(1))
    assert HealthCheck.objects.latest("id").pk > newest.pk
    assert health.record(clusters[1].pk, Verdict(noon(2), State.OFFLINE, 50))


@pytest.mark.usefixtures("changing_tables")
def test_the_old_table_goes_once_all_of_it_is_old(clock: Clock) -> None:
    check(make_cluster("hub"), timezone.now())
    turn_back()
    migrate()
    assert homes() == ["clusters_healthcheck_before"]
    clock(noon(9))
    assert trim_history() >= 1
    assert homes() == []
