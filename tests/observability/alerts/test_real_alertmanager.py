"""Our table beside a real Alertmanager's own view of its alerts, whatever is done to it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.clusters.actions import webhook_tokens
from apps.clusters.models import Cluster
from apps.observability.federation import upstreams
from apps.observability.models import Alert, AlertPath
from tests.contract.conftest import running
from tests.factories import make_cluster
from tests.observability.alerts.rounds import believe, reconcile
from tests.observability.alerts.told_and_asked import Real, told_and_asked, until

pytestmark = pytest.mark.django_db(transaction=True)
SILENCES = "/api/v1/alerts/silences"


@pytest.fixture(autouse=True)
def nothing_known_of_before() -> Iterator[None]:
    upstreams.forget()
    yield
    upstreams.forget()


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    with told_and_asked(tmp_path) as prepared:
        yield prepared


@pytest.fixture
def cluster(real: Real, tmp_path: Path, db: None) -> Iterator[Cluster]:
    """A cluster with that Alertmanager, which knows where we are: in a process of our own."""
    made = make_cluster("edge-1", alertmanager_url=real.url)
    real.token.write_text(webhook_tokens.rotate(made))
    with (tmp_path / "platform.log").open("w") as log, running(log.fileno()) as platform:
        real.configure(f"{platform}/api/v1/alerts/webhook/{made.pk}")
        real.start()
        yield made


def its_view(real: Real) -> dict[tuple[str, datetime], Any]:
    return {
        (one["fingerprint"], datetime.fromisoformat(one["startsAt"])): (
            one["labels"],
            one["annotations"],
            one["generatorURL"],
            sorted(receiver["name"] for receiver in one["receivers"]),
            sorted(one["status"]["silencedBy"]),
            sorted(one["status"]["inhibitedBy"]),
        )
        for one in real.api.alerts()
    }


def our_table(cluster: Cluster) -> dict[tuple[str, datetime], Any]:
    return {
        (one.fingerprint, one.starts_at): (
            one.labels,
            one.annotations,
            one.generator_url,
            one.receivers,
            one.silenced_by,
            one.inhibited_by,
        )
        for one in Alert.objects.filter(cluster=cluster, state="FIRING").exclude(source="PLATFORM")
    }


def agree(real: Real, cluster: Cluster) -> bool:
    reconcile()
    return our_table(cluster) == its_view(real)


def named(name: str) -> Alert:
    return Alert.objects.get(alertname=name)


def is_known_as(name: str, state: str, ending: str = "") -> bool:
    return Alert.objects.filter(alertname=name, state=state, ending=ending).exists()


def test_our_table_is_its_view_through_all_that_happens_to_it(
    real: Real, cluster: Cluster, api: APIClient
) -> None:
    """It fires, repeats, inhibits, is over, is silenced and not, loses a webhook, and is killed."""
    reconcile()
    believe()
    everything = {"Disk", "Fan", "Lost", "Meanwhile", "Nodes", "Shut"}

    # Fires: its webhook alone brings it.
    for name in ("Disk", "Fan", "Nodes"):
        real.fire(name, node=name.lower())
    real.tell()
    until(lambda: Alert.objects.filter(state="FIRING", source="WEBHOOK").count() == 3)
    assert agree(real, cluster)

    # Repeats: told again and again, it stays the same three.
    seen_at, paged = named("Disk").last_received_at, real.pager.told("Disk")
    until(lambda: named("Disk").last_received_at > seen_at and real.pager.told("Disk") > paged + 1)
    assert Alert.objects.count() == 3
    assert agree(real, cluster)

    # Inhibits: what is critical on a node keeps the warning there from being sent.
    real.fire("Shut", node="disk", severity="warning")
    real.tell()
    until(
        lambda: agree(real, cluster) and named("Shut").inhibited_by == [named("Disk").fingerprint]
    )
    assert real.pager.told("Shut") == 0

    # Is over: the webhook says when.
    real.tell(real.end("Fan"))
    until(lambda: is_known_as("Fan", "RESOLVED", "TOLD"))
    assert agree(real, cluster)

    silenced_and_not(real, cluster, api)
    not_told(real, cluster)
    killed(real, cluster)

    # Nothing that ever fired was lost, and nothing is there twice.
    assert set(Alert.objects.values_list("alertname", flat=True)) == everything
    assert Alert.objects.count() == len(everything)
    for name in list(real.firing):
        real.tell(real.end(name))
    until(lambda: agree(real, cluster) and not our_table(cluster))
    assert Alert.objects.count() == len(everything)


def silenced_and_not(real: Real, cluster: Cluster, api: APIClient) -> None:
    """Silence it through our API, and no more."""
    body = {
        "cluster_ids": [str(cluster.pk)],
        "matchers": [{"name": "alertname", "value": "Node.*", "is_regex": True}],
        "duration_seconds": 3600,
        "comment": "It is being moved",
    }
    [silence] = api.post(SILENCES, body, format="json").json()["results"]
    until(lambda: agree(real, cluster) and named("Nodes").silenced_by == [silence["id"]])
    gone = api.delete(f"{SILENCES}/{cluster.pk}/{silence['id']}")
    assert gone.status_code == 204
    until(lambda: agree(real, cluster) and named("Nodes").silenced_by == [])


def not_told(real: Real, cluster: Cluster) -> None:
    """Lose a webhook: refused, it is not sent again for as long as that is so."""
    token = real.token.read_text()
    real.token.write_text("aiops_wh_of-yesterday")
    real.fire("Lost", node="lost")
    real.tell()
    until(lambda: real.pager.told("Lost") > 1)
    assert not Alert.objects.filter(alertname="Lost").exists()
    until(lambda: agree(real, cluster) and named("Lost").source == "ALERTMANAGER")
    real.token.write_text(token)


def killed(real: Real, cluster: Cluster) -> None:
    """Kill it; one alert is over meanwhile, another one begins."""
    before = our_table(cluster)
    real.kill()
    over = real.end("Lost")
    real.fire("Meanwhile", node="meanwhile")
    reconcile()
    assert AlertPath.objects.get().problem
    assert our_table(cluster) == before

    # It comes back, and has forgotten all; that ends nothing.
    real.start()
    upstreams.forget()
    assert its_view(real) == {}
    assert reconcile() == 1
    assert our_table(cluster) == before

    # Then it is told of all again, but of what is over.
    assert over["labels"]["alertname"] not in real.firing
    real.tell()
    until(lambda: is_known_as("Meanwhile", "FIRING"))
    reconcile()
    believe()
    until(lambda: agree(real, cluster))
    assert is_known_as("Lost", "RESOLVED", "VANISHED")
    assert its_view(real).keys() == our_table(cluster).keys()
    assert len(our_table(cluster)) == len(real.firing)
