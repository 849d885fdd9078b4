"""What is concluded from findings: yes, no, and unknown with its reason."""

from dataclasses import replace

import pytest

from apps.clusters.discovery import conclude
from apps.clusters.kube.listing import Listed, Unread
from apps.clusters.kube.nodes import Node
from apps.clusters.kube.openshift import Route
from apps.clusters.kube.survey import Findings
from apps.clusters.kube.workloads import Place, Port, Service

HIDDEN = Unread("Our token may not read it (403).", 403, lasting=True)
NOTHING = Findings(
    version="v1.33.5",
    microshift=None,
    releases=Listed(served=False),
    nodes=Listed(),
    namespaces=Listed(),
    services=Listed(),
    gpu_pods=Listed(),
    routes=Listed(served=False),
    sriov_policies=Listed(served=False),
    ptp_configs=Listed(served=False),
)
DRIVER = Listed((Place("nvidia-driver-daemonset-x", "gpu-operator"),))
DCGM = Listed((Service(Place("nvidia-dcgm-exporter", "gpu-operator"), (Port(9400),)),))


def gpu_node(offers: dict[str, int], product: str = "", counted: int | None = None) -> Node:
    return Node("n1", "v1.33.5", offers, product, counted)


def service(name: str, port: int, namespace: str = "monitoring", port_name: str = "") -> Service:
    return Service(Place(name, namespace), (Port(port, port_name),))


@pytest.mark.parametrize(
    ("change", "has", "count"),
    [
        ({}, False, 0),
        ({"nodes": HIDDEN}, None, None),
        ({"nodes": HIDDEN, "gpu_pods": DRIVER}, True, None),
        ({"nodes": HIDDEN, "services": DCGM}, True, None),
        ({"nodes": HIDDEN, "gpu_pods": HIDDEN, "services": HIDDEN}, None, None),
        # A driver that is broken offers nothing, but it runs where a card is.
        ({"gpu_pods": DRIVER}, True, 0),
        # Both lists were read and show none: a service alone outlives the last card.
        ({"services": DCGM}, False, 0),
        ({"gpu_pods": HIDDEN}, None, 0),
    ],
)
def test_gpus_are_looked_for_on_nodes_then_in_pods_then_in_services(
    change: dict[str, object], has: bool | None, count: int | None
) -> None:
    found = conclude(replace(NOTHING, **change)).values()  # type: ignore[arg-type]
    assert (found["has_gpu_nodes"], found["gpu_count"]) == (has, count)


@pytest.mark.parametrize(
    ("node", "count", "types"),
    [
        (gpu_node({"nvidia.com/gpu": 8}), 8, []),
        (gpu_node({"nvidia.com/gpu": 8}, "NVIDIA-L40S", 8), 8, ["NVIDIA-L40S"]),
        (gpu_node({"nvidia.com/gpu.shared": 16}, "NVIDIA-L4-SHARED", 4), 4, ["NVIDIA-L4"]),
        (gpu_node({"nvidia.com/mig-1g.5gb": 7}), None, []),
        # With one strategy for all cards, slices are called whole cards; the product betrays it.
        (gpu_node({"nvidia.com/gpu": 7}, "A100-MIG-1g.5gb", 7), None, ["A100"]),
    ],
)
def test_cards_are_counted_and_not_slices(node: Node, count: int | None, types: list[str]) -> None:
    found = conclude(replace(NOTHING, nodes=Listed((node,)))).values()
    assert (found["has_gpu_nodes"], found["gpu_count"], found["gpu_types"]) == (True, count, types)


def test_every_conclusion_has_its_evidence_even_where_nothing_may_be_read() -> None:
    hidden = Findings(*[HIDDEN] * 10)
    discovery = conclude(hidden)
    assert {name for name, value in discovery.values().items() if value not in (None, [])} == set()
    assert all(discovery.evidence().values())
    assert discovery.whole
    assert discovery.suggested_endpoints == {}


