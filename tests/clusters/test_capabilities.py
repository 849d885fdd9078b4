"""What discovery found, over REST and in the admin; and what a bad cluster can do to it."""

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.actions import capabilities, credentials, discovering, importing, rounds
from apps.clusters.kube.survey import survey
from apps.clusters.models import CheckSchedule, Cluster
from apps.clusters.vault.secrets import Secrets
from tests.clusters.fleet import Site
from tests.clusters.test_listing import API, FORBIDDEN
from tests.conftest import signed_in
from tests.factories import make_cluster
from tests.fakes import upstream as fake
from tests.fakes.upstream import Answer, Behaviour
from tests.rivals import another_connection

pytestmark = pytest.mark.django_db

URL = "/api/v1/clusters"
FLEET = "/api/v1/fleet"


@pytest.fixture
def cluster_api() -> Iterator[fake.Upstream]:
    with fake.serve(API) as running:
        yield running


@pytest.fixture
def known_fleet(sites: dict[str, Site]) -> None:
    """All three discovered, and one that never was."""
    for site in sites.values():
        site.register(labels={"team": "red"})
    discover()
    make_cluster("never-seen")
    CheckSchedule.objects.update(next_discovery_at=timezone.now() + capabilities.EVERY)


def discover() -> int:
    return async_to_sync(discovering.discover_due)()


def names(api: APIClient, **query: str) -> list[str]:
    return [one["name"] for one in api.get(URL, query).json()["items"]]


@pytest.mark.usefixtures("known_fleet")
def test_an_answer_carries_capabilities_with_their_evidence(api: APIClient) -> None:
    found = api.get(f"{URL}/by-name/gpu-oregon").json()["capabilities"]
    assert found["gpu_count"] == 32
    assert found["has_tempo"] is False
    assert set(found["evidence"]) == set(found) - {
        "evidence",
        "suggested_endpoints",
        "discovered_at",
    }
    assert found["discovered_at"].endswith("Z")
    assert api.get(f"{URL}/by-name/never-seen").json()["capabilities"] is None


@pytest.mark.usefixtures("known_fleet")
def test_the_list_is_filtered_by_what_is_known(api: APIClient) -> None:
    assert names(api, has_gpu="true") == ["gpu-oregon"]
    assert names(api, has_gpu="false") == ["edge-tokyo", "hub-frankfurt"]
    assert names(api, has_cnf="true") == ["edge-tokyo"]
    assert names(api, has_cnf="true", has_gpu="true") == []
    assert api.get(URL, {"has_gpu": "perhaps"}).status_code == 400


@pytest.mark.usefixtures("known_fleet")
def test_the_summary_counts_gpus_and_clusters_with_network_functions(api: APIClient) -> None:
    summary = api.get(f"{FLEET}/summary").json()
    assert (summary["total_gpu_count"], summary["clusters_with_cnf"]) == (32, 1)


def test_the_summary_of_nothing_known_counts_nothing(api: APIClient) -> None:
    make_cluster("never-seen")
    summary = api.get(f"{FLEET}/summary").json()
    assert (summary["total_gpu_count"], summary["clusters_with_cnf"]) == (0, 0)


@pytest.mark.usefixtures("known_fleet")
def test_capabilities_are_merged_over_the_fleet(api: APIClient) -> None:
    merged = api.get(f"{FLEET}/capabilities").json()
    assert (merged["total_clusters"], merged["discovered_clusters"]) == (4, 3)
    assert (merged["node_count"], merged["gpu_count"]) == (11, 32)
    assert (merged["gpu_types"], merged["cnf_types"]) == (["NVIDIA-H100-80GB-HBM3"], ["VDU"])
    assert merged["kubernetes_versions"] == {"v1.33.5": 2, "v1.34.2": 1}
    # One cluster was never discovered, so "none has Tempo" cannot be said.
    assert (merged["has_thanos"], merged["has_tempo"]) == (True, None)
    assert (merged["clusters_with"]["has_thanos"], merged["clusters_unknown"]["has_thanos"]) == (
        1,
        1,
    )


@pytest.mark.usefixtures("known_fleet")
def test_the_health_of_the_fleet_is_told_cluster_by_cluster(api: APIClient) -> None:
    page = api.get(f"{FLEET}/health", {"page_size": 3}).json()
    assert (page["total"], len(page["items"])) == (4, 3)
    assert page["items"][0]["cluster_name"] == "edge-tokyo"
    assert page["items"][0]["status"]["state"] == "UNKNOWN"
    assert api.get(f"{FLEET}/health", {"state": "ONLINE"}).json()["items"] == []


@pytest.mark.usefixtures("known_fleet")
def test_who_sees_no_cluster_sees_nothing_of_the_fleet(viewer_of_blue: User) -> None:
    api = signed_in(viewer_of_blue)
    assert api.get(f"{FLEET}/capabilities").json()["total_clusters"] == 0
    assert api.get(f"{FLEET}/health").json()["items"] == []
    assert api.get(f"{FLEET}/summary").json()["total_gpu_count"] == 0


@pytest.mark.usefixtures("known_fleet")
def test_a_refresh_makes_discovery_due(api: APIClient) -> None:
    cluster = Cluster.objects.get(name="gpu-oregon")
    assert api.post(f"{URL}/{cluster.pk}/refresh").status_code == 202
    assert [one.name for one in capabilities.claim_due(10)] == ["gpu-oregon"]


