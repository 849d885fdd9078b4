"""Many verdicts at once: the same as one by one, in as many statements as for one."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.clusters.actions import health, recording, registration
from apps.clusters.health import Verdict
from apps.clusters.models import CheckSchedule, Cluster, HealthCheck
from apps.clusters.models.cluster import FailureStage, State
from apps.streaming.envelope import Event
from tests.factories import make_cluster
from tests.payloads import payload_of
from tests.rivals import another_connection, at_once

pytestmark = pytest.mark.django_db
NOW = timezone.now()
UP = Verdict(NOW, State.ONLINE, 100, "", 7, {"api_server": True})
DOWN = Verdict(
    NOW,
    State.OFFLINE,
    50,
    "It does not answer. Check it.",
    None,
    {"api_server": False},
    FailureStage.TCP,
    "Check it.",
)


def later(verdict: Verdict, seconds: float = 10) -> Verdict:
    return replace(verdict, checked_at=verdict.checked_at + timedelta(seconds=seconds))


def states() -> dict[str, str]:
    return dict(Cluster.objects.values_list("name", "state"))


def told(events: list[Event]) -> list[tuple[str, str]]:
    return sorted(
        (event.cluster_name, payload_of(event)["new_state"])
        for event in events
        if event.event_type == "CLUSTER_STATUS_CHANGED"
    )


def test_each_verdict_is_stored_and_only_what_changed_is_told(
    published: list[Event], django_capture_on_commit_callbacks: object
) -> None:
    up, down, late = (make_cluster(name).pk for name in ("up", "down", "late"))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert health.record_many({up: UP, down: DOWN, late: later(UP)}) == {up, down, late}
    assert told(published) == [("down", "OFFLINE"), ("late", "ONLINE"), ("up", "ONLINE")]
    [status] = [payload_of(event)["status"] for event in published if event.cluster_id == down][-1:]
    assert (status["state"], status["failure_stage"], status["remedy"]) == (
        "OFFLINE",
        "TCP",
        "Check it.",
    )
    published.clear()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        news = {up: later(UP), down: later(UP), late: DOWN, uuid4(): UP}
        assert health.record_many(news) == {down}
    assert told(published) == [("down", "ONLINE")]
    assert states() == {"up": "ONLINE", "down": "ONLINE", "late": "ONLINE"}
    assert HealthCheck.objects.count() == 5


def test_the_stage_and_the_remedy_come_and_go_with_the_failure() -> None:
    cluster = make_cluster("hub")
    health.record(cluster.pk, DOWN)
    stored = Cluster.objects.get()
    assert (stored.failure_stage, stored.remedy) == ("TCP", "Check it.")
    health.record(cluster.pk, later(UP))
    stored = Cluster.objects.get()
    assert (stored.failure_stage, stored.remedy, stored.last_error) == ("", "", "")
    stages = HealthCheck.objects.order_by("checked_at").values_list("failure_stage", flat=True)
    assert list(stages) == ["TCP", ""]


def test_what_only_success_tells_survives_failures() -> None:
    cluster = make_cluster("hub")
    expires = NOW + timedelta(days=90)
    health.record(cluster.pk, replace(UP, certificate_expires_at=expires))
    health.record(cluster.pk, later(DOWN))
    stored = Cluster.objects.select_related("schedule").get()
    assert stored.certificate_expires_at == expires
    assert stored.schedule.last_seen_at == NOW
    assert stored.schedule.checked_at == NOW + timedelta(seconds=10)
    assert stored.state_since == stored.schedule.checked_at


def test_the_end_of_the_certificate_is_written_when_it_moves_and_not_by_hours() -> None:
    """Three API servers behind one address may show certificates that differ by hours."""
    cluster = make_cluster("hub")
    for number, (hours, expected) in enumerate([(0, 0), (5, 0), (-5, 0), (2160, 2160), (48, 48)]):
        seen = NOW + timedelta(days=90, hours=hours)
        health.record(cluster.pk, replace(later(UP, number), certificate_expires_at=seen))
        stored = Cluster.objects.get().certificate_expires_at
        assert stored == NOW + timedelta(days=90, hours=expected)


def test_a_flapping_cluster_is_intermittent_and_recovers() -> None:
    cluster = make_cluster("flapping")
    seconds = 0.0

    def connectivity_after(*verdicts: Verdict) -> str:
        for verdict in verdicts:
            nonlocal seconds
            seconds += 10
            health.record_many({cluster.pk: later(verdict, seconds)})
        return Cluster.objects.get().connectivity

    assert connectivity_after(UP, DOWN, UP) == "CONNECTED"
    assert connectivity_after(DOWN) == "INTERMITTENT"
    # What we could not ask changes nothing, and does not count as one of the ten.
    assert connectivity_after(*[Verdict(NOW, State.UNKNOWN, 0)] * 10) == "INTERMITTENT"
    assert connectivity_after(*[UP] * 7) == "INTERMITTENT"
    assert connectivity_after(UP) == "CONNECTED"
    assert CheckSchedule.objects.get().recent_states == "NNNNNNNNFN"


def test_the_statements_are_as_many_for_two_hundred_as_for_two() -> None:
    def queries_for(count: int, verdict: Verdict) -> int:
        ids = [make_cluster(f"c-{count}-{number}").pk for number in range(count)]
        with CaptureQueriesContext(connection) as queries:
            assert len(health.record_many(dict.fromkeys(ids, verdict))) == count
        return len(queries)

    assert queries_for(2, UP) == queries_for(200, UP)


def test_one_verdict_that_cannot_be_stored_costs_no_other_its_own() -> None:
    broken, sound = make_cluster("broken").pk, make_cluster("sound").pk
    # PostgreSQL keeps no NUL in a text.
    recording.record_all({broken: replace(DOWN, reason="\0"), sound: UP})
    assert states() == {"broken": "UNKNOWN", "sound": "ONLINE"}
    assert HealthCheck.objects.get().cluster_id == sound
    assert CheckSchedule.objects.get(pk=broken).checked_at is None


@pytest.mark.django_db(transaction=True)
def test_verdicts_survive_a_connection_that_the_database_closed() -> None:
    ids = [make_cluster(f"c-{number}").pk for number in range(3)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [ours] = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        # Waits until it is gone, five seconds at most.
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
    other.close()
    recording.record_all(dict.fromkeys(ids, UP))
    assert set(states().values()) == {"ONLINE"}
    assert HealthCheck.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_cluster_that_somebody_changes_for_long_keeps_no_other_waiting() -> None:
    held, free = make_cluster("held"), make_cluster("free")
    with another_connection() as somebody:
        # In the order of `registration.hold`.
        for row in ("checkschedule WHERE cluster_id", "cluster WHERE id"):
            somebody.execute(f"SELECT 1 FROM clusters_{row} = %s FOR NO KEY UPDATE", [held.pk])
        recording.record_all({held.pk: UP, free.pk: UP})
        assert states() == {"held": "UNKNOWN", "free": "ONLINE"}
    recording.record_all({held.pk: later(UP), free.pk: later(UP)})
    assert states() == {"held": "ONLINE", "free": "ONLINE"}
    assert HealthCheck.objects.count() == 3


def test_a_round_stores_all_of_its_verdicts_before_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = [make_cluster(f"c-{number}").pk for number in range(7)]
    batches: list[int] = []
    record_many = health.record_many

    def count(verdicts: dict[UUID, Verdict]) -> set[UUID]:
        batches.append(len(verdicts))
        return record_many(verdicts)

    monkeypatch.setattr(health, "record_many", count)
    monkeypatch.setattr(recording, "AT_ONCE", 3)

    async def gather() -> None:
        async with recording.gather() as gathering:
            for cluster_id in ids:
                gathering.add(cluster_id, UP)
            # The newer one of a cluster is kept, whichever comes first.
            gathering.add(ids[6], later(DOWN))
            gathering.add(ids[6], UP)

    async_to_sync(gather)()
    assert batches == [3, 3, 1]
    assert states() == {f"c-{number}": "ONLINE" for number in range(6)} | {"c-6": "OFFLINE"}


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_clusters_and_an_editor_do_not_deadlock() -> None:
    clusters = [make_cluster(f"c-{number}") for number in range(30)]
    ids = [cluster.pk for cluster in clusters]

    def record(order: list[UUID]) -> None:
        for number in range(20):
            verdict = replace(later(DOWN, number), reason=str(number))
            health.record_many(dict.fromkeys(order, verdict))

    def edit() -> None:
        for number in range(20):
            cluster = Cluster.objects.get(pk=ids[number])
            registration.change(cluster, {"region": f"region-{number}"})

    at_once(partial(record, ids), partial(record, ids[::-1]), edit)
    assert HealthCheck.objects.count() == 20 * 30
    assert set(Cluster.objects.values_list("last_error", flat=True)) == {"19"}
