"""Who holds cards and slices now, since when, and since when for nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from apps.observability.gpus import stored
from apps.observability.models import GpuClaim, GpuNode
from apps.observability.models.gpu import is_stale
from apps.observability.queries.gpus import sight
from apps.observability.queries.gpus.sight import Sight

SECONDS_PER_HOUR = 3600.0
MOST_IDLE = 200
# What one of n holders in turns has of a whole card.
_SHARE = F("weight") / F("holders")


@dataclass(frozen=True, slots=True)
class Idle:
    """The holds for nothing with the most hours; `count` and `gpus` are of all of them."""

    shown: list[GpuClaim]
    count: int
    gpus: float


def of_node(node: GpuNode, seen: Sight, now: datetime) -> list[dict[str, Any]]:
    """Return the holds on a node's cards that one may see, by their place."""
    held = _told(_open(seen).filter(node=node))
    in_order = held.order_by("card__index", "unit", "namespace", "pod", "container")
    return [describe(one, seen, now) for one in in_order]


def idle(seen: Sight, namespaces: Iterable[str], owners: Iterable[str], now: datetime) -> Idle:
    held = _open(seen).filter(cluster_id__in=seen.clusters, idle_since__isnull=False)
    if namespaces:
        held = held.filter(namespace__in=namespaces)
    if owners:
        held = held.filter(owner__in=owners)
    # As `describe` counts it.
    until = Case(When(sight.is_fresh(now), then=Value(now)), default=F("last_updated"))
    since = ExpressionWrapper(until - F("idle_since"), output_field=DurationField())
    seconds = Func(Value("epoch"), since, function="date_part", output_field=FloatField())
    in_order = _told(held).order_by((_SHARE * seconds).desc(nulls_last=True), "pk")
    counted = held.aggregate(count=Count("pk"), gpus=Sum(_SHARE))
    return Idle(list(in_order[:MOST_IDLE]), counted["count"], counted["gpus"] or 0.0)


def describe(claim: Any, seen: Sight, now: datetime) -> dict[str, Any]:
    """Return what `contract_gpu_answers.GpuClaimView` says."""
    card = claim.card
    gi, ci = stored.part_of(claim.unit)
    stale = is_stale(claim.last_updated, claim.interval, now)
    return {
        "cluster_id": claim.cluster_id,
        "cluster_name": seen.name_of(claim.cluster_id),
        "node_name": claim.node.node_name,
        "gpu_index": card.index,
        "gpu_uuid": card.uuid or None,
        "gpu_name": card.name or None,
        "gpu_instance_id": gi,
        "compute_instance_id": ci,
        "profile": claim.profile or None,
        "weight": claim.weight,
        "namespace": claim.namespace,
        "pod": claim.pod,
        "container": claim.container,
        "owner": claim.owner,
        "since": claim.since,
        "idle_since": claim.idle_since,
        # What is now on a node that is not read, nobody knows.
        "idle_gpu_hours": idle_gpu_hours(claim, claim.last_updated if stale else now),
        "holds_memory": claim.holds_memory,
        "holders": claim.holders,
        "stale": stale,
    }


def idle_gpu_hours(claim: GpuClaim, until: datetime | None) -> float | None:
    """Return weight x hours from `idle_since` until then / holders; None where it is not idle."""
    if claim.idle_since is None or until is None:
        return None
    seconds = max(0.0, (until - claim.idle_since).total_seconds())
    return claim.weight * seconds / SECONDS_PER_HOUR / max(1, claim.holders)


def _open(seen: Sight) -> QuerySet[GpuClaim]:
    return GpuClaim.objects.visible_to(seen.user).open()


def _told(claims: QuerySet[GpuClaim]) -> QuerySet[Any, Any]:
    """Read with them where they are, and when that was read; none of the cards' JSON."""
    placed = claims.select_related("card", "node").defer(
        "card__facts", "card__parts", "card__findings"
    )
    return placed.annotate(
        last_updated=Coalesce("node__read_at", "node__cluster__gpu_feed__read_at"),
        interval=F("node__cluster__gpu_feed__interval_seconds"),
    )
