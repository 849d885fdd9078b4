"""Connections that are handed out again are those that the rows make now."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.clusters.connected import COLUMNS, connect_rows
from apps.clusters.connection import Connection, connect
from apps.clusters.models import Cluster
from apps.clusters.vault import store
from apps.clusters.vault.secrets import Secrets
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db


def connected() -> list[Connection]:
    return connect_rows(list(Cluster.objects.order_by("name").values_list(*COLUMNS)))


def test_they_are_what_each_cluster_would_give_by_itself(admin: User) -> None:
    make_cluster("bare")
    kept = make_cluster(
        "kept",
        api_server_url="https://api.test:6443",
        prometheus_url="https://prometheus.test",
        prometheus_replica_urls=["https://second.test"],
    )
    store.store(kept, Secrets(token="one", prometheus_token="two"), ca_bundle="")
    alone = [connect(one) for one in Cluster.objects.select_related("credential").order_by("name")]
    assert connected() == alone
    assert connected() == alone
    assert alone[1].parts["prometheus"].token == "two"


def test_the_same_rows_are_not_opened_again() -> None:
    make_cluster("one", prometheus_url="https://prometheus.test")
    assert connected()[0] is connected()[0]


def test_a_new_address_and_a_new_token_are_met_by_the_next_question() -> None:
    cluster = make_cluster("one", prometheus_url="https://prometheus.test")
    store.store(cluster, Secrets(prometheus_token="old"))
    assert connected()[0].parts["prometheus"].token == "old"
    store.store(cluster, Secrets(prometheus_token="new"))
    assert connected()[0].parts["prometheus"].token == "new"
    Cluster.objects.update(prometheus_url="https://other.test")
    assert connected()[0].parts["prometheus"].base_url == "https://other.test"
    Cluster.objects.get().credential.delete()
    assert connected()[0].parts["prometheus"].token == ""


def test_a_token_over_plain_http_follows_its_setting(settings: Any) -> None:
    cluster = make_cluster("one", prometheus_url="http://prometheus.test")
    store.store(cluster, Secrets(prometheus_token="shown"))
    settings.ALLOW_INSECURE_UPSTREAMS = True
    assert connected()[0].parts["prometheus"].token == "shown"
    settings.ALLOW_INSECURE_UPSTREAMS = False
    assert connected()[0].parts["prometheus"].token == ""


def test_what_does_not_open_is_tried_again_each_time(settings: Any) -> None:
    cluster = make_cluster("one", prometheus_url="https://prometheus.test")
    store.store(cluster, Secrets(prometheus_token="sealed"))
    keys = settings.SEALING_KEYS
    settings.SEALING_KEYS = "another:" + "A" * 43 + "="
    assert "cannot be opened" in connected()[0].problem
    settings.SEALING_KEYS = keys
    found = connected()[0]
    assert (found.problem, found.parts["prometheus"].token) == ("", "sealed")
