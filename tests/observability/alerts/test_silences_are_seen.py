"""A silence is in our table as soon as it is made, and gone as soon as it is over."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from apps import workers
from apps.clusters.connected import COLUMNS, connect_rows
from apps.clusters.models import Cluster
from apps.observability.actions.alerts import reconciling
from apps.observability.collect import alerts
from apps.observability.models import Alert
from apps.observability.tasks import look_again
from tests.factories import make_cluster
from tests.observability.alerts.one_alertmanager import Alertmanager
from tests.observability.alerts.rounds import reconcile
from tests.observability.alerts.silencing import DOWN, URL, know, make

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = "collect"


@pytest.fixture
def work() -> Iterator[Callable[[], list[int]]]:
    """Does what a worker would find in its queue, and returns what came of each."""
    with workers.connect() as messages:
        messages.delete(QUEUE)

        def do() -> list[int]:
            found = []
            while message := messages.rpop(QUEUE):
                sent = json.loads(message)
                assert sent["headers"]["task"] == look_again.name
                [arguments, *_] = json.loads(b64decode(sent["body"]))
                found.append(look_again(*arguments))
            return found

        yield do
        messages.delete(QUEUE)


def silenced_by(cluster: Cluster) -> dict[str, list[str]]:
    rows = Alert.objects.filter(cluster=cluster)
    return {one.labels["node"]: one.silenced_by for one in rows}


def test_what_is_done_to_a_silence_is_seen_at_once(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager, work: Callable[[], list[int]]
) -> None:
    alertmanager.fire(*({"alertname": "NodeDown", "node": node} for node in "ab"))
    other = make_cluster("red-2", alertmanager_url=alertmanager.url)
    for one in (cluster, other):
        know(one, alertmanager)
    [made] = make(api, cluster).json()["results"]
    assert silenced_by(cluster) == {"a": [], "b": []}
    assert work() == [1]
    assert silenced_by(cluster) == {"a": [made["id"]], "b": [made["id"]]}
    # Nobody did anything there.
    assert silenced_by(other) == {"a": [], "b": []}

    url = f"{URL}/{cluster.pk}/{made['id']}"
    narrower = [*DOWN, {"name": "node", "value": "a"}]
    body = {"matchers": narrower, "duration_seconds": 600, "comment": "Only this one"}
    new = api.put(url, body, format="json").json()["id"]
    assert work() == [1]
    assert silenced_by(cluster) == {"a": [new], "b": []}

    assert api.delete(f"{URL}/{cluster.pk}/{new}").status_code == 204
    assert work() == [1]
    assert silenced_by(cluster) == {"a": [], "b": []}


def test_only_clusters_with_a_new_silence_are_looked_at(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager, work: Callable[[], list[int]]
) -> None:
    away = make_cluster("red-2", alertmanager_url="http://127.0.0.1:1")
    told: Any = make(api, cluster, away).json()["results"]
    assert [one["status"] for one in told] == ["CREATED", "FAILED"]
    assert work() == [1]
    [told] = make(api, cluster).json()["results"]
    assert told["status"] == "EXISTS"
    assert work() == []


def test_a_cluster_that_is_gone_or_away_by_then_stops_nothing(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager, work: Callable[[], list[int]]
) -> None:
    alertmanager.fire({"alertname": "NodeDown", "node": "a"})
    know(cluster, alertmanager)
    gone = make_cluster("red-2", alertmanager_url=alertmanager.url)
    make(api, gone, comment="Only there")
    gone.delete()
    assert work() == [0]
    [made] = make(api, cluster).json()["results"]
    Cluster.objects.update(alertmanager_url="http://127.0.0.1:1")
    assert work() == [0]
    assert silenced_by(cluster)["a"] == []
    # Which a round makes up for.
    Cluster.objects.update(alertmanager_url=alertmanager.url)
    reconcile()
    assert made["id"] in silenced_by(cluster)["a"]


def test_the_answer_to_an_older_question_does_not_undo_it(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager, work: Callable[[], list[int]]
) -> None:
    alertmanager.fire({"alertname": "NodeDown", "node": "a"})
    know(cluster, alertmanager)
    [target] = connect_rows(list(Cluster.objects.values_list(*COLUMNS)))
    older = async_to_sync(alerts.ask)(target)
    [made] = make(api, cluster).json()["results"]
    assert work() == [1]
    reconciling.settle([older])
    assert silenced_by(cluster)["a"] == [made["id"]]
    alertmanager.delete(f"silence/{made['id']}")
    reconcile()
    assert silenced_by(cluster)["a"] == []
