"""What every object carries: names, ids, ages, and the versions that grow with time."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.simulator.faults import Incidents
from apps.simulator.world import Cluster

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """A cluster as it is at one instant: what the shapes are made from."""

    cluster: Cluster
    incidents: Incidents
    now: float

    @property
    def version(self) -> int:
        return version_at(self.cluster, self.now)


def version_at(cluster: Cluster, t: float) -> int:
    """The resourceVersion at `t`: something in a living cluster changes several times a second."""
    return 1_000_000 + int((t - cluster.epoch) * 7)


def time_of(cluster: Cluster, version: int) -> float:
    return cluster.epoch + (version - 1_000_000) / 7


def stamp(t: float) -> str:
    return datetime.fromtimestamp(int(t), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def metadata(
    moment: Moment,
    name: str,
    *,
    namespace: str | None = None,
    created: float | None = None,
    changed: float | None = None,
    labels: Mapping[str, str] | None = None,
) -> Json:
    cluster = moment.cluster
    born = cluster.epoch if created is None else created
    key = f"{cluster.name}/{namespace}/{name}/{int(born)}"
    found: Json = {
        "name": name,
        "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, key)),
        "resourceVersion": str(version_at(cluster, born if changed is None else changed)),
        "creationTimestamp": stamp(born),
    }
    if namespace is not None:
        found["namespace"] = namespace
    if labels:
        found["labels"] = dict(labels)
    return found
