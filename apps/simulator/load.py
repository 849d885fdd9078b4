"""How busy things are: one place, so that all exporters tell the same story of the same thing."""

from apps.simulator.rhythm import Wave
from apps.simulator.world import Card, Cluster, Container, Node, Pod

IDLE_WATTS = 72.0
BUSY_WATTS = 610.0
# Of each cluster one: by their names, as they stand in its script.
FAILING = ("checkout", "vllm-mistral-small", "du-oam")
# Between two starts of a container that crashes.
CRASH_SECONDS = 30.0
FILLING = ("orders-db", "notebook", "du-l2")


def silent_node(cluster: Cluster) -> Node:
    """The node that `node-notready` takes away."""
    return cluster.nodes[-1]


def failing_pod(cluster: Cluster) -> Pod:
    """The pod that `crash-loop` strikes."""
    return next(pod for pod in cluster.pods if pod.labels["app"] in FAILING)


def filling_pod(cluster: Cluster) -> Pod:
    """The pod whose volume `disk-filling` fills."""
    return next(pod for pod in cluster.pods if pod.labels["app"] in FILLING)


def of_container(cluster: Cluster, pod: Pod, container: Container) -> Wave:
    """Cores that a container uses."""
    mean = container.cpu_millis / 1000 * container.appetite
    return cluster.rhythm.wave(f"cpu/{pod.namespace}/{pod.name}/{container.name}", mean)


def of_node(cluster: Cluster, node: Node) -> Wave:
    """Share of a node's processors that is busy: the mean of its pods', and the system's own."""
    asked = sum(
        container.cpu_millis / 1000 * container.appetite
        for pod in cluster.pods_on(node)
        for container in pod.containers
    )
    return cluster.rhythm.wave(f"busy/{node.name}", min(0.55, 0.04 + asked / node.cpus))


def holder(cluster: Cluster, node: Node, card: Card, instance: int | None = None) -> Pod | None:
    """The pod that holds a card, or a GPU instance of it."""
    wanted = (card.index, instance)
    return next((pod for pod in cluster.pods_on(node) if wanted in pod.devices), None)


def of_card(cluster: Cluster, node: Node, card: Card, instance: int | None = None) -> Wave:
    """Share of time that a card, or one of its instances, computes."""
    key = f"gpu/{node.name}/{card.index}/{instance}"
    pod = holder(cluster, node, card, instance)
    if pod is None:
        return Wave(0.0)
    if pod.owner_kind == "Job":
        return cluster.rhythm.wave(key, 0.9, daily=0.0, jitter=0.05)
    if pod.namespace == "research":
        return cluster.rhythm.wave(key, 0.12, daily=0.6, jitter=0.2)
    return cluster.rhythm.wave(key, 0.56, daily=0.35, jitter=0.14)


def of_whole_card(cluster: Cluster, node: Node, card: Card) -> Wave:
    """Load of a card whether or not it is sliced; each slice counts by its share of the memory."""
    if not card.slices:
        return of_card(cluster, node, card)
    total = Wave(0.0)
    for part in card.slices:
        share = of_card(cluster, node, card, part.instance) * (part.memory_mib / 81_559)
        total = Wave(total.mean + share.mean, total.ripples + share.ripples)
    return total


def of_power(cluster: Cluster, node: Node, card: Card) -> Wave:
    """Watts that a card draws."""
    return of_whole_card(cluster, node, card) * (BUSY_WATTS - IDLE_WATTS) + IDLE_WATTS
