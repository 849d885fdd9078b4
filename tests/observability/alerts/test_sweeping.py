"""What is long over is forgotten, and what is of clusters that are gone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.clusters.actions import registration
from apps.clusters.models import Cluster
from apps.observability.actions.alerts import sweeping
from apps.observability.models import Alert, AlertChange, AlertEntry
from apps.observability.models.alert_story import Change, Deed
from apps.observability.tasks import sweep_alerts
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> Cluster:
    return make_cluster("edge-1")


def put(cluster: Cluster, name: str, *, over_for: float | None = None, **fields: Any) -> Alert:
    """Have an alert, which is over for so many days; with a story."""
    now = timezone.now()
    over_at = None if over_for is None else now - timedelta(days=over_for)
    given: dict[str, Any] = {
        "fingerprint": name,
        "alertname": name,
        "labels": {"alertname": name},
        "severity": "INFO",
        "source": "WEBHOOK",
        "state": "RESOLVED" if over_at else "FIRING",
        "ends_at": over_at,
        "starts_at": datetime(2020, 1, 1, tzinfo=UTC),
        "first_received_at": now,
        "last_received_at": now,
        "changed_at": over_at or now,
    }
    alert = Alert.objects.create(cluster=cluster, **given | fields)
    AlertEntry.objects.create(alert=alert, at=now, deed=Deed.COMMENTED, text="look")
    AlertChange.objects.create(alert=alert, at=now, change=Change.FIRED)
    return alert


def left() -> set[str]:
    return set(Alert.objects.values_list("alertname", flat=True))


def test_what_is_over_for_longer_than_is_kept_goes_with_its_story(
    cluster: Cluster, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    settings.ALERT_HISTORY_DAYS = 30
    for number in range(5):
        put(cluster, f"Old{number}", over_for=31)
    stays = put(cluster, "Recent", over_for=29)
    put(cluster, "Fires", starts_at=datetime(2001, 1, 1, tzinfo=UTC))
    assert sweep_alerts() == 5
    assert left() == {"Recent", "Fires"}
    assert AlertEntry.objects.count() == AlertChange.objects.count() == 2
    assert stays.story.count() == 1
    assert sweep_alerts() == 0


def test_an_end_by_a_clock_that_is_years_off_is_no_reason_to_forget(cluster: Cluster) -> None:
    put(cluster, "Odd", over_for=4000, changed_at=timezone.now())
    sweep_alerts()
    assert left() == {"Odd"}


def test_alerts_of_a_cluster_that_is_gone_go_whatever_their_state(cluster: Cluster) -> None:
    gone = make_cluster("edge-2")
    put(gone, "Fires")
    put(gone, "Over", over_for=1)
    put(cluster, "Stays")
    registration.retire(gone)
    assert sweep_alerts() == 2
    assert left() == {"Stays"}


def test_those_of_a_disabled_cluster_stay(cluster: Cluster) -> None:
    put(cluster, "Fires")
    Cluster.objects.update(enabled=False)
    assert sweep_alerts() == 0
    assert left() == {"Fires"}


def test_what_pends_at_nobody_who_is_asked_goes_after_a_while(cluster: Cluster) -> None:
    put(cluster, "Stale", state="PENDING", last_received_at=timezone.now() - timedelta(hours=2))
    put(cluster, "Pends", state="PENDING")
    assert sweep_alerts() == 1
    assert left() == {"Pends"}
