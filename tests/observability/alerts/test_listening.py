"""Whom the events of alerts reach: who may see the cluster, and of it the alert's namespace."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.actions.alerts.storing import store
from tests.factories import grant, make_cluster, make_user
from tests.observability.alerts.telling import arrival, told
from tests.streaming.browser import browser_of, tell

pytestmark = pytest.mark.django_db(transaction=True)


@sync_to_async
def begin(cluster: Cluster, *names: str) -> None:
    """Let alerts of these names fire, each in the namespace after its slash."""
    words = []
    for name in names:
        alertname, _, namespace = name.partition("/")
        labels = {"namespace": namespace} if namespace else {}
        words.append(arrival(cluster, told(alertname, labels=labels)))
    store(words)


@sync_to_async
def person(*where: Cluster, **scope: Any) -> User:
    user = make_user("keeper")
    grant(user, Role.VIEWER, *where, **scope)
    return user


async def heard(user: User, cluster: Cluster, **wish: Any) -> list[str]:
    """What somebody hears of three alerts, up to a change of the cluster that all of them hear."""
    async with await browser_of(user) as browser:
        await browser.receive()
        await browser.subscribe(**wish)
        await begin(cluster, "A/shop", "B/etcd", "C")
        await tell(cluster)
        names = []
        while (event := (await browser.receive())["event"])["event_type"] != "CLUSTER_UPDATED":
            names.append(event["payload"]["alertname"])
        return sorted(names)


async def test_who_sees_the_cluster_hears_of_all(db: None) -> None:
    red = await sync_to_async(make_cluster)("red-cluster")

    assert await heard(await person(red), red) == ["A", "B", "C"]


async def test_who_is_held_to_namespaces_hears_of_those_alone(db: None) -> None:
    red = await sync_to_async(make_cluster)("red-cluster")

    assert await heard(await person(red, namespaces=["shop"]), red) == ["A"]


async def test_a_client_may_ask_for_some_namespaces(db: None) -> None:
    red = await sync_to_async(make_cluster)("red-cluster")

    assert await heard(await person(red), red, namespace_filter=["etcd"]) == ["B"]
