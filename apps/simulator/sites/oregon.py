"""gpu-oregon: plain Kubernetes with four nodes of eight H100; the fourth is cut into MIG slices."""

import random
from dataclasses import replace

from apps.simulator.rhythm import Rhythm
from apps.simulator.sites.blueprint import Plan, card, container, namespaces_of, place, workloads_of
from apps.simulator.world import GIB, Card, Cluster, Container, MigSlice, Node

NVIDIA = "nvcr.io/nvidia"
KUBE = "registry.k8s.io"
VLLM = "docker.io/vllm/vllm-openai:v0.11.0"
OPERATOR = "gpu-operator"
MODELS = {
    "llama-3-3-70b": "meta-llama/Llama-3.3-70B-Instruct",
    "qwen3-32b": "Qwen/Qwen3-32B",
    "mistral-small": "mistralai/Mistral-Small-3.2-24B-Instruct-2506",
    "bge-m3": "BAAI/bge-m3",
}

Devices = tuple[tuple[int, int | None], ...]


def daemon(namespace: str, name: str, image: str, cpu: int, memory: int, label: str = "") -> Plan:
    extra = {"app.kubernetes.io/component": label} if label else {}
    ctr = "nvidia-driver-ctr" if label == "nvidia-driver" else name
    return Plan("DaemonSet", namespace, name, (container(ctr, image, cpu, memory),), labels=extra)


def deploy(namespace: str, name: str, image: str, cpu: int, memory: int, replicas: int = 1) -> Plan:
    return Plan("Deployment", namespace, name, (container(name, image, cpu, memory),), replicas)


def whole(*cards: int) -> Devices:
    return tuple((index, None) for index in cards)


