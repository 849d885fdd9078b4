"""hub-frankfurt: the OpenShift hub, three control plane nodes and three workers."""

from apps.simulator.rhythm import Rhythm
from apps.simulator.sites.blueprint import Plan, container, namespaces_of, place, workloads_of
from apps.simulator.world import GIB, Cluster, Node

RELEASE = "quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:7c1d"
REGISTRY = "registry.redhat.io"
SHOP = "image-registry.openshift-image-registry.svc:5000/shop"


def static(namespace: str, name: str, cpu: int, memory: int) -> Plan:
    """A pod that the kubelet of each control plane node runs by itself."""
    return Plan(
        "Node", namespace, name, (container(name, RELEASE, cpu, memory),), on="control-plane"
    )


def daemon(namespace: str, name: str, cpu: int, memory: int) -> Plan:
    return Plan("DaemonSet", namespace, name, (container(name, RELEASE, cpu, memory),))


def deploy(
    namespace: str, name: str, replicas: int, cpu: int, memory: int, image: str = RELEASE
) -> Plan:
    where = "worker" if image is not RELEASE or "monitoring" in namespace else "control-plane"
    return Plan(
        "Deployment", namespace, name, (container(name, image, cpu, memory),), replicas, where
    )


def stateful(
    namespace: str, name: str, replicas: int, cpu: int, memory: int, image: str = RELEASE
) -> Plan:
    one = (container(name, image, cpu, memory),)
    return Plan("StatefulSet", namespace, name, one, replicas, "worker")


PLANS = (
    static("openshift-etcd", "etcd", 360, 1800),
    static("openshift-kube-apiserver", "kube-apiserver", 290, 2900),
    static("openshift-kube-controller-manager", "kube-controller-manager", 80, 500),
    static("openshift-kube-scheduler", "openshift-kube-scheduler", 25, 150),
    daemon("openshift-multus", "multus", 10, 65),
    daemon("openshift-ovn-kubernetes", "ovnkube-node", 50, 1300),
    daemon("openshift-dns", "dns-default", 60, 110),
    daemon("openshift-machine-config-operator", "machine-config-daemon", 40, 100),
    daemon("openshift-monitoring", "node-exporter", 9, 47),
    daemon("openshift-cluster-node-tuning-operator", "tuned", 10, 50),
    deploy("openshift-apiserver", "apiserver", 3, 110, 250),
    deploy("openshift-authentication", "oauth-openshift", 3, 10, 50),
    deploy("openshift-console", "console", 2, 10, 100),
    deploy("openshift-cluster-version", "cluster-version-operator", 1, 20, 50),
    deploy(
        "openshift-ingress",
        "router-default",
        2,
        200,
        512,
        f"{REGISTRY}/openshift4/ose-haproxy-router",
    ),
    deploy("openshift-monitoring", "kube-state-metrics", 1, 4, 110),
    deploy("openshift-monitoring", "thanos-querier", 2, 15, 92),
    deploy("openshift-monitoring", "prometheus-operator", 1, 6, 165),
    stateful("openshift-monitoring", "prometheus-k8s", 2, 75, 1100),
    stateful("openshift-monitoring", "alertmanager-main", 2, 4, 40),
    deploy(
        "open-cluster-management",
        "multicluster-operators-hub",
        2,
        100,
        300,
        f"{REGISTRY}/rhacm2/hub",
    ),
    deploy("open-cluster-management", "search-api", 2, 50, 256, f"{REGISTRY}/rhacm2/search"),
    stateful(
        "open-cluster-management",
        "search-postgres",
        1,
        100,
        1024,
        f"{REGISTRY}/rhel9/postgresql-16",
    ),
    deploy(
        "openshift-gitops", "gitops-server", 1, 125, 256, f"{REGISTRY}/openshift-gitops-1/argocd"
    ),
    stateful(
        "openshift-gitops",
        "gitops-controller",
        1,
        250,
        1024,
        f"{REGISTRY}/openshift-gitops-1/argocd",
    ),
    deploy("shop", "storefront", 4, 500, 768, f"{SHOP}/storefront:3.14.2"),
    deploy("shop", "checkout", 3, 300, 512, f"{SHOP}/checkout:2.8.0"),
    deploy("shop", "catalogue", 3, 250, 512, f"{SHOP}/catalogue:5.0.1"),
    stateful("shop", "orders-db", 2, 1000, 4096, f"{REGISTRY}/rhel9/postgresql-16"),
    Plan(
        "Deployment",
        "shop",
        "recommender",
        (container("recommender", f"{SHOP}/recommender:0.9.7", 400, 1024, appetite=0.9),),
        2,
        "worker",
        restarts=11,
    ),
)


def nodes(epoch: float) -> tuple[Node, ...]:
    masters = tuple(
        Node(f"master-{n}.frankfurt.example.net", f"10.20.0.{10 + n}", ("control-plane", "master"),
             8, 32 * GIB, epoch + 900 * n)
        for n in range(3)
    )  # fmt: skip
    workers = tuple(
        Node(f"worker-{n}.frankfurt.example.net", f"10.20.0.{20 + n}", ("worker",),
             16, 64 * GIB, epoch + 3600 + 1200 * n)
        for n in range(3)
    )  # fmt: skip
    return masters + workers


def build(seed: str, epoch: float) -> Cluster:
    fleet_nodes = nodes(epoch)
    return Cluster(
        name="hub-frankfurt",
        display_name="Frankfurt hub",
        cluster_type="HUB",
        platform="OPENSHIFT",
        region="eu-central-1",
        environment="PRODUCTION",
        labels={"site": "frankfurt", "team": "platform"},
        version="v1.33.5",
        platform_version="4.20.4",
        domain="frankfurt.example.net",
        epoch=epoch,
        rhythm=Rhythm(f"{seed}/hub-frankfurt", utc_offset_hours=1),
        nodes=fleet_nodes,
        namespaces=namespaces_of(PLANS, "openshift", "openshift-config", "openshift-operators"),
        workloads=workloads_of(PLANS, fleet_nodes, epoch),
        pods=place(PLANS, fleet_nodes, f"{seed}/hub-frankfurt", epoch),
    )
