"""Words about alerts become rows: each change of state once, whatever is said twice or late."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.actions.alerts.storing import store
from apps.observability.contract_alerts import AlertView, describe
from apps.observability.events import AlertTold
from apps.observability.models import Alert, Receiver, Route
from apps.observability.models.alert import Ending, State
from apps.observability.models.alert_story import AlertChange
from apps.streaming.envelope import Event, body_of
from tests.factories import make_cluster
from tests.observability.alerts.telling import NOON, arrival, told

pytestmark = pytest.mark.django_db(transaction=True)
OVER = NOON + timedelta(minutes=5)


@pytest.fixture
def hub() -> Cluster:
    return make_cluster("hub-frankfurt")


@pytest.fixture
def news(published: list[Event], hub: Cluster) -> list[Event]:
    published.clear()
    return published


def told_in(event: Event) -> AlertTold:
    return AlertTold.model_validate(json.loads(body_of(event))["payload"])


def types(news: list[Event]) -> list[str]:
    return [event.event_type for event in news]


def test_an_alert_is_kept_as_it_was_told_and_told_once(hub: Cluster, news: list[Event]) -> None:
    said = told(labels={"namespace": "etcd", "severity": "page"}, receivers=("aiops",))

    stored = store([arrival(hub, said, 1)])
    again = store([arrival(hub, said, 2)])

    alert = Alert.objects.get()
    assert (stored.fired, stored.repeated) == ([alert.pk], 0)
    assert (again.fired, again.repeated) == ([], 1)
    assert (alert.state, alert.severity, alert.namespace) == (State.FIRING, "INFO", "etcd")
    assert alert.labels["severity"] == "page"
    assert alert.receivers == ["aiops"]
    assert (alert.starts_at, alert.ends_at) == (NOON, None)
    assert alert.first_received_at == alert.changed_at == NOON + timedelta(minutes=1)
    assert alert.last_received_at == NOON + timedelta(minutes=2)
    assert types(news) == ["ALERT_FIRED"]
    assert news[0].cluster_name == "hub-frankfurt"
    # Nobody is to be told.
    assert not AlertChange.objects.exists()


def test_a_change_is_kept_for_who_is_to_be_told(hub: Cluster) -> None:
    Route.objects.create(name="all", receiver=Receiver.objects.create(name="bridge"))
    store([arrival(hub, told(), 1)])
    store([arrival(hub, told(), 2)])
    assert [change.change for change in AlertChange.objects.all()] == ["FIRED"]


def test_its_end_is_told_once_and_releases_it(hub: Cluster, news: list[Event], admin: User) -> None:
    store([arrival(hub, told(), 1)])
    Alert.objects.update(acknowledged_by=admin, acknowledged_at=NOON, acknowledgement="mine")
    Alert.objects.update(taken_at=NOON)

    first = store([arrival(hub, told(over=OVER), 6)])
    second = store([arrival(hub, told(over=OVER), 7)])

    alert = Alert.objects.get()
    assert (first.resolved, second.resolved) == ([alert.pk], [])
    assert (alert.state, alert.ends_at, alert.ending) == (State.RESOLVED, OVER, Ending.TOLD)
    assert (alert.acknowledged_by, alert.acknowledged_at, alert.acknowledgement) == (None, None, "")
    assert alert.taken_at == NOON
    assert "nodedown" in str(alert.words)
    assert types(news) == ["ALERT_FIRED", "ALERT_RESOLVED"]
    payload = told_in(news[1])
    assert (payload.state, payload.duration_seconds) == ("RESOLVED", 300.0)
    # It came once more after it was told of.
    alert.last_received_at = NOON + timedelta(minutes=6)
    assert AlertView.model_validate(payload.model_dump()) == describe(alert)


def test_an_acknowledgement_survives_what_is_sent_again(hub: Cluster, admin: User) -> None:
    store([arrival(hub, told(), 1)])
    Alert.objects.update(acknowledged_by=admin, acknowledged_at=NOON, acknowledgement="mine")

    store([arrival(hub, told(annotations={"summary": "worse"}), 2)])

    alert = Alert.objects.get()
    assert (alert.acknowledged_by, alert.acknowledgement) == (admin, "mine")
    assert alert.annotations == {"summary": "worse"}


def test_an_old_message_that_comes_late_does_not_let_it_fire_again(
    hub: Cluster, news: list[Event]
) -> None:
    store([arrival(hub, told(), 1)])
    store([arrival(hub, told(over=OVER), 6)])

    store([arrival(hub, told(), 7)])

    assert Alert.objects.get().state == State.RESOLVED
    assert types(news) == ["ALERT_FIRED", "ALERT_RESOLVED"]


def test_alertmanager_itself_is_believed_that_it_fires_again(
    hub: Cluster, news: list[Event]
) -> None:
    store([arrival(hub, told(), 1)])
    store([arrival(hub, told(over=OVER), 6)])
    older = replace(told(), updated_at=OVER - timedelta(minutes=1))
    newer = replace(told(), updated_at=OVER + timedelta(minutes=1))

    asked_before_the_end = store([arrival(hub, newer, 5.9, "ALERTMANAGER")])
    not_updated_since = store([arrival(hub, older, 7, "ALERTMANAGER")])
    assert asked_before_the_end.fired == not_updated_since.fired == []
    fired = store([arrival(hub, newer, 8, "ALERTMANAGER")]).fired

    alert = Alert.objects.get()
    assert fired == [alert.pk]
    assert (alert.state, alert.ends_at, alert.ending) == (State.FIRING, None, "")
    assert alert.words is None
    assert types(news) == ["ALERT_FIRED", "ALERT_RESOLVED", "ALERT_FIRED"]


def test_what_had_vanished_fires_again_whoever_says_so(hub: Cluster) -> None:
    store([arrival(hub, told(), 1)])
    over = {"state": State.RESOLVED, "ending": Ending.VANISHED, "ends_at": OVER}
    Alert.objects.update(changed_at=OVER, **over)

    assert store([arrival(hub, told(), 7)]).fired

    Alert.objects.update(changed_at=OVER, **over)
    later = store([arrival(hub, told(over=OVER - timedelta(minutes=1)), 8)])
    assert (later.resolved, Alert.objects.get().ending) == ([], Ending.TOLD)
    assert store([arrival(hub, told(), 9)]).fired == []


def test_what_fired_and_was_over_within_one_batch_has_done_both(
    hub: Cluster, news: list[Event]
) -> None:
    words = [told(), told(), told(over=OVER), told(over=OVER), told()]

    stored = store([arrival(hub, said, 6) for said in words])

    assert len(stored.fired) == len(stored.resolved) == 1
    assert stored.repeated == 3
    assert Alert.objects.get().state == State.RESOLVED
    assert types(news) == ["ALERT_FIRED", "ALERT_RESOLVED"]
    assert [told_in(event).state for event in news] == ["FIRING", "RESOLVED"]


def test_alerts_that_look_alike_in_two_clusters_are_two(hub: Cluster) -> None:
    edge = make_cluster("edge-oslo")

    store([arrival(hub, told()), arrival(edge, told())])
    store([arrival(edge, told(over=OVER))])

    assert Alert.objects.get(cluster=hub).state == State.FIRING
    assert Alert.objects.get(cluster=edge).state == State.RESOLVED


def test_the_same_alert_an_hour_later_is_another_one(hub: Cluster) -> None:
    later = replace(told(), starts_at=NOON + timedelta(hours=1))

    assert len(store([arrival(hub, told()), arrival(hub, later)]).fired) == 2


@pytest.mark.parametrize("wrong", [timedelta(days=-1), timedelta(days=1)])
def test_a_clock_that_is_wrong_by_a_day_breaks_nothing(hub: Cluster, wrong: timedelta) -> None:
    said = replace(told(), starts_at=NOON + wrong)
    before_it_began = replace(said, ends_at=NOON + wrong - timedelta(hours=1), firing=False)

    store([arrival(hub, said, 1)])
    store([arrival(hub, before_it_began, 2)])

    alert = Alert.objects.get()
    assert alert.starts_at == alert.ends_at == NOON + wrong
    assert alert.changed_at == NOON + timedelta(minutes=2)


def test_an_end_without_a_time_is_when_we_heard_of_it(hub: Cluster) -> None:
    store([arrival(hub, replace(told(), firing=False), 9)])

    assert Alert.objects.get().ends_at == NOON + timedelta(minutes=9)


def test_what_is_asked_for_says_whom_it_reaches_and_is_not_written_each_time(hub: Cluster) -> None:
    asked = replace(told(), receivers=("a", "b"), silenced_by=("s1",))
    store([arrival(hub, replace(told(), receivers=("a",)), 1)])

    store([arrival(hub, asked, 2, "ALERTMANAGER")])
    store([arrival(hub, asked, 2.5, "ALERTMANAGER")])
    alert = Alert.objects.get()
    assert (alert.receivers, alert.silenced_by) == (["a", "b"], ["s1"])
    assert alert.last_received_at == NOON + timedelta(minutes=2)

    store([arrival(hub, replace(told(), receivers=("a",)), 4)])
    alert.refresh_from_db()
    assert alert.receivers == ["a", "b"]


def test_a_cluster_that_is_gone_has_no_alerts(hub: Cluster) -> None:
    stored = store([arrival(Cluster(name="gone"), told()), arrival(hub, told())])

    assert len(stored.fired) == 1
    assert Alert.objects.count() == 1


def test_a_pending_one_that_fires_is_news(hub: Cluster, news: list[Event]) -> None:
    store([arrival(hub, told(), 1)])
    Alert.objects.update(state=State.PENDING)
    news.clear()

    store([arrival(hub, told(), 2)])

    assert types(news) == ["ALERT_FIRED"]