def gpu_container(name: str, image: str, resource: str, amount: int) -> Container:
    share = amount if resource == "nvidia.com/gpu" else 1
    plain = container(name, image, 3000 * share, 24 * 1024 * share // 2, appetite=0.45)
    return replace(plain, limits={resource: str(amount)})


def serving(
    name: str, on: str, held: tuple[Devices, ...], resource: str = "nvidia.com/gpu"
) -> Plan:
    """A vLLM deployment: one pod for each set of devices."""
    one = gpu_container("vllm", VLLM, resource, len(held[0]))
    labels = {"vllm.ai/model": name}
    return Plan("Deployment", "inference", f"vllm-{name}", (one,), len(held), on, labels, held)


PLANS = (
    daemon(
        OPERATOR, "nvidia-driver-daemonset", f"{NVIDIA}/driver:570.195.03", 50, 300, "nvidia-driver"
    ),
    daemon(
        OPERATOR, "nvidia-device-plugin-daemonset", f"{NVIDIA}/k8s-device-plugin:v0.17.4", 20, 64
    ),
    daemon(OPERATOR, "nvidia-dcgm-exporter", f"{NVIDIA}/k8s/dcgm-exporter:4.4.1-4.5.2", 100, 512),
    daemon(OPERATOR, "gpu-feature-discovery", f"{NVIDIA}/k8s-device-plugin:v0.17.4", 10, 64),
    deploy(OPERATOR, "gpu-operator", f"{NVIDIA}/gpu-operator:v25.3.4", 200, 256),
    Plan(
        "DaemonSet",
        OPERATOR,
        "nvidia-mig-manager",
        (
            container(
                "nvidia-mig-manager", f"{NVIDIA}/cloud-native/k8s-mig-manager:v0.12.3", 20, 64
            ),
        ),
        on="mig",
    ),
    daemon("kube-system", "kube-proxy", f"{KUBE}/kube-proxy:v1.34.2", 20, 64),
    daemon("kube-system", "cilium", "quay.io/cilium/cilium:v1.18.3", 200, 512),
    deploy("kube-system", "coredns", f"{KUBE}/coredns/coredns:v1.12.1", 100, 70, 2),
    deploy(
        "kube-system", "metrics-server", f"{KUBE}/metrics-server/metrics-server:v0.8.0", 100, 200
    ),
    daemon(
        "monitoring", "prometheus-node-exporter", "quay.io/prometheus/node-exporter:v1.9.1", 20, 50
    ),
    deploy(
        "monitoring",
        "kube-state-metrics",
        f"{KUBE}/kube-state-metrics/kube-state-metrics:v2.17.0",
        20,
        96,
    ),
    Plan(
        "StatefulSet",
        "monitoring",
        "prometheus-kube-prometheus-stack",
        (container("prometheus", "quay.io/prometheus/prometheus:v3.7.3", 500, 4096),),
    ),
    serving("llama-3-3-70b", "gpu-worker-01", (whole(0, 1, 2, 3), whole(4, 5, 6, 7))),
    Plan(
        "Job",
        "research",
        "finetune-nemotron",
        (gpu_container("trainer", f"{NVIDIA}/nemo:25.09", "nvidia.com/gpu", 8),),
        on="gpu-worker-02",
        devices=(whole(0, 1, 2, 3, 4, 5, 6, 7),),
    ),
    serving("qwen3-32b", "gpu-worker-03", (whole(0, 1), whole(2, 3))),
    serving("mistral-small", "gpu-worker-03", (whole(4), whole(5))),
    serving(
        "bge-m3",
        "gpu-worker-04",
        (((0, 7),), ((0, 8),), ((0, 9),), ((1, 7),)),
        "nvidia.com/mig-1g.10gb",
    ),
    Plan(
        "StatefulSet",
        "research",
        "notebook",
        (
            gpu_container(
                "jupyter", "quay.io/jupyter/pytorch-notebook:cuda12", "nvidia.com/mig-3g.40gb", 1
            ),
        ),
        2,
        "gpu-worker-04",
        devices=(((4, 1),), ((5, 1),)),
    ),
)


def slices_of(index: int) -> tuple[MigSlice, ...]:
    """The MIG layout of the fourth node: four cards in sevenths, two in halves, two whole."""
    if index < 4:
        return tuple(MigSlice(7 + number, "1g.10gb", 9_984) for number in range(7))
    if index < 6:
        return tuple(MigSlice(1 + number, "3g.40gb", 40_320) for number in range(2))
    return ()


def cards_of(seed: str, name: str, *, mig: bool) -> tuple[Card, ...]:
    chance = random.Random(f"{seed}/{name}/cards")
    return tuple(card(chance, index, slices_of(index) if mig else ()) for index in range(8))


def node(seed: str, epoch: float, number: int) -> Node:
    name = f"gpu-worker-{number:02d}"
    mig = number == 4
    return Node(
        name=name,
        ip=f"10.40.1.{10 + number}",
        roles=("worker", "mig") if mig else ("worker",),
        cpus=32,
        memory_bytes=1024 * GIB,
        disk_bytes=3_840 * GIB,
        booted=epoch + 5_400 * number,
        cards=cards_of(seed, name, mig=mig),
        labels={
            "node.kubernetes.io/instance-type": "bm.gpu.h100.8",
            "nvidia.com/gpu.present": "true",
            "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
            "nvidia.com/gpu.count": "8",
            "nvidia.com/gpu.memory": "81559",
            "nvidia.com/gpu.family": "hopper",
            "nvidia.com/cuda.driver-version.full": "570.195.03",
            "nvidia.com/mig.capable": "true",
            "nvidia.com/mig.strategy": "mixed" if mig else "single",
            "nvidia.com/mig.config": "custom-sevenths" if mig else "all-disabled",
            "nvidia.com/mig.config.state": "success",
        },
    )


def build(seed: str, epoch: float) -> Cluster:
    nodes = tuple(node(seed, epoch, number) for number in range(1, 5))
    return Cluster(
        name="gpu-oregon",
        display_name="Oregon GPU",
        cluster_type="SPOKE",
        platform="KUBERNETES",
        region="us-west-2",
        environment="PRODUCTION",
        labels={"site": "oregon", "team": "ml", "accelerator": "h100"},
        version="v1.34.2",
        platform_version="v1.34.2",
        domain="oregon.example.net",
        epoch=epoch,
        rhythm=Rhythm(f"{seed}/gpu-oregon", utc_offset_hours=-8),
        nodes=nodes,
        namespaces=namespaces_of(PLANS),
        workloads=workloads_of(PLANS, nodes, epoch),
        pods=place(PLANS, nodes, f"{seed}/gpu-oregon", epoch),
    )
