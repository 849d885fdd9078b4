"""Verdicts: stored and told once, by whoever comes first, and never an older over a newer one."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from apps.clusters.actions import health, registration
from apps.clusters.health import Verdict
from apps.clusters.models import Cluster, HealthCheck
from apps.clusters.models.cluster import State
from apps.streaming.envelope import Event
from tests.factories import make_cluster
from tests.payloads import payload_of

pytestmark = pytest.mark.django_db

VERDICT = Verdict(timezone.now(), State.ONLINE, 100, "", 7, {"api_server": True})


def later(verdict: Verdict, seconds: int = 10) -> Verdict:
    return replace(verdict, checked_at=verdict.checked_at + timedelta(seconds=seconds))


def record(cluster: Cluster, verdict: Verdict, callbacks: object) -> bool:
    with callbacks(execute=True):  # type: ignore[operator]
        return health.record(cluster.pk, verdict)


def test_a_new_verdict_is_stored_and_told_once(
    published: list[Event], django_capture_on_commit_callbacks: object
) -> None:
    cluster = make_cluster("hub")
    assert record(cluster, VERDICT, django_capture_on_commit_callbacks)
    assert not record(cluster, later(VERDICT), django_capture_on_commit_callbacks)
    told = [event for event in published if event.event_type == "CLUSTER_STATUS_CHANGED"]
    assert [payload_of(event)["new_state"] for event in told] == ["ONLINE"]


def test_the_identical_verdict_recorded_twice_writes_nothing(
    published: list[Event], django_capture_on_commit_callbacks: object
) -> None:
    cluster = make_cluster("hub")
    record(cluster, VERDICT, django_capture_on_commit_callbacks)
    published.clear()
    before = rows_of(cluster)
    assert not record(cluster, VERDICT, django_capture_on_commit_callbacks)
    assert rows_of(cluster) == before
    assert published == []


def test_a_second_check_with_the_same_result_leaves_the_cluster_row_alone(
    django_capture_on_commit_callbacks: object,
) -> None:
    cluster = make_cluster("hub")
    record(cluster, VERDICT, django_capture_on_commit_callbacks)
    before = rows_of(cluster)["clusters_cluster"]
    record(cluster, later(VERDICT), django_capture_on_commit_callbacks)
    assert rows_of(cluster)["clusters_cluster"] == before
    assert HealthCheck.objects.filter(cluster=cluster).count() == 2


def test_a_verdict_that_comes_late_does_not_overwrite_a_newer_one(
    django_capture_on_commit_callbacks: object,
) -> None:
    cluster = make_cluster("hub")
    newer = later(VERDICT, 60)
    late = replace(VERDICT, state=State.OFFLINE, score=50, parts={"api_server": False})
    record(cluster, newer, django_capture_on_commit_callbacks)
    assert not record(cluster, late, django_capture_on_commit_callbacks)
    assert Cluster.objects.get().state == State.ONLINE


def test_the_time_of_a_state_is_kept_while_only_the_reason_changes(
    django_capture_on_commit_callbacks: object,
) -> None:
    cluster = make_cluster("hub")
    down = replace(VERDICT, state=State.OFFLINE, score=50, reason="a", parts={"api_server": False})
    record(cluster, down, django_capture_on_commit_callbacks)
    record(cluster, replace(later(down), reason="b"), django_capture_on_commit_callbacks)
    assert Cluster.objects.get().state_since == down.checked_at
    assert Cluster.objects.get().last_error == "b"


@pytest.mark.django_db(transaction=True)
def test_an_edit_and_a_verdict_at_once_do_not_deadlock() -> None:
    cluster = make_cluster("hub")
    failures: list[BaseException] = []

    def repeat(work: Callable[[int], object]) -> None:
        try:
            for number in range(30):
                work(number)
        except BaseException as error:  # noqa: BLE001 - reported by the assertion below
            failures.append(error)
        finally:
            connections.close_all()

    def edit(number: int) -> None:
        registration.change(Cluster.objects.get(), {"region": f"region-{number}"})

    def conclude(number: int) -> None:
        verdict = later(VERDICT, number)
        health.record(cluster.pk, replace(verdict, reason=str(number)))

    workers = [threading.Thread(target=repeat, args=[work]) for work in (edit, conclude)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert failures == []


def rows_of(cluster: Cluster) -> dict[str, list[object]]:
    """Return PostgreSQL's own version of each row: any write at all changes its xmin or ctid."""
    tables = {
        "clusters_cluster": "id",
        "clusters_checkschedule": "cluster_id",
        "clusters_healthcheck": "cluster_id",
    }
    found: dict[str, list[object]] = {}
    with connection.cursor() as cursor:
        for table, key in tables.items():
            cursor.execute(
                f"SELECT ctid::text, xmin::text FROM {table} WHERE {key} = %s ORDER BY 1",
                [cluster.pk],
            )
            found[table] = list(cursor.fetchall())
    return found
