"""Webhooks that come while others are stored: stored together, each answered for itself."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from apps.clusters.actions import webhook_tokens
from apps.clusters.models import Cluster
from apps.errors import DomainError
from apps.observability.actions.alerts import intake
from apps.observability.actions.alerts.admission import Pass
from apps.observability.errors import NotStorable, WebhookRefused
from apps.observability.models import Alert, Receiver, Route
from apps.observability.models.alert import State
from apps.observability.models.alert_story import AlertChange
from apps.streaming.envelope import Event
from tests.factories import make_cluster
from tests.observability.alerts.posting import alert, body, over

pytestmark = pytest.mark.django_db(transaction=True)
ALTER = "ALTER TABLE observability_alert"


class Desk:
    """Brings webhooks of one cluster, and keeps what each was answered."""

    def __init__(self, cluster: Cluster) -> None:
        token = webhook_tokens.rotate(cluster)
        self.by = Pass(cluster.pk, webhook_tokens.digest(cluster.pk, token))
        self.answers: list[Future[DomainError | None]] = []

    def bring(self, sent: bytes, by: Pass | None = None) -> None:
        answer: Future[DomainError | None] = Future()
        self.answers.append(answer)
        intake.bring(by or self.by, sent, answer.set_result)

    def heard(self) -> list[type | None]:
        said = [answer.result(30) for answer in self.answers]
        # Events go out after the answers.
        intake._herald.wait()
        return [type(one) if one else None for one in said]


@pytest.fixture
def hub() -> Cluster:
    return make_cluster("hub-frankfurt")


@pytest.fixture
def desk(hub: Cluster) -> Desk:
    return Desk(hub)


@pytest.fixture
def news(published: list[Event], desk: Desk) -> list[Event]:
    published.clear()
    return published


@contextmanager
def one_is_stored_meanwhile(desk: Desk) -> Iterator[None]:
    """All that is brought within is stored at once, after one that could not be stored before."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE observability_alert IN ACCESS EXCLUSIVE MODE")
        desk.bring(body(alert("First")))
        _until_it_waits()
        yield


def _until_it_waits() -> None:
    tried = threading.Event()
    for _ in range(600):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        tried.wait(0.05)
    raise AssertionError("nobody waits for the table")


def told(news: list[Event]) -> list[str]:
    return [event.event_type for event in news]


def test_many_at_once_are_each_stored_and_told_once(desk: Desk, news: list[Event]) -> None:
    with one_is_stored_meanwhile(desk):
        for number in range(5):
            desk.bring(body(alert(f"A{number}"), alert(f"B{number}")))

    assert desk.heard() == [None] * 6
    assert Alert.objects.count() == 11
    assert told(news) == ["ALERT_FIRED"] * 11
    assert {event.cluster_name for event in news} == {"hub-frankfurt"}


def test_what_fires_and_is_over_in_two_posts_at_once_has_done_both(
    desk: Desk, news: list[Event]
) -> None:
    with one_is_stored_meanwhile(desk):
        desk.bring(body(alert("Brief"), alert("Long")))
        desk.bring(body(over(alert("Brief"))))

    assert desk.heard() == [None] * 3
    assert Alert.objects.get(alertname="Brief").state == State.RESOLVED
    assert Alert.objects.get(alertname="Long").state == State.FIRING
    assert told(news).count("ALERT_FIRED") == 3
    assert told(news)[-1] == "ALERT_RESOLVED"


def test_the_same_sent_twice_at_once_is_told_once(desk: Desk, news: list[Event]) -> None:
    with one_is_stored_meanwhile(desk):
        desk.bring(body(alert("Twice")))
        desk.bring(body(alert("Twice"), alert("Once")))
        desk.bring(body(alert("First"), alert("Other")))

    assert desk.heard() == [None] * 4
    assert sorted(Alert.objects.values_list("alertname", flat=True)) == [
        "First",
        "Once",
        "Other",
        "Twice",
    ]
    assert told(news) == ["ALERT_FIRED"] * 4


def test_a_wrong_token_among_right_ones_stores_nothing_and_costs_them_nothing(desk: Desk) -> None:
    wrong = Pass(desk.by.cluster_id, webhook_tokens.digest(desk.by.cluster_id, "guess"))
    nowhere = Pass(wrong.cluster_id.__class__(int=7), desk.by.digest)
    with one_is_stored_meanwhile(desk):
        desk.bring(body(alert("A")))
        desk.bring(body(alert("B")), wrong)
        desk.bring(body(alert("C")), nowhere)
        desk.bring(body(alert("D")))

    assert desk.heard() == [None, None, WebhookRefused, WebhookRefused, None]
    assert set(Alert.objects.values_list("alertname", flat=True)) == {"First", "A", "D"}


def test_one_that_cannot_be_stored_costs_the_others_nothing(desk: Desk, news: list[Event]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE observability_alert ADD CONSTRAINT q CHECK (alertname <> 'Bad')"
        )
    try:
        with one_is_stored_meanwhile(desk):
            desk.bring(body(alert("A")))
            desk.bring(body(alert("Bad"), alert("B")))
            desk.bring(body(alert("C")))
        assert desk.heard() == [None, None, NotStorable, None]
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"{ALTER} DROP CONSTRAINT q")

    assert set(Alert.objects.values_list("alertname", flat=True)) == {"First", "A", "C"}
    assert told(news) == ["ALERT_FIRED"] * 3


def test_what_is_new_and_already_over_is_told_as_over(desk: Desk, news: list[Event]) -> None:
    desk.bring(body(over(alert("Missed"))))

    assert desk.heard() == [None]
    one = Alert.objects.get()
    assert (one.state, one.ending, one.words is not None) == (State.RESOLVED, "TOLD", True)
    assert told(news) == ["ALERT_RESOLVED"]


def test_new_ones_are_kept_for_who_is_to_be_notified(desk: Desk) -> None:
    receiver = Receiver.objects.create(name="pager", kind="WEBHOOK")
    Route.objects.create(name="all", receiver=receiver)
    desk.bring(body(alert("A"), over(alert("B"))))

    assert desk.heard() == [None]
    kept = AlertChange.objects.order_by("pk")
    names = dict(Alert.objects.values_list("pk", "alertname"))
    assert {(names[one.alert_id], one.change) for one in kept} == {
        ("A", "FIRED"),
        ("B", "RESOLVED"),
    }
    assert {one.at for one in kept} == set(Alert.objects.values_list("changed_at", flat=True))
