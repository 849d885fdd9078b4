"""What nodes of eight cards say, by either source: the simulator's first H100 node, many times.

Each turn every card is a degree warmer or cooler than in the one before; nothing else changes.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from apps.simulator import nvidia_smi, sites
from apps.simulator.faults import Incidents
from apps.simulator.kube.metadata import Moment
from apps.simulator.kube.pods import pod_object
from apps.simulator.nvidia_smi import Scene, processes
from apps.simulator.targets import targets
from apps.simulator.world import Cluster, Node

SEED, EPOCH = "gpus", 1_790_000_000.0
NOW = EPOCH + 20 * 86_400
TEMPERATURES = (60, 61)
_TEMPERATURE = re.compile(rb"<gpu_temp>\d+ C")


@dataclass(frozen=True, slots=True)
class Told:
    """What one node says, for a turn each; its name and the UUIDs of its cards stand for others."""

    documents: tuple[bytes, ...]
    series: tuple[bytes, ...]
    cgroups: bytes
    pods: tuple[dict[str, Any], ...]
    name: str
    uuids: tuple[str, ...]


@lru_cache(maxsize=1)
def told() -> Told:
    cluster = sites.fleet(SEED, EPOCH)["gpu-oregon"]
    node = cluster.nodes[0]
    moment = Moment(cluster, Incidents(()), NOW)
    document = nvidia_smi.answer(["-q", "-x"], Scene(node, moment))[0].encode()
    files = sorted(processes.files(cluster, node).items())
    return Told(
        tuple(_TEMPERATURE.sub(b"<gpu_temp>%d C" % one, document) for one in TEMPERATURES),
        tuple(_series(cluster, node, one) for one in TEMPERATURES),
        "\n".join(f"==> {path} <==\n{body}" for path, body in files).encode(),
        tuple(pod_object(moment, pod, "10.0.0.1", None) for pod in cluster.pods_on(node)),
        node.name,
        tuple(card.uuid for card in node.cards),
    )


def name(number: int) -> str:
    return f"gpu-worker-{number:04}"


def of_node(text: bytes, number: int) -> bytes:
    """Return the text as the node of this number would say it."""
    text = text.replace(told().name.encode(), name(number).encode())
    for uuid in told().uuids:
        text = text.replace(uuid.encode(), f"GPU-{number:04x}{uuid[8:]}".encode())
    return text


def documents(numbers: Sequence[int], turn: int) -> list[bytes]:
    return [of_node(told().documents[turn], number) for number in numbers]


def answer(numbers: Sequence[int], turn: int) -> bytes:
    """Return what Prometheus answers of these nodes."""
    series = b",".join(of_node(told().series[turn], number) for number in numbers)
    return b'{"status":"success","data":{"resultType":"vector","result":[%b]}}' % series


def _series(cluster: Cluster, node: Node, degrees: int) -> bytes:
    """Return the samples that Prometheus has of a node's exporter, without those we ask not for."""
    from apps.observability.sources import dcgm

    path = f"/nvidia-dcgm-exporter/{node.name}"
    target = next(one for one in targets(cluster, Incidents(())) if one.path == path)
    found = []
    for one in (each for family in target.families() for each in family.series):
        if one.name not in dcgm.ASKED:
            continue
        stored = target.stored(one)
        value = degrees if one.name == "DCGM_FI_DEV_GPU_TEMP" else stored.value
        number = value(NOW) if callable(value) else value
        labels = {"__name__": one.name, **stored.labels}
        found.append({"metric": dict(sorted(labels.items())), "value": [NOW, f"{number:.9g}"]})
    return json.dumps(found, separators=(",", ":")).encode()[1:-1]
