"""The fleet's GPUs in one answer: how many, of what kind, how well, how busy, and who is silent."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.models import User
from apps.observability.contract_gpu_answers import (
    FindingCount,
    GpuClusterFigures,
    GpuCoverage,
    GpuModelFigures,
    GpuProfileFigures,
    GpuSummary,
    HealthCounts,
    MissingMetric,
)
from apps.observability.gpus.xids import Severity
from apps.observability.queries.gpus import adding_up, covering, sight
from apps.observability.queries.gpus.adding_up import Figures, FindingRow, Slices
from apps.observability.queries.gpus.covering import Covered
from apps.observability.queries.gpus.sight import Label


def summarise(
    user: User, cluster_ids: Iterable[UUID], labels: Iterable[Label], now: datetime
) -> GpuSummary:
    """Add up what `user` may see. Nothing of it is of pods: namespaces narrow none of it."""
    seen = sight.of(user, cluster_ids, labels)
    totals = adding_up.figures(seen, now)
    sliced = adding_up.slices(seen, now)
    nodes = adding_up.nodes(seen, now)
    covered = covering.clusters(seen, totals, sliced, nodes)
    unseen = sum(one.lost for one in nodes.values())
    return GpuSummary(
        at=now,
        nodes=sum(one.nodes for one in nodes.values()),
        stale_nodes=sum(one.stale for one in nodes.values()),
        coverage=_coverage(covered),
        findings=_findings(adding_up.findings(seen)),
        by_model=[
            GpuModelFigures(model=name or None, **_describe(figures))
            for name, figures in sorted(
                totals.by_model.items(), key=lambda one: (-one[1].gpus, one[0])
            )
        ],
        by_mig_profile=_profiles(sliced),
        by_cluster=[
            _cluster(one, totals.by_cluster.get(one.cluster_id, Figures()))
            for one in covered
            if one.coverage != covering.WITHOUT_GPUS
        ],
        **_describe(totals.whole, unseen),
    )


def _describe(one: Figures, unseen: int = 0) -> dict[str, Any]:
    """`unseen` are cards that are lost and never told more than their address."""
    return {
        "gpus": one.gpus,
        "stale": one.stale,
        "missing": one.missing,
        "lost": one.lost + unseen,
        "by_health": HealthCounts(
            OK=one.ok, INFO=one.info, WARNING=one.warning, CRITICAL=one.critical + unseen
        ),
        "allocated": round(one.allocated, 3),
        "free": one.free,
        "idle": one.idle,
        "shared": one.shared,
        "in_slices": one.in_slices,
        "busy_percent": _tenth(one.busy_percent),
        "busy_measured": one.busy_measured,
        "memory_used_mb": one.memory_used_mb,
        "memory_total_mb": one.memory_total_mb,
        "power_draw_watts": _tenth(one.power_draw_watts),
        "power_limit_watts": _tenth(one.power_limit_watts),
        "power_measured": one.power_measured,
    }


def _cluster(one: Covered, figures: Figures) -> GpuClusterFigures:
    nodes = one.nodes
    return GpuClusterFigures(
        cluster_id=one.cluster_id,
        cluster_name=one.name,
        coverage=one.coverage,
        source=nodes.source if nodes else None,
        last_updated=nodes.last_updated if nodes else None,
        problem=one.problem,
        missing_metrics=[
            MissingMetric.model_validate(metric, from_attributes=True)
            for metric in one.missing_metrics
        ],
        nodes=nodes.nodes if nodes else 0,
        stale_nodes=nodes.stale if nodes else 0,
        gpus_in_kubernetes=one.in_kubernetes,
        **_describe(figures, nodes.lost if nodes else 0),
    )


def _coverage(covered: Sequence[Covered]) -> GpuCoverage:
    count = Counter(one.coverage for one in covered)
    return GpuCoverage(
        clusters=len(covered),
        read=count[covering.READ],
        stale=count[covering.STALE],
        silent=count[covering.SILENT],
        unknown=count[covering.UNKNOWN],
        without_gpus=count[covering.WITHOUT_GPUS],
    )


def _findings(rows: Iterable[FindingRow]) -> list[FindingCount]:
    worst = sorted(rows, key=lambda one: (-Severity[one.severity], -one.gpus, one.code))
    return [FindingCount(code=one.code, severity=one.severity, gpus=one.gpus) for one in worst]


def _profiles(rows: Iterable[Slices]) -> list[GpuProfileFigures]:
    """Put the clusters' slices together."""
    by_kind: dict[tuple[str, str], list[Slices]] = {}
    for row in rows:
        by_kind.setdefault((row.model, row.profile or ""), []).append(row)
    found = []
    for (model, profile), ones in sorted(by_kind.items()):
        measured = sum(one.measured for one in ones)
        busy = sum(one.busy or 0.0 for one in ones)
        found.append(
            GpuProfileFigures(
                model=model or None,
                profile=profile or None,
                slices=sum(one.slices for one in ones),
                allocated=sum(one.allocated for one in ones),
                idle=sum(one.idle for one in ones),
                shared=sum(one.shared for one in ones),
                busy_percent=round(busy / measured, 1) if measured else None,
                busy_measured=measured,
                memory_used_mb=_sum([one.memory_used_mb for one in ones]),
                memory_total_mb=_sum([one.memory_total_mb for one in ones]),
            )
        )
    return found


def _sum(values: Iterable[int | None]) -> int | None:
    known = [one for one in values if one is not None]
    return sum(known) if known else None


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