@pytest.mark.usefixtures("known_fleet")
def test_the_admin_shows_gpus_and_evidence_and_discovers_on_demand(admin: User) -> None:
    browser = Client()
    browser.force_login(admin)
    cluster = Cluster.objects.get(name="gpu-oregon")
    assert '<td class="field-gpus">32</td>' in browser.get("/admin/clusters/cluster/").text
    page = browser.get(f"/admin/clusters/cluster/{cluster.pk}/change/").text
    assert "Cut into MIG slices: 28 of mig-1g.10gb" in page
    assert browser.get("/admin/clusters/cluster/add/").status_code == 200
    body = {"action": "discover_now", "_selected_action": [str(cluster.pk)]}
    answer = browser.post("/admin/clusters/cluster/", body, follow=True)
    assert "1 cluster will be discovered" in answer.text
    assert [one.name for one in capabilities.claim_due(10)] == ["gpu-oregon"]


def test_a_forbidden_list_is_unknown_over_rest(api: APIClient, cluster_api: fake.Upstream) -> None:
    cluster_api.answers["/api/v1/nodes"] = FORBIDDEN
    make_cluster("narrow", api_server_url=cluster_api.url)
    discover()
    found = api.get(f"{URL}/by-name/narrow").json()["capabilities"]
    assert (found["has_gpu_nodes"], found["gpu_count"], found["node_count"]) == (None, None, None)
    assert "may not read the nodes (403)" in found["evidence"]["has_gpu_nodes"]
    assert found["has_prometheus"] is False
    assert names(api, has_gpu="true") == names(api, has_gpu="false") == []
    # What our role is refused today it is refused in ten minutes: no need to ask so soon.
    assert CheckSchedule.objects.get().next_discovery_at > timezone.now() + capabilities.AGAIN_AFTER


def test_a_cluster_that_hangs_or_breaks_costs_no_other(
    cluster_api: fake.Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovering, "SURVEY_SECONDS", 5)

    async def explode(upstream: Any, seconds: float) -> Any:
        if upstream.base_url.endswith(":2"):
            raise KeyError("a bug of ours")
        return await survey(upstream, seconds)

    monkeypatch.setattr(discovering, "survey", explode)
    with fake.serve({"/version": Behaviour.HANG}) as hanging:
        make_cluster("stuck", api_server_url=hanging.url)
        make_cluster("odd", api_server_url="https://127.0.0.1:2")
        make_cluster("well", api_server_url=cluster_api.url)
        assert discover() == 3
    known = Cluster.objects.exclude(capabilities=None)
    assert [cluster.name for cluster in known] == ["well"]
    assert CheckSchedule.objects.discovery_due_at(timezone.now()).count() == 0
    soon = timezone.now() + capabilities.AGAIN_AFTER
    assert CheckSchedule.objects.discovery_due_at(soon).count() == 2


def test_a_cluster_that_is_removed_meanwhile_is_no_accident(cluster_api: fake.Upstream) -> None:
    cluster = make_cluster("short-lived", api_server_url=cluster_api.url)
    [connection] = capabilities.claim_due(10)
    cluster.delete()
    async_to_sync(discovering.discover)(connection)
    assert not Cluster.objects.exists()


def test_an_order_that_comes_during_a_discovery_is_not_lost(cluster_api: fake.Upstream) -> None:
    cluster = make_cluster("busy", api_server_url=cluster_api.url)
    [connection] = capabilities.claim_due(10)
    CheckSchedule.objects.filter(pk=cluster.pk).bring_forward("next_discovery_at")
    async_to_sync(discovering.discover)(connection)
    assert len(capabilities.claim_due(10)) == 1


def test_a_token_that_the_cluster_throws_back_is_stored_nowhere(
    cluster_api: fake.Upstream, settings: Any
) -> None:
    settings.ALLOW_INSECURE_UPSTREAMS = True
    token = "a-token-that-is-thrown-back"
    labels = {"nvidia.com/gpu.product": f"H100 {token}\x00", "nvidia.com/gpu.count": "9" * 30}
    node = {
        "metadata": {"name": token, "labels": labels},
        "status": {"capacity": {"nvidia.com/gpu": "8", f"nvidia.com/mig-{token}": "1"}},
    }
    thrown: dict[str, Answer] = {
        "/version": (200, {"gitVersion": f"v1 {token} {'x' * 900}"}),
        "/api/v1/nodes": (200, {"items": [node]}),
        "/api/v1/namespaces": (200, {"items": [{"metadata": {"name": f"du-{token}"}}]}),
        "/api/v1/services": (
            200,
            {
                "items": [
                    {
                        "metadata": {"name": "loki", "namespace": token},
                        "spec": {"ports": [{"port": 3100}]},
                    }
                ]
            },
        ),
    }
    cluster_api.answers.update(thrown)
    cluster = make_cluster("hostile", api_server_url=cluster_api.url)
    credentials.store(cluster, credentials.NewCredential(Secrets(token=token)))
    discover()
    cluster.refresh_from_db()
    assert cluster_api.requests[0].headers["authorization"] == f"Bearer {token}"
    assert cluster.capabilities is not None
    assert cluster.capabilities["cnf_types"] == ["VDU"]
    assert token not in str(cluster.capabilities)
    assert token not in cluster.platform_version
    assert len(cluster.platform_version) <= 64


@pytest.mark.parametrize("turn", rounds.Turn)
def test_each_kind_of_round_takes_turns_of_its_own(turn: rounds.Turn) -> None:
    with another_connection() as somebody:
        for other in {*rounds.Turn, importing.TURN} - {turn}:
            somebody.execute("SELECT pg_advisory_lock(%s)", [other])
        assert rounds.take_turn(turn)
        rounds.end_turn(turn)


def test_claiming_takes_no_more_than_there_is_room_for() -> None:
    for number in range(5):
        make_cluster(f"cluster-{number}")
    assert len(capabilities.claim_due(2)) == 2
    assert len(capabilities.claim_due(0)) == 0
    assert len(capabilities.claim_due(10)) == 3
