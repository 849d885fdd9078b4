"""Discovery end to end against the simulated fleet: what is there, and what it is known from."""

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from apps.clusters.actions import capabilities, credentials, discovering, registration
from apps.clusters.contract import Capabilities, describe, describe_capabilities
from apps.clusters.discovery import conclude
from apps.clusters.models import CheckSchedule, Cluster
from apps.clusters.vault.secrets import Secrets
from apps.streaming.envelope import Event
from tests.clusters.fleet import Site
from tests.clusters.test_conclusions import NOTHING
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db


def discover() -> int:
    return async_to_sync(discovering.discover_due)()


def found_in(cluster: Cluster) -> Capabilities:
    discover()
    found = describe_capabilities(Cluster.objects.select_related("schedule").get(pk=cluster.pk))
    assert found is not None
    return found


def due() -> int:
    return CheckSchedule.objects.discovery_due_at(timezone.now()).count()


def test_openshift_is_known_by_its_cluster_version(sites: dict[str, Site]) -> None:
    found = found_in(sites["hub-frankfurt"].register())
    assert (found.platform, found.platform_version) == ("OPENSHIFT", "4.20.4")
    assert found.evidence["platform"] == "The cluster version of OpenShift is 4.20.4."
    assert (found.kubernetes_version, found.node_count) == ("v1.33.5", 6)
    assert (found.has_prometheus, found.has_thanos) == (True, True)
    assert "openshift-monitoring/thanos-querier" in found.evidence["has_thanos"]
    assert (found.has_tempo, found.has_loki, found.has_service_mesh) == (False, False, False)
    assert (found.has_gpu_nodes, found.gpu_count, found.gpu_types) == (False, 0, [])
    assert (found.has_cnf_workloads, found.cnf_types) == (False, [])


def test_routes_are_offered_for_endpoints_that_are_empty(sites: dict[str, Site]) -> None:
    found = found_in(sites["hub-frankfurt"].register())
    assert found.suggested_endpoints == {
        "prometheus_url": "https://thanos-querier-openshift-monitoring.apps.frankfurt.example.net",
        "alertmanager_url": (
            "https://alertmanager-main-openshift-monitoring.apps.frankfurt.example.net"
        ),
    }


def test_what_a_person_set_is_neither_overwritten_nor_suggested_again(
    sites: dict[str, Site],
) -> None:
    mine = "https://prometheus.mine.example.net"
    cluster = sites["hub-frankfurt"].register(prometheus_url=mine, platform_version="by hand")
    assert "prometheus_url" not in found_in(cluster).suggested_endpoints
    cluster.refresh_from_db()
    assert (cluster.prometheus_url, cluster.alertmanager_url) == (mine, "")
    assert cluster.platform_version == "by hand"


def test_gpus_are_counted_as_cards_and_mig_slices_are_told(sites: dict[str, Site]) -> None:
    found = found_in(sites["gpu-oregon"].register(platform="KUBERNETES"))
    assert (found.platform, found.platform_version) == ("KUBERNETES", "v1.34.2")
    assert (found.has_gpu_nodes, found.gpu_count) == (True, 32)
    assert found.gpu_types == ["NVIDIA-H100-80GB-HBM3"]
    assert found.evidence["gpu_count"] == (
        "32 of NVIDIA-H100-80GB-HBM3 in 4 nodes (gpu-worker-01, gpu-worker-02, gpu-worker-03 and "
        "1 more). Cut into MIG slices: 28 of mig-1g.10gb, 4 of mig-3g.40gb."
    )
    assert "nvidia.com/mig-1g.10gb" in found.evidence["has_gpu_nodes"]
    assert found.suggested_endpoints == {
        "prometheus_url": "http://prometheus-kube-prometheus-stack.monitoring.svc:9090"
    }


