"""Which clusters are in the figures, which are not, and why: nobody is left out unsaid."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models.fields.json import KeyTransform

from apps.clusters.models import Cluster
from apps.clusters.models.cluster import GPU_COUNT
from apps.observability.models import GpuFeed
from apps.observability.models.gpu import GpuSource
from apps.observability.queries.gpus import adding_up, missing
from apps.observability.queries.gpus.adding_up import Figures, Nodes, Slices, Totals
from apps.observability.queries.gpus.missing import Metric, Told
from apps.observability.queries.gpus.sight import Sight

READ, STALE, SILENT, UNKNOWN = "READ", "STALE", "SILENT", "UNKNOWN"
WITHOUT_GPUS = "WITHOUT_GPUS"
NOT_READ_ANY_MORE = "Its GPUs are not read any more; the figures are those of then."
NOBODY_TELLS = (
    "Kubernetes has GPUs here, and neither the DCGM exporter's series in Prometheus nor nvidia-smi "
    "in the driver's pods told of them yet."
)
NOT_KNOWN = "Whether this cluster has GPUs is not known: it was not discovered yet."


@dataclass(frozen=True, slots=True)
class Covered:
    """One cluster. `in_kubernetes` is how many cards Kubernetes counts there."""

    cluster_id: UUID
    name: str
    coverage: str
    nodes: Nodes | None
    problem: str
    in_kubernetes: int | None
    missing_metrics: Sequence[Metric] = ()


def clusters(
    seen: Sight, totals: Totals, sliced: Iterable[Slices], nodes: dict[UUID, Nodes]
) -> list[Covered]:
    """Return all clusters by name."""
    known = _known(seen)
    problems = dict(GpuFeed.objects.filter(pk__in=seen.clusters).values_list("pk", "problem"))
    metrics = _missing(seen, totals, sliced, nodes)
    found = []
    for pk, cluster in seen.clusters.items():
        has_gpus, count = known.get(pk, (None, None))
        coverage = _coverage(nodes.get(pk), has_gpus)
        found.append(
            Covered(
                pk,
                cluster.name,
                coverage,
                nodes.get(pk),
                problems.get(pk) or _WORDS[coverage],
                count,
                metrics.get(pk, ()),
            )
        )
    return found


_WORDS = {
    READ: "",
    STALE: NOT_READ_ANY_MORE,
    SILENT: NOBODY_TELLS,
    UNKNOWN: NOT_KNOWN,
    WITHOUT_GPUS: "",
}


def _coverage(nodes: Nodes | None, has_gpus: bool | None) -> str:
    if nodes is not None:
        return STALE if nodes.stale == nodes.nodes else READ
    return {True: SILENT, False: WITHOUT_GPUS, None: UNKNOWN}[has_gpus]


def _known(seen: Sight) -> dict[UUID, tuple[bool | None, int | None]]:
    """Return what discovery found: whether there are GPUs, and how many."""
    rows = (
        Cluster.objects.filter(pk__in=seen.clusters)
        .annotate(has_gpus=KeyTransform("has_gpu_nodes", "capabilities"), gpus=GPU_COUNT)
        .values_list("pk", "has_gpus", "gpus")
    )
    return {pk: (has_gpus, gpus) for pk, has_gpus, gpus in rows}


def _missing(
    seen: Sight, totals: Totals, sliced: Iterable[Slices], nodes: dict[UUID, Nodes]
) -> dict[UUID, list[Metric]]:
    by_dcgm = [pk for pk, one in nodes.items() if one.source == GpuSource.DCGM]
    facts = adding_up.facts(seen, by_dcgm)
    slices: dict[UUID, tuple[int, int]] = {}
    for one in sliced:
        count, measured = slices.get(one.cluster_id, (0, 0))
        slices[one.cluster_id] = (count + one.slices, measured + one.measured)
    return {
        pk: missing.missing(
            _told(totals.by_cluster.get(pk, Figures()), slices.get(pk, (0, 0)), facts[pk])
        )
        for pk in by_dcgm
        if pk in facts
    }


def _told(of: Figures, slices: tuple[int, int], facts: tuple[bool, bool]) -> Told:
    return Told(
        of.gpus - of.stale,
        of.telling_memory,
        of.telling_temperature,
        of.power_measured,
        of.whole,
        of.telling_use,
        *slices,
        *facts,
    )