def test_a_reading_that_failed_in_passing_leaves_discovery_unfinished() -> None:
    assert not conclude(replace(NOTHING, services=Unread("no answer"))).whole


@pytest.mark.parametrize(
    ("name", "cnf"),
    [("du-a", "VDU"), ("cu-a", "VCU"), ("upf-1", "UPF"), ("amf-1", "AMF"), ("smf-x", "SMF")],
)
def test_network_functions_are_known_by_their_namespaces(name: str, cnf: str) -> None:
    found = conclude(replace(NOTHING, namespaces=Listed((Place(name), Place("dummy"))))).values()
    assert (found["has_cnf_workloads"], found["cnf_types"]) == (True, [cnf])


@pytest.mark.parametrize(
    ("change", "has", "types"),
    [
        ({"ptp_configs": Listed((Place("clock", "openshift-ptp"),))}, True, ["OTHER"]),
        ({"sriov_policies": Listed((Place("fronthaul", "x"),))}, True, ["OTHER"]),
        ({"sriov_policies": Listed((Place("default", "x"),))}, False, []),
        ({"namespaces": HIDDEN}, None, []),
        ({"ptp_configs": HIDDEN}, None, []),
    ],
)
def test_other_marks_of_network_functions(
    change: dict[str, object], has: bool | None, types: list[str]
) -> None:
    found = conclude(replace(NOTHING, **change)).values()  # type: ignore[arg-type]
    assert (found["has_cnf_workloads"], found["cnf_types"]) == (has, types)


def test_microshift_that_says_its_version_is_believed() -> None:
    found = conclude(replace(NOTHING, microshift="4.20.4")).values()
    assert (found["platform"], found["platform_version"]) == ("MICROSHIFT", "4.20.4")


@pytest.mark.parametrize(
    ("one", "ability"),
    [
        (service("prometheus-k8s", 9091), "has_prometheus"),
        (service("prometheus-server", 80), "has_prometheus"),
        (service("thanos-query", 9090), "has_thanos"),
        (service("tempo-simplest-query-frontend", 3200), "has_tempo"),
        (service("tempo-platform-gateway", 8080), "has_tempo"),
        (service("logging-loki-gateway-http", 8080), "has_loki"),
        (service("loki", 3100), "has_loki"),
        (service("istiod-default", 15012), "has_service_mesh"),
    ],
)
def test_a_part_is_known_by_its_service(one: Service, ability: str) -> None:
    values = conclude(replace(NOTHING, services=Listed((one,)))).values()
    stack = ("has_prometheus", "has_thanos", "has_tempo", "has_loki", "has_service_mesh")
    assert {name for name in stack if values[name]} == {ability}


@pytest.mark.parametrize(
    "name", ["prometheus-node-exporter", "prometheus-operator", "prometheus-adapter", "loki-canary"]
)
def test_what_is_only_called_alike_is_not_taken_for_it(name: str) -> None:
    values = conclude(replace(NOTHING, services=Listed((service(name, 9090),)))).values()
    assert not values["has_prometheus"]
    assert not values["has_loki"]


def test_a_gateway_of_loki_is_suggested_with_its_path_and_a_federation_route_is_not() -> None:
    gateway = service("logging-loki-gateway-http", 8080, "openshift-logging")
    own = service("prometheus-user-workload", 9091, "openshift-user-workload-monitoring")
    federate = Route(
        Place("federate", own.place.namespace), "federate.example.net", own.place.name, True,
        "/federate",
    )  # fmt: skip
    changed = replace(NOTHING, services=Listed((gateway, own)), routes=Listed((federate,)))
    assert conclude(changed).suggested_endpoints == {
        "loki_url": (
            "https://logging-loki-gateway-http.openshift-logging.svc:8080/api/logs/v1/application"
        ),
        "prometheus_url": (
            "https://prometheus-user-workload.openshift-user-workload-monitoring.svc:9091"
        ),
    }
