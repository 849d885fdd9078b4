"""Silence of the alert that always fires is an alert of ours."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from apps.clusters.models import Cluster
from apps.observability.actions.alerts.storing import Arrival, store
from apps.observability.federation import upstreams
from apps.observability.models import Alert, AlertPath
from apps.observability.models.alert import Source
from apps.observability.sources.alertmanager import Told
from tests.factories import make_cluster
from tests.fakes import alertmanager as fake
from tests.fakes.alertmanager import Alertmanager, fingerprint_of
from tests.observability.alerts.rounds import believe, reconcile, states

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
FIRES, RECOVERED = ("FIRING", ""), ("RESOLVED", "RECOVERED")
OURS = "AlertPathSilent"


@pytest.fixture(autouse=True)
def nothing_known_of_before(settings: Any) -> Iterator[None]:
    settings.BREAKER_FAILURES = 1000
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


def after(minutes: float) -> Any:
    """A round so many minutes after noon."""
    with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
        return reconcile()


def post(cluster: Cluster, minutes: float, *, firing: bool = True) -> None:
    """Have a webhook tell of it."""
    labels = {"alertname": "Watchdog", "severity": "none"}
    at = NOW + timedelta(minutes=minutes)
    told = Told(fingerprint_of(labels), NOW, None if firing else at, firing, labels, annotations={})
    store([Arrival(cluster.pk, told, Source.WEBHOOK, at)])
    AlertPath.objects.update_or_create(cluster=cluster, defaults={"last_webhook_at": at})


def watch(alertmanager: Alertmanager) -> str:
    watchdog = alertmanager.fire(alertname="Watchdog", severity="none")
    alertmanager.alerts[watchdog].ends_at = datetime(2099, 1, 1, tzinfo=UTC)
    after(0)
    believe()
    return watchdog


def test_it_is_an_alert_like_any_other_while_it_fires(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    watch(alertmanager)
    after(60)
    assert states() == {"Watchdog": FIRES}
    assert Alert.objects.get().severity == "INFO"
    assert AlertPath.objects.get().watchdog_seen_at == NOW + timedelta(minutes=60)


def test_its_silence_fires_and_ends_when_it_is_back(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    watchdog = watch(alertmanager)
    held = alertmanager.alerts.pop(watchdog)
    after(1)
    after(5.9)
    assert OURS not in states()
    after(6)
    after(7)
    alert = Alert.objects.get(alertname=OURS)
    assert (alert.severity, alert.source, alert.cluster_id) == (
        "CRITICAL",
        "PLATFORM",
        cluster.pk,
    )
    assert alert.labels == {"alertname": OURS, "cluster": "edge-1", "severity": "critical"}
    assert alert.starts_at == NOW + timedelta(minutes=1)
    assert "Alertmanager does not have Watchdog" in alert.annotations["description"]
    alertmanager.alerts[watchdog] = held
    after(8)
    assert states() == {"Watchdog": FIRES, OURS: RECOVERED}
    alert.refresh_from_db()
    assert alert.ends_at == NOW + timedelta(minutes=8)
    assert AlertPath.objects.get().silent_since is None


def test_a_cluster_that_never_had_one_is_never_silent(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    alertmanager.fire(alertname="Disk")
    for minutes in (0, 5, 9, 14):
        after(minutes)
    assert OURS not in states()


def test_an_alertmanager_that_cannot_be_asked_is_silent_too(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    after(0)
    alertmanager.refusal = (503, b"busy")
    after(1)
    after(5)
    assert states() == {}
    after(6.1)
    alert = Alert.objects.get()
    assert alert.alertname == OURS
    assert "Alertmanager answers 503: busy" in alert.annotations["description"]
    alertmanager.refusal = None
    after(7)
    assert states() == {OURS: RECOVERED}


def test_one_that_never_answered_is_not_waited_for(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    alertmanager.refusal = (503, b"busy")
    for minutes in (0, 4, 8, 12):
        after(minutes)
    assert states() == {}


def test_while_webhooks_bring_it_one_that_cannot_be_asked_is_not_silent(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    watch(alertmanager)
    alertmanager.refusal = (503, b"busy")
    for minutes in (2, 5, 8, 11):
        Alert.objects.update(source=Source.WEBHOOK)
        post(cluster, minutes)
        after(minutes + 0.5)
    assert states() == {"Watchdog": FIRES}


def test_what_was_silent_before_we_were_away_must_stay_so_to_fire(
    alertmanager: Alertmanager, cluster: Cluster
) -> None:
    alertmanager.alerts.pop(watch(alertmanager))
    after(1)
    after(60)
    assert OURS not in states()
    after(65)
    assert states()[OURS] == FIRES


def test_another_name_or_none_can_be_set(
    alertmanager: Alertmanager, cluster: Cluster, settings: Any
) -> None:
    settings.ALERT_WATCHDOG = ""
    alertmanager.alerts.pop(watch(alertmanager))
    for minutes in (1, 5, 9):
        after(minutes)
    assert OURS not in states()
    settings.ALERT_WATCHDOG = "AlwaysOn"
    always = alertmanager.fire(alertname="AlwaysOn")
    after(10)
    alertmanager.alerts.pop(always)
    for minutes in (11, 16):
        after(minutes)
    assert states()[OURS] == FIRES


class TestWhereOnlyWebhooksTell:
    """A route repeats what fires only every few hours."""

    @pytest.fixture
    def cluster(self) -> Cluster:
        return make_cluster("edge-2")

    def test_it_is_waited_for_as_long_as_a_route_takes_to_repeat(self, cluster: Cluster) -> None:
        post(cluster, 0)
        for minutes in (1, 120, 239, 244):
            after(minutes)
        assert OURS not in states()
        for minutes in (246, 251):
            after(minutes)
        assert states()[OURS] == FIRES
        post(cluster, 252)
        after(252.5)
        assert states()[OURS] == RECOVERED

    def test_its_end_is_told_and_then_it_is_silent(self, cluster: Cluster) -> None:
        post(cluster, 0)
        after(1)
        post(cluster, 2, firing=False)
        for minutes in (2.5, 7.5):
            after(minutes)
        assert states()[OURS] == FIRES
