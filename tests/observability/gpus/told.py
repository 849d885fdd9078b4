"""GPUs as they were told of lately, for tests of what is answered about them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.clusters.models import Cluster
from apps.observability.actions.gpus import storing
from apps.observability.collect.gpu_rounds import NodeRead
from apps.observability.gpus.reading import DCGM, Gpu, NodeReading
from tests.observability.gpus.cards import card, heard, part, reading


def moment(ago: float = 0.0) -> datetime:
    return timezone.now().replace(microsecond=0) - timedelta(seconds=ago)


def store(
    cluster: Cluster,
    nodes: dict[str, list[Gpu] | NodeReading],
    ago: float | datetime = 0.0,
    source: str = DCGM,
    **said: Any,
) -> None:
    """Store one reading of the cluster, as it was made so many seconds ago, or then."""
    at = ago if isinstance(ago, datetime) else moment(ago)
    readings = {
        name: reading(*one, source=source) if isinstance(one, list) else one
        for name, one in nodes.items()
    }
    made = heard(cluster, 0, readings, **said)
    reads = tuple(NodeRead(one.name, one.reading, at) for one in made.nodes)
    storing.store([replace(made, at=at, nodes=reads)])


def sliced(number: int, **said: Any) -> Gpu:
    """A card in two slices, of which one is held."""
    known = {"mig_enabled": True, "utilization_gpu_percent": None, "holders": ()}
    return card(number, **{**known, "mig_instances": (part(1), part(2, holders=())), **said})
