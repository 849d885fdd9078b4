"""A round makes our alerts those that each cluster's Alertmanager has."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from apps.clusters.models import Cluster
from apps.observability.actions.alerts import reconciling
from apps.observability.actions.alerts.storing import Arrival, store
from apps.observability.federation import upstreams
from apps.observability.models import Alert, AlertPath
from apps.observability.models.alert import Source
from apps.observability.sources.alertmanager import Told
from apps.streaming.envelope import Event
from tests.factories import make_cluster
from tests.fakes import alertmanager as fake
from tests.fakes.alertmanager import Alertmanager, fingerprint_of
from tests.observability.alerts.rounds import believe, reconcile

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_known_of_before() -> Iterator[None]:
    upstreams.forget()
    yield
    upstreams.forget()


@pytest.fixture
def alertmanager() -> Iterator[Alertmanager]:
    with fake.serve() as running:
        yield running


@pytest.fixture
def cluster(alertmanager: Alertmanager) -> Cluster:
    return make_cluster("edge-1", alertmanager_url=alertmanager.url)


def trust() -> None:
    """Have it answer, and be known to have been started long ago."""
    reconcile()
    believe()


def ours() -> dict[str, tuple[str, str]]:
    """By fingerprint, of the newest of each."""
    rows = Alert.objects.order_by("starts_at")
    return {one.fingerprint: (one.state, one.ending) for one in rows}


def tell(cluster: Cluster, *, at: datetime | None = None, **labels: str) -> Told:
    """Have a webhook bring an alert that fires."""
    told = Told(fingerprint_of(labels), datetime(2026, 3, 1, tzinfo=UTC), None, True, labels, {})
    store([Arrival(cluster.pk, told, Source.WEBHOOK, at or datetime.now(UTC))])
    return told


def test_what_no_webhook_told_fires_by_the_next_round(
    alertmanager: Alertmanager,
    cluster: Cluster,
    published: list[Event],
    django_capture_on_commit_callbacks: Any,
) -> None:
    fires = alertmanager.fire(
        alertname="DiskFull", namespace="web", severity="critical", summary="It is full"
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert reconcile() == 1
    alert = Alert.objects.get()
    assert (alert.fingerprint, alert.state, alert.severity) == (fires, "FIRING", "CRITICAL")
    assert (alert.cluster_id, alert.source, alert.receivers) == (
        cluster.pk,
        "ALERTMANAGER",
        ["aiops"],
    )
    assert (alert.namespace, alert.annotations) == ("web", {"summary": "It is full"})
    reconcile()
    assert Alert.objects.count() == 1


def test_silences_inhibitions_and_receivers_are_taken_from_there(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    fires = alertmanager.fire(alertname="DiskFull")
    reconcile()
    now = alertmanager.now()
    _, said = alertmanager.silence(
        {
            "matchers": [{"name": "alertname", "value": "Disk.*", "isRegex": True}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "ada",
            "comment": "known",
        }
    )
    alertmanager.inhibited[fires] = ["0011223344556677"]
    alertmanager.receivers = ["pager", "aiops"]
    reconcile()
    alert = Alert.objects.get()
    assert alert.silenced_by == [said["silenceID"]]
    assert alert.inhibited_by == ["0011223344556677"]
    assert alert.receivers == ["aiops", "pager"]
    alertmanager.expire(said["silenceID"])
    reconcile()
    alert.refresh_from_db()
    assert (alert.silenced_by, alert.state) == ([], "FIRING")


def test_a_round_writes_nothing_of_what_is_as_it_was(
    alertmanager: Alertmanager, cluster: Cluster, django_assert_max_num_queries: Any
) -> None:
    for number in range(300):
        alertmanager.fire(alertname="DiskFull", node=f"node-{number}")
    reconcile()
    before = list(Alert.objects.values_list("pk", "last_received_at", "changed_at"))
    with django_assert_max_num_queries(20):
        reconcile()
    assert list(Alert.objects.values_list("pk", "last_received_at", "changed_at")) == before


def test_what_it_no_longer_has_is_over_with_the_reason(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    stays, goes = alertmanager.fire(alertname="A"), alertmanager.fire(alertname="B")
    told = tell(cluster, alertname="C", at=datetime.now(UTC) - timedelta(minutes=1))
    trust()
    assert ours()[told.fingerprint] == ("FIRING", "")
    alertmanager.end(goes)
    reconcile()
    assert ours() == {
        stays: ("FIRING", ""),
        goes: ("RESOLVED", "VANISHED"),
        told.fingerprint: ("RESOLVED", "VANISHED"),
    }


def test_who_had_acknowledged_it_is_done_with_it_when_it_vanishes(
    alertmanager: Alertmanager, cluster: Cluster, admin: Any
) -> None:
    goes = alertmanager.fire(alertname="B")
    trust()
    at = datetime(2026, 3, 1, tzinfo=UTC)
    Alert.objects.update(
        acknowledged_by=admin, acknowledged_at=at, taken_at=at, acknowledgement="mine"
    )
    alertmanager.end(goes)
    reconcile()
    alert = Alert.objects.get()
    assert (alert.acknowledged_by, alert.acknowledged_at, alert.acknowledgement) == (None, None, "")
    assert alert.taken_at == at
    assert alert.words is not None


def test_what_vanished_and_is_there_again_is_the_same_alert(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    fires = alertmanager.fire(alertname="B")
    trust()
    held = alertmanager.alerts.pop(fires)
    reconcile()
    assert ours() == {fires: ("RESOLVED", "VANISHED")}
    alertmanager.alerts[fires] = held
    reconcile()
    assert ours() == {fires: ("FIRING", "")}
    assert Alert.objects.count() == 1


def test_what_fires_anew_is_another_alert_and_the_old_one_is_over(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    fires = alertmanager.fire(alertname="B", startsAt="2026-03-01T10:00:00.000Z")
    trust()
    alertmanager.alerts.pop(fires)
    alertmanager.fire(alertname="B", startsAt="2026-03-01T11:00:00.000Z")
    reconcile()
    states = Alert.objects.order_by("starts_at").values_list("state", "ending")
    assert list(states) == [("RESOLVED", "VANISHED"), ("FIRING", "")]


@pytest.mark.parametrize(
    "answer",
    [(500, b"no"), (200, b"[{"), (200, b"{}"), (200, b'[{"labels": {"a": "b"}}]'), (204, b"")],
)
def test_an_answer_that_is_not_whole_ends_nothing(
    alertmanager: Alertmanager, cluster: Cluster, answer: tuple[int, bytes]
) -> None:
    fires = alertmanager.fire(alertname="A")
    trust()
    polled_at = AlertPath.objects.get().last_polled_at
    alertmanager.refusals["/api/v2/alerts"] = answer
    assert reconcile() == 0
    assert ours() == {fires: ("FIRING", "")}
    path = AlertPath.objects.get()
    assert "Alertmanager" in path.problem
    assert path.last_polled_at == polled_at
    alertmanager.refusals.clear()
    reconcile()
    assert AlertPath.objects.get().problem == ""


def test_one_that_was_just_started_has_forgotten_and_ends_nothing(
    alertmanager: Alertmanager, cluster: Cluster, settings: Any
) -> None:
    fires = alertmanager.fire(alertname="A")
    trust()
    alertmanager.restart()
    reconcile()
    assert ours() == {fires: ("FIRING", "")}
    later = datetime.now(UTC) + timedelta(seconds=settings.ALERT_RESTART_GRACE_SECONDS + 1)
    with time_machine.travel(later, tick=False):
        reconcile()
    assert ours() == {fires: ("RESOLVED", "VANISHED")}


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_a_day_off_does_not_make_a_start_old(
    alertmanager: Alertmanager, cluster: Cluster, days: int
) -> None:
    alertmanager.clock_is_off_by = timedelta(days=days)
    fires = alertmanager.fire(alertname="A")
    trust()
    alertmanager.restart()
    reconcile()
    assert ours() == {fires: ("FIRING", "")}


def test_two_servers_behind_one_address_are_each_believed(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    goes = alertmanager.fire(alertname="A")
    first, second = alertmanager.started_at, alertmanager.started_at + timedelta(days=2)
    reconcile()
    alertmanager.started_at = second
    trust()
    assert len(AlertPath.objects.get().starts) == 2
    alertmanager.started_at = first
    alertmanager.end(goes)
    reconcile()
    assert ours() == {goes: ("RESOLVED", "VANISHED")}


def test_one_that_does_not_say_since_when_it_is_up_ends_nothing(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    goes = alertmanager.fire(alertname="A")
    trust()
    alertmanager.end(goes)
    alertmanager.refusals["/api/v2/status"] = (500, b"no")
    reconcile()
    assert ours() == {goes: ("FIRING", "")}
    assert "500" in AlertPath.objects.get().problem


def test_what_a_webhook_brought_after_the_question_is_not_ended_by_the_answer(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    trust()
    told = tell(cluster, alertname="New", at=datetime.now(UTC) + timedelta(seconds=30))
    reconcile()
    assert ours() == {told.fingerprint: ("FIRING", "")}


def test_a_cluster_that_hangs_delays_no_other(
    alertmanager: Alertmanager, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "ROUND_SECONDS", 1.0)
    fires = alertmanager.fire(alertname="A")
    with fake.serve() as hanging:
        hanging.hangs = True
        make_cluster("hangs", alertmanager_url=hanging.url)
        assert reconcile() == 1
    assert ours() == {fires: ("FIRING", "")}
    assert "no answer" in AlertPath.objects.get(cluster__name="hangs").problem


def test_the_same_alert_in_two_clusters_is_two(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    make_cluster("edge-2", alertmanager_url=alertmanager.url)
    alertmanager.fire(alertname="A")
    reconcile()
    assert Alert.objects.values("cluster_id").distinct().count() == 2


def test_a_disabled_cluster_is_not_asked_and_keeps_what_it_had(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    fires = alertmanager.fire(alertname="A")
    trust()
    Cluster.objects.update(enabled=False)
    alertmanager.end(fires)
    assert reconcile() == 0
    assert ours() == {fires: ("FIRING", "")}
    Cluster.objects.update(enabled=True)
    reconcile()
    assert ours() == {fires: ("RESOLVED", "VANISHED")}
