"""The values of the past: summed up by hours, as often as one likes, and dropped by days."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from apps import partitions
from apps.observability.actions import history, keeping
from apps.observability.actions.keeping import Found
from apps.observability.models import Indicator, IndicatorHour, IndicatorSample
from apps.observability.tasks import tidy_indicators
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def found() -> Found:
    cluster = make_cluster("hub")
    return Found(cluster.pk, "hub", Indicator.objects.get(name="cpu-percent"), 5.0)


def noon(days: int = 0) -> datetime:
    return datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + days * DAY


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr("apps.observability.actions.history.timezone.now", lambda: moment)


def hours() -> list[datetime]:
    return list(IndicatorHour.objects.order_by("hour").values_list("hour", flat=True))


def test_only_full_hours_are_summed_up_and_each_once(found: Found) -> None:
    for hour in (9, 10, 12):
        keeping.store(noon().replace(hour=hour, minute=59), [found])
    for _ in range(2):
        history.sum_up(noon() + timedelta(minutes=30))
        assert hours() == [noon().replace(hour=9), noon().replace(hour=10)]


def test_an_hour_that_was_summed_up_too_early_is_done_anew(found: Found) -> None:
    keeping.store(noon(), [found])
    history.sum_up(noon() + HOUR)
    keeping.store(noon() + timedelta(minutes=30), [replace(found, value=found.value + 2)])
    history.sum_up(noon() + HOUR)
    hour = IndicatorHour.objects.get()
    assert (hour.average, hour.last) == (found.value + 1, found.value + 2)


def test_hours_missed_while_nobody_was_there_are_made_up_for(found: Found) -> None:
    for hour in range(12):
        keeping.store(noon().replace(hour=hour), [found])
    history.sum_up(noon().replace(hour=2))
    history.sum_up(noon())
    assert len(hours()) == 12


def test_what_died_between_two_hours_goes_on_at_the_second(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in (9, 10, 11):
        keeping.store(noon().replace(hour=hour), [found])
    history.sum_up(noon().replace(hour=10))
    assert hours() == [noon().replace(hour=9)]
    # The newest that is known, and the two after it.
    assert history.sum_up(noon()) == 3
    assert len(hours()) == 3


def homes(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT tableoid::regclass::text FROM {table}")
        return {name for (name,) in cursor.fetchall()}


def test_days_are_made_ahead_and_dropped_whole(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, noon())
    tidy_indicators()
    keeping.store(noon(), [found])
    table = IndicatorSample._meta.db_table
    assert homes(table) == {f"{table}_{noon():%Y%m%d}"}
    for days in (1, 2, 3):
        at(monkeypatch, noon(days))
        tidy_indicators()
    assert not IndicatorSample.objects.exists()
    assert f"{table}_{noon():%Y%m%d}" not in {
        one.name for one in partitions.partitions_of(history.MINUTES)
    }
    assert hours() == [noon()]
    at(monkeypatch, noon(92))
    tidy_indicators()
    assert hours() == []


def test_values_of_the_first_hour_move_to_their_day(found: Found) -> None:
    keeping.store(timezone.now(), [found])
    table = IndicatorSample._meta.db_table
    assert homes(table) == {f"{table}_rest"}
    tidy_indicators()
    assert homes(table) == {f"{table}_{datetime.now(UTC):%Y%m%d}"}


@pytest.mark.django_db(transaction=True)
def test_the_tables_go_and_come_again() -> None:
    call_command("migrate", "observability", "zero", verbosity=0)
    call_command("migrate", "observability", verbosity=0)
    assert Indicator.objects.filter(built_in=True).exists()
    call_command("makemigrations", "observability", "--check", "--dry-run", verbosity=0)
