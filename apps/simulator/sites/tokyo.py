"""edge-tokyo: MicroShift on one node at the far edge, with a 5G distributed unit."""

from dataclasses import replace

from apps.simulator.rhythm import Rhythm
from apps.simulator.sites.blueprint import Plan, container, namespaces_of, place, workloads_of
from apps.simulator.world import GIB, Cluster, Node

RELEASE = "quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:51fe"
RAN = "registry.ran.example.net/du"
NODE = "tokyo-du-01"
FRONTHAUL = "openshift.io/intel_fronthaul"
MIDHAUL = "openshift.io/intel_midhaul"


def daemon(namespace: str, name: str, cpu: int, memory: int) -> Plan:
    return Plan("DaemonSet", namespace, name, (container(name, RELEASE, cpu, memory),))


def deploy(namespace: str, name: str, cpu: int, memory: int) -> Plan:
    return Plan("Deployment", namespace, name, (container(name, RELEASE, cpu, memory),))


def unit(name: str, cpu: int, memory: int, appetite: float, *virtual_functions: int) -> Plan:
    """A part of the distributed unit; its devices are SR-IOV virtual functions, not cards."""
    plain = container(name, f"{RAN}/{name}:24.2.1", cpu, memory, appetite=appetite)
    resource = FRONTHAUL if name == "du-l1" else MIDHAUL
    limits = {resource: str(len(virtual_functions))} if virtual_functions else {}
    one = replace(plain, limits=limits)
    labels = {"ran.example.net/role": "vdu"}
    held = (tuple((number, None) for number in virtual_functions),)
    return Plan("StatefulSet", "du-shibuya", name, (one,), labels=labels, devices=held)


PLANS = (
    daemon("openshift-dns", "dns-default", 60, 110),
    daemon("openshift-ovn-kubernetes", "ovnkube-node", 20, 120),
    daemon("openshift-ovn-kubernetes", "ovnkube-master", 40, 180),
    deploy("openshift-ingress", "router-default", 100, 256),
    deploy("openshift-service-ca", "service-ca", 10, 120),
    daemon("openshift-storage", "topolvm-node", 20, 100),
    daemon("openshift-ptp", "linuxptp-daemon", 30, 120),
    deploy("openshift-ptp", "ptp-operator", 10, 50),
    daemon("openshift-sriov-network-operator", "sriov-device-plugin", 10, 40),
    daemon("openshift-sriov-network-operator", "sriov-network-metrics-exporter", 10, 50),
    deploy("openshift-sriov-network-operator", "sriov-network-operator", 100, 100),
    daemon("monitoring", "node-exporter", 9, 47),
    deploy("monitoring", "kube-state-metrics", 4, 110),
    deploy("monitoring", "prometheus", 200, 800),
    unit("du-l1", 8000, 16 * 1024, 0.85, 0, 1, 2, 3),
    unit("du-l2", 4000, 8 * 1024, 0.6, 4, 5),
    unit("du-oam", 500, 1024, 0.2),
)


def build(seed: str, epoch: float) -> Cluster:
    node = Node(
        name=NODE,
        ip="10.60.0.10",
        roles=("control-plane", "master", "worker"),
        cpus=32,
        memory_bytes=128 * GIB,
        booted=epoch + 2_400,
        labels={"feature.node.kubernetes.io/network-sriov.capable": "true"},
        extended={FRONTHAUL: "4", MIDHAUL: "4", "hugepages-1Gi": "32Gi"},
    )
    return Cluster(
        name="edge-tokyo",
        display_name="Tokyo edge",
        cluster_type="FAR_EDGE",
        platform="MICROSHIFT",
        region="ap-northeast-1",
        environment="PRODUCTION",
        labels={"site": "tokyo", "team": "ran"},
        version="v1.33.5",
        platform_version="4.20.4",
        domain="tokyo.example.net",
        epoch=epoch,
        rhythm=Rhythm(f"{seed}/edge-tokyo", utc_offset_hours=9, busiest_hour=19),
        nodes=(node,),
        namespaces=namespaces_of(PLANS),
        workloads=workloads_of(PLANS, (node,), epoch),
        pods=place(PLANS, (node,), f"{seed}/edge-tokyo", epoch),
    )
