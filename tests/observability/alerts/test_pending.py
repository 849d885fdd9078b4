"""What pends is known from Prometheus, and what fires is too where there is no Alertmanager."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from apps.clusters.models import Cluster
from apps.observability.federation import upstreams
from apps.observability.models import Alert, AlertPath
from apps.streaming.envelope import Event
from tests.factories import make_cluster
from tests.fakes import alertmanager as fake
from tests.fakes.upstream import Behaviour, Upstream, serve
from tests.observability.alerts.rounds import believe, reconcile, states
from tests.observability.fleet import said

pytestmark = pytest.mark.django_db
BEGAN, LATER = "2026-03-01T10:00:00.123456789Z", "2026-03-01T10:01:00Z"
FIRES, PENDS, OVER = ("FIRING", ""), ("PENDING", ""), ("RESOLVED", "VANISHED")


@pytest.fixture(autouse=True)
def nothing_known_of_before() -> Iterator[None]:
    upstreams.forget()
    yield
    upstreams.forget()


@pytest.fixture
def prometheus() -> Iterator[Upstream]:
    with serve() as server:
        has(server)
        server.answers["/api/v1/status/runtimeinfo"] = said({"startTime": BEGAN})
        yield server


@pytest.fixture
def alone(prometheus: Upstream) -> Cluster:
    """A cluster of which we know a Prometheus and no Alertmanager."""
    return make_cluster("edge-1", prometheus_url=prometheus.url)


def one(name: str, state: str, active_at: str = BEGAN, **labels: str) -> dict[str, Any]:
    return {
        "labels": {"alertname": name, "severity": "warning", **labels},
        "annotations": {"summary": name},
        "state": state,
        "activeAt": active_at,
        "value": "1e+00",
        "keepFiringSince": "0001-01-01T00:00:00Z",
    }


def has(server: Upstream, *alerts: dict[str, Any], **more: Any) -> None:
    server.answers["/api/v1/alerts"] = said({"alerts": list(alerts)}, **more)


def test_what_pends_is_there_while_it_does_and_leaves_nothing(
    prometheus: Upstream,
    alone: Cluster,
    published: list[Event],
    django_capture_on_commit_callbacks: Any,
) -> None:
    has(prometheus, one("Slow", "pending", namespace="web"), one("Odd", "inactive"))
    with django_capture_on_commit_callbacks(execute=True):
        reconcile()
        reconcile()
        alert = Alert.objects.get()
        assert (alert.alertname, alert.state, alert.source) == ("Slow", "PENDING", "PROMETHEUS")
        assert (alert.severity, alert.namespace, alert.ends_at) == ("WARNING", "web", None)
        has(prometheus)
        reconcile()
    assert not Alert.objects.exists()
    assert published == []


def test_what_pended_fires_as_an_alert_of_its_own(prometheus: Upstream, alone: Cluster) -> None:
    has(prometheus, one("Slow", "pending"))
    reconcile()
    has(prometheus, one("Slow", "firing"))
    reconcile()
    alert = Alert.objects.get()
    assert (alert.state, alert.source) == ("FIRING", "PROMETHEUS")


def test_where_there_is_an_alertmanager_prometheus_tells_only_what_pends(
    prometheus: Upstream,
) -> None:
    has(prometheus, one("Fires", "firing"), one("Pends", "pending"))
    with fake.serve() as alertmanager:
        make_cluster("hub", prometheus_url=prometheus.url, alertmanager_url=alertmanager.url)
        alertmanager.fire(alertname="Known")
        reconcile()
        assert states() == {"Known": FIRES, "Pends": PENDS}
        # That one of them does not answer costs nothing of the other.
        alertmanager.refusal = (503, b"busy")
        has(prometheus)
        reconcile()
        assert states() == {"Known": FIRES}
        assert "503: busy" in AlertPath.objects.get().problem


def test_without_an_alertmanager_prometheus_is_taken_at_its_word(
    prometheus: Upstream, alone: Cluster
) -> None:
    has(prometheus, one("A", "firing"), one("B", "firing"))
    reconcile()
    believe()
    assert states() == {"A": FIRES, "B": FIRES}
    has(prometheus, one("A", "firing"))
    reconcile()
    assert states() == {"A": FIRES, "B": OVER}


def test_where_webhooks_come_prometheus_tells_nothing_twice(
    prometheus: Upstream, alone: Cluster
) -> None:
    has(prometheus, one("A", "firing"), one("B", "pending"))
    reconcile()
    believe()
    AlertPath.objects.update(last_webhook_at=datetime.now(UTC))
    reconcile()
    assert states() == {"A": OVER, "B": PENDS}


def test_an_answer_with_parts_missing_ends_nothing(prometheus: Upstream, alone: Cluster) -> None:
    has(prometheus, one("A", "firing"))
    reconcile()
    believe()
    has(prometheus, warnings=["store sidecar-1 is away"])
    reconcile()
    assert states() == {"A": FIRES}


def test_a_prometheus_that_was_just_started_ends_nothing(
    prometheus: Upstream, alone: Cluster
) -> None:
    has(prometheus, one("A", "firing"))
    reconcile()
    believe()
    prometheus.answers["/api/v1/status/runtimeinfo"] = said({"startTime": LATER})
    has(prometheus)
    reconcile()
    assert states() == {"A": FIRES}


def test_one_alert_of_two_servers_is_one_though_each_has_its_own_start(
    prometheus: Upstream,
) -> None:
    make_cluster(
        "edge-1", prometheus_url=prometheus.url, prometheus_replica_urls=["http://127.0.0.1:1"]
    )
    has(prometheus, one("A", "firing"), one("B", "pending"))
    reconcile()
    believe()
    has(prometheus, one("A", "firing", LATER), one("B", "pending", LATER))
    reconcile()
    assert states() == {"A": FIRES, "B": PENDS}
    assert Alert.objects.count() == 2


def test_what_pends_stays_for_a_while_when_prometheus_does_not_answer(
    prometheus: Upstream, alone: Cluster, settings: Any
) -> None:
    has(prometheus, one("Slow", "pending"))
    reconcile()
    prometheus.answers["/api/v1/alerts"] = Behaviour.CUT
    reconcile()
    assert states() == {"Slow": PENDS}
    later = datetime.now(UTC) + timedelta(seconds=settings.ALERT_SILENCE_SECONDS + 1)
    with time_machine.travel(later, tick=False):
        reconcile()
    assert "Slow" not in states()


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"[]"),
        (200, b'{"status":"success","data":{"alerts":[{"labels":{},"state":"firing"}]}}'),
        (200, b'{"status":"error","errorType":"internal","error":"no"}'),
        (401, b""),
        Behaviour.LEAVE,
    ],
)
def test_an_answer_that_is_none_ends_nothing_and_is_told(
    prometheus: Upstream, alone: Cluster, answer: Any
) -> None:
    has(prometheus, one("A", "firing"))
    reconcile()
    believe()
    prometheus.answers["/api/v1/alerts"] = answer
    assert reconcile() == 0
    assert states() == {"A": FIRES}
    assert AlertPath.objects.get().problem
