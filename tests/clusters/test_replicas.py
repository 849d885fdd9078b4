"""The other Prometheus servers of a cluster: how they are told, and who gets a token."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.clusters.connection import connect
from apps.clusters.models import Cluster
from tests.clusters.gated import Gated, gated
from tests.fakes.gates import gate

pytestmark = pytest.mark.django_db

__all__ = ["gated"]

FIRST, SECOND = "https://p0.example.net", "https://p1.example.net"


def register(api: APIClient, *replicas: Any, **more: Any) -> Any:
    endpoints = {"prometheus_url": FIRST, "prometheus_replica_urls": list(replicas)}
    body = {"name": "pair", "api_server_url": "https://api.example.net:6443"}
    return api.post("/api/v1/clusters", body | {"endpoints": endpoints} | more, format="json")


def change(api: APIClient, *replicas: str, **more: Any) -> Any:
    cluster = Cluster.objects.get()
    body = {"endpoints": {"prometheus_replica_urls": list(replicas)}} | more
    return api.patch(f"/api/v1/clusters/{cluster.pk}", body, format="json")


def test_they_read_back_as_they_were_sent(api: APIClient) -> None:
    assert register(api, SECOND).json()["endpoints"]["prometheus_replica_urls"] == [SECOND]
    assert change(api, SECOND, f"{FIRST}/other").status_code == 200
    assert Cluster.objects.get().prometheus_replica_urls == [SECOND, f"{FIRST}/other"]
    assert change(api).json()["endpoints"]["prometheus_replica_urls"] == []


@pytest.mark.parametrize(
    "replicas", [["gopher://x"], ["https://169.254.169.254"], [None], [""], [SECOND] * 5]
)
def test_what_is_no_address_is_refused(api: APIClient, replicas: list[Any]) -> None:
    response = register(api, *replicas)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith("endpoints.prometheus_replica_urls")


def test_the_same_server_twice_is_one(api: APIClient) -> None:
    register(api, FIRST, SECOND, SECOND)
    servers = connect(Cluster.objects.get()).servers_of("prometheus")
    assert [one.base_url for one in servers] == [FIRST, SECOND]


def test_a_stored_token_does_not_go_to_another_host_unless_it_is_sent_anew(api: APIClient) -> None:
    register(api, credentials={"token": "t", "prometheus_token": "first-token"})
    refused = change(api, SECOND)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "CREDENTIALS_INVALID")
    assert "first-token" not in refused.content.decode()
    assert Cluster.objects.get().prometheus_replica_urls == []
    assert change(api, f"{FIRST}/other").status_code == 200
    anew = change(api, SECOND, credentials={"token": "t", "prometheus_token": "second-token"})
    assert anew.status_code == 200
    servers = connect(Cluster.objects.select_related("credential").get()).servers_of("prometheus")
    assert {one.token for one in servers} == {"second-token"}
    # Where it is known already it may be named again.
    assert change(api, SECOND, f"{SECOND}/more").status_code == 200


def test_on_the_admin_pages_a_stored_token_does_not_go_to_another_host(api: APIClient) -> None:
    register(api, credentials={"token": "t", "prometheus_token": "first-token"})
    cluster = Cluster.objects.get()
    page = f"/admin/clusters/cluster/{cluster.pk}/change/"
    form = {
        "name": "pair",
        "api_server_url": cluster.api_server_url,
        "cluster_type": "SPOKE",
        "platform": "OPENSHIFT",
        "environment": "DEVELOPMENT",
        "prometheus_url": FIRST,
        "labels": "{}",
        "enabled": "on",
    }
    refused = api.post(page, form | {"prometheus_replica_urls": SECOND})
    assert refused.status_code == 200
    assert "would be shown there" in refused.content.decode()
    assert Cluster.objects.get().prometheus_replica_urls == []
    assert (
        api.post(page, form | {"prometheus_replica_urls": f"{FIRST}/a,{FIRST}/b"}).status_code
        == 302
    )
    assert Cluster.objects.get().prometheus_replica_urls == [f"{FIRST}/a", f"{FIRST}/b"]


def test_a_credential_is_tried_at_all_of_them(gated: Gated) -> None:
    with gate() as other:
        other.tokens = {"another": "p"}
        Cluster.objects.update(prometheus_replica_urls=[other.url])
        found = gated.send("/validate", token="new", prometheus_token="new-p").json()["validation"]
        assert found["prometheus"]["status"] == "INVALID"
        assert str(other.port) in found["prometheus"]["message"]
        other.tokens = {"new-p": "p"}
        found = gated.send("/validate", token="new", prometheus_token="new-p").json()["validation"]
        assert found["prometheus"]["status"] == "VALID"