def test_microshift_and_a_distributed_unit_are_known_by_their_marks(
    sites: dict[str, Site],
) -> None:
    found = found_in(sites["edge-tokyo"].register(platform="MICROSHIFT"))
    assert found.platform == "MICROSHIFT"
    assert "openshift-service-ca" in found.evidence["platform"]
    assert (found.node_count, found.kubernetes_version) == (1, "v1.33.5")
    assert (found.has_cnf_workloads, found.cnf_types) == (True, ["VDU"])
    said = found.evidence["has_cnf_workloads"]
    assert "1 namespace (du-shibuya)" in said
    assert "2 SR-IOV node policies" in said
    assert "1 PTP configuration" in said


def test_a_discovered_version_is_written_where_none_was_and_kept_current(
    sites: dict[str, Site], published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    cluster = sites["hub-frankfurt"].register()
    with django_capture_on_commit_callbacks(execute=True):
        discover()
    cluster.refresh_from_db()
    assert cluster.platform_version == "4.20.4"
    assert [event.event_type for event in published] == [
        "CLUSTER_UPDATED",
        "CLUSTER_CAPABILITIES_CHANGED",
    ]
    older = (cluster.capabilities or {}) | {"platform_version": "4.19.1"}
    Cluster.objects.update(platform_version="4.19.1", capabilities=older)
    CheckSchedule.objects.filter(pk=cluster.pk).bring_forward("next_discovery_at")
    discover()
    cluster.refresh_from_db()
    assert cluster.platform_version == "4.20.4"


def test_the_same_found_again_writes_its_time_alone_and_tells_nothing(
    sites: dict[str, Site], published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    cluster = sites["hub-frankfurt"].register()
    first = found_in(cluster)
    before = describe(Cluster.objects.get())
    CheckSchedule.objects.filter(pk=cluster.pk).bring_forward("next_discovery_at")
    with django_capture_on_commit_callbacks(execute=True):
        again = found_in(cluster)
    assert published == []
    assert first.discovered_at is not None
    assert again.discovered_at is not None
    assert again.discovered_at > first.discovered_at
    assert describe(Cluster.objects.get()).updated_at == before.updated_at


def test_an_answer_to_an_older_question_is_not_recorded(sites: dict[str, Site]) -> None:
    cluster = sites["hub-frankfurt"].register()
    [connection] = capabilities.claim_due(10)
    async_to_sync(discovering.discover)(connection)
    known = Cluster.objects.get().capabilities
    old = timezone.now() - timedelta(hours=1)
    assert not capabilities.record(connection, conclude(NOTHING), old)
    assert Cluster.objects.get(pk=cluster.pk).capabilities == known


def test_it_is_due_at_registration_and_then_after_a_day(sites: dict[str, Site]) -> None:
    sites["hub-frankfurt"].register()
    assert due() == 1
    assert discover() == 1
    assert due() == 0
    following = CheckSchedule.objects.get().next_discovery_at
    assert following > timezone.now() + timedelta(hours=23)


def test_it_is_due_again_when_a_credential_or_the_address_changes(sites: dict[str, Site]) -> None:
    cluster = sites["hub-frankfurt"].register()
    discover()
    registration.change(cluster, {"region": "elsewhere"})
    assert due() == 0
    credentials.store(cluster, credentials.NewCredential(Secrets(token="another")))
    assert due() == 1
    discover()
    credential = credentials.NewCredential(Secrets(token="third"))
    registration.change(cluster, {"api_server_url": "https://127.0.0.1:2"}, credential)
    assert due() == 1


def test_a_cluster_that_tells_nothing_keeps_what_is_known_and_is_asked_again_soon(
    sites: dict[str, Site],
) -> None:
    cluster = sites["hub-frankfurt"].register()
    known = found_in(cluster)
    credential = credentials.NewCredential(Secrets(token="wrong"), sites["hub-frankfurt"].ca_bundle)
    credentials.store(cluster, credential)
    assert found_in(cluster) == known
    following = CheckSchedule.objects.get().next_discovery_at
    assert following < timezone.now() + timedelta(minutes=15)


def test_a_disabled_cluster_is_not_discovered() -> None:
    make_cluster("off", enabled=False)
    assert discover() == 0
