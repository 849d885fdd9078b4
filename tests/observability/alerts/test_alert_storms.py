"""Thousands of alerts at once, some flapping, from clusters that look alike with wrong clocks."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.observability.models import Alert, AlertChange, AlertPath
from apps.streaming.envelope import Event, body_of
from tests.factories import make_cluster
from tests.fakes.upstream import Upstream, serve
from tests.observability.alerts.notifying import (
    add_receiver,
    add_route,
    let_pass,
    make_rounds,
)
from tests.observability.alerts.posting import Sender
from tests.observability.alerts.storms import LEFT_OUT, Storm, brew
from tests.rivals import at_once

pytestmark = pytest.mark.django_db(transaction=True)

# In both clusters together, flapping ones counted as often as they fire.
ALERTS = int(os.environ.get("AIOPS_TEST_STORM_ALERTS", "2000"))
WRONG = {"fast-1": timedelta(days=1), "slow-1": timedelta(days=-1)}


@pytest.fixture
def bridge(settings: Any) -> Iterator[Upstream]:
    settings.ALLOW_INSECURE_UPSTREAMS = True
    with serve({"/clusters": (204, ""), "/pods": (204, "")}) as upstream:
        yield upstream


@pytest.fixture
def storms() -> list[tuple[Cluster, Storm]]:
    # A third of them fires three times, and so each of these numbers makes 5/3 alerts.
    each = ALERTS * 3 // 10
    return [
        (make_cluster(name), brew(each, clock, seed))
        for seed, (name, clock) in enumerate(WRONG.items())
    ]


def break_loose(storms: list[tuple[Cluster, Storm]]) -> None:
    """Both Alertmanagers post at once, each its posts one after the other."""

    def post_all(cluster: Cluster, storm: Storm) -> None:
        sender = Sender(cluster)
        assert {sender.post(sent) for sent in storm.posts} == {200}

    at_once(*[lambda c=cluster, s=storm: post_all(c, s) for cluster, storm in storms])


def test_nothing_is_lost_nor_doubled_and_the_bridge_hears_little(
    api: APIClient,
    bridge: Upstream,
    storms: list[tuple[Cluster, Storm]],
    published: list[Event],
) -> None:
    for name, by in (("clusters", "cluster"), ("pods", "pod")):
        receiver = add_receiver(api, f"{bridge.url}/{name}", name=name)
        wanted = {"name": name, "group_by": [by], "continues": True}
        add_route(api, receiver["id"], group_wait_seconds=30, **wanted)
    published.clear()

    break_loose(storms)

    for cluster, storm in storms:
        assert stored_of(cluster) == storm.ends
        assert AlertPath.objects.get(cluster=cluster).truncated_alerts == LEFT_OUT
    changes = sum(storm.changes for _, storm in storms)
    events = Counter(change_in(event) for event in published)
    assert len(events) == events.total() == changes

    # Of each cluster the bridge hears once; there is nothing left for the next interval.
    make_rounds()
    let_pass(seconds=31)
    make_rounds(2)
    assert told(bridge, "/clusters") == [
        (cluster.name, *fired_and_over(storm)) for cluster, storm in storms
    ]
    # Who wants to hear of each pod by itself hears of fifty, and of the others together.
    each_pod = told(bridge, "/pods")
    assert len(each_pod) == min(51, ALERTS)
    assert sum(fired + over for _, fired, over in each_pod) == changes
    assert not AlertChange.objects.exists()
    heard = len(bridge.requests)
    let_pass(seconds=301)
    make_rounds()
    assert len(bridge.requests) == heard


def stored_of(cluster: Cluster) -> dict[Any, str]:
    rows = Alert.objects.filter(cluster=cluster).values_list("fingerprint", "starts_at", "state")
    found = {(fingerprint, starts_at): state for fingerprint, starts_at, state in rows}
    assert len(found) == len(rows)
    return found


def change_in(event: Event) -> tuple[str, str]:
    return event.event_type, json.loads(body_of(event))["payload"]["id"]


def fired_and_over(storm: Storm) -> tuple[int, int]:
    return len(storm.ends), sum(state == "RESOLVED" for state in storm.ends.values())


def told(bridge: Upstream, path: str) -> list[tuple[str, int, int]]:
    sent = [json.loads(one.body)["data"] for one in bridge.requests if one.path == path]
    return sorted(
        (one["group_labels"].get("cluster", ""), one["fired"], one["resolved"]) for one in sent
    )
