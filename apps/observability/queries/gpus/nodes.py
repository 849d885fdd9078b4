"""Nodes with GPUs and their cards, as they were read last: pages of them, and one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import OrderBy

from apps.accounts.models import User
from apps.observability.errors import NO_GPU_NODES, NoGpuNodes
from apps.observability.gpus import shown, stored
from apps.observability.gpus.unseen import judge
from apps.observability.gpus.xids import Severity
from apps.observability.models import GpuCard, GpuNode
from apps.observability.models.gpu import is_stale
from apps.observability.queries.gpus import claims, sight, unseen
from apps.observability.queries.gpus.sight import Label, Sight

_THERE = Q(cards__gone_at=None, cards__missing_since=None)
ORDERINGS: Mapping[str, Any] = {
    "cluster": F("cluster__name"),
    "node_name": F("node_name"),
    "source": F("source"),
    "last_updated": F("last_updated"),
    "gpus": Count("cards", filter=_THERE),
    "health": unseen.or_worse(Max("cards__severity", filter=_THERE)),
    "allocated": Sum("cards__allocated", filter=_THERE),
    "busy_percent": Avg("cards__busy_percent", filter=_THERE),
    "memory_used_mb": Sum("cards__memory_used_mb", filter=_THERE),
    "power_draw_watts": Sum("cards__power_draw_watts", filter=_THERE),
    "temperature_celsius": Max("cards__temperature_celsius", filter=_THERE),
}
BY_PLACE = ("cluster", "node_name")
# Of a card's row what is shown: reading the rest takes as long again.
_SHOWN = (
    *("node_id", "missing_since", "busy_percent", "allocated", "shared"),
    *("severity", "findings", "facts", "parts"),
    *stored.FIGURES,
    *stored.FACTS,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for; what is empty or None does not matter. A node is found by any card of
    its that is of such a model, health and profile at once; by health alone also by cards of which
    nothing else is known.
    """

    cluster_ids: tuple[UUID, ...] = ()
    labels: tuple[Label, ...] = ()
    node_names: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    healths: tuple[str, ...] = ()
    mig_profiles: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    stale: bool | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of known length, as a paginator takes it, of which a page alone is read."""

    sight: Sight
    nodes: QuerySet[GpuNode]
    ordering: Sequence[str]
    now: datetime

    def count(self) -> int:
        return self.nodes.count()

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        by = {
            f"by_{name}": ORDERINGS[name]
            for name in (one.removeprefix("-") for one in self.ordering)
        }
        ordered = self.nodes.alias(**by).order_by(*map(_column, self.ordering), "pk")
        keys = list(ordered.values_list("pk", flat=True)[part])
        rows = {node.pk: node for node in GpuNode.objects.with_times().filter(pk__in=keys)}
        cards = _cards_of(keys)
        return [
            describe(rows[key], cards.get(key, ()), self.sight, self.now)
            for key in keys
            if key in rows
        ]


def find(user: User, wish: Wish, ordering: Sequence[str], now: datetime) -> Listed:
    """Find nodes that `user` may see, by columns of ORDERINGS, -column for descending."""
    seen = sight.of(user, wish.cluster_ids, wish.labels)
    return Listed(seen, _narrowed(seen, wish, now), ordering or BY_PLACE, now)


def find_one(user: User, cluster_id: UUID, node_name: str, now: datetime) -> dict[str, Any]:
    """Find a node, with who holds its cards; refuse what nobody sees, or nobody read."""
    seen, node = the_node(user, cluster_id, node_name)
    rows = list(GpuCard.objects.present().filter(node=node).order_by("index", "key"))
    missing = [
        {"uuid": one.uuid or None, "index": one.index, "name": one.name or None, "since": since}
        for one in rows
        if (since := one.missing_since) is not None
    ]
    return describe(node, rows, seen, now) | {
        "attached": node.attached,
        "lost": node.lost,
        "missing": missing,
        "claims": claims.of_node(node, seen, now),
    }


def the_node(user: User, cluster_id: UUID, node_name: str) -> tuple[Sight, GpuNode]:
    seen = sight.of(user, (cluster_id,))
    # PostgreSQL takes NUL in no text, so that there is no node of such a name.
    name = "" if "\x00" in node_name else node_name
    node = seen.nodes().with_times().filter(node_name=name).first()
    if node is None:
        raise NoGpuNodes(NO_GPU_NODES)
    return seen, node


def describe(node: GpuNode, cards: Sequence[GpuCard], seen: Sight, now: datetime) -> dict[str, Any]:
    """Return what `contract_gpus.GpuNodeView` says, as plain values: of hundreds of cards no models
    are built. Given are all cards that are not gone; those that are missing are not shown.
    """
    held_to = seen.held_to.get(node.cluster_id)
    return {
        "cluster_id": node.cluster_id,
        "cluster_name": seen.name_of(node.cluster_id),
        "node_name": node.node_name,
        "gpus": [_card(one, node, held_to) for one in cards if one.missing_since is None],
        "source": node.source,
        "last_updated": node.last_updated,
        "stale": is_stale(node.last_updated, node.interval, now),
        "errors": node.errors,
        "findings": [
            shown.finding(one) for one in judge(node.lost, (card.bus_id for card in cards))
        ],
    }


def _card(row: GpuCard, node: GpuNode, held_to: frozenset[str] | None) -> dict[str, Any]:
    return shown.card(stored.narrowed(stored.gpu(row), held_to)) | {
        "driver_version": node.driver_version or None,
        "cuda_version": node.cuda_version or None,
        "busy_percent": row.busy_percent,
        "allocated": row.allocated,
        "shared": row.shared,
        "health": Severity(row.severity).name,
        "findings": row.findings,
    }


def _cards_of(nodes: Sequence[int]) -> dict[int, list[GpuCard]]:
    found: dict[int, list[GpuCard]] = {}
    present = GpuCard.objects.present().filter(node__in=nodes)
    for card in present.only(*_SHOWN).order_by("index", "key"):
        found.setdefault(card.node_id, []).append(card)
    return found


def _narrowed(seen: Sight, wish: Wish, now: datetime) -> QuerySet[GpuNode]:
    nodes = seen.nodes().with_times()
    if wish.node_names:
        nodes = nodes.filter(node_name__in=wish.node_names)
    if wish.sources:
        nodes = nodes.filter(source__in=wish.sources)
    if wish.stale is not None:
        fresh = nodes.filter(sight.is_fresh(now)).values("pk")
        nodes = nodes.exclude(pk__in=fresh) if wish.stale else nodes.filter(pk__in=fresh)
    of_cards = _of_cards(wish)
    if of_cards:
        found = Q(_with_card(*of_cards))
        if _takes_unseen(wish):
            found |= unseen.HAS_SOME
        nodes = nodes.filter(found)
    for text in wish.search:
        card = Q(name__icontains=text) | Q(uuid__icontains=text)
        named = Q(node_name__icontains=text) | Q(cluster__name__icontains=text)
        nodes = nodes.filter(named | Q(_with_card(card)))
    return nodes


def _of_cards(wish: Wish) -> list[Q]:
    found = []
    if wish.models:
        found.append(Q(name__in=wish.models))
    if wish.healths:
        found.append(Q(severity__in=[Severity[name].value for name in wish.healths]))
    if wish.mig_profiles:
        sliced = Q(pk__in=[])
        for profile in wish.mig_profiles:
            sliced |= Q(parts__mig_instances__contains=[{"profile": profile}])
        found.append(Q(mig_enabled=True) & sliced)
    return found


def _takes_unseen(wish: Wish) -> bool:
    """Of a card that never showed itself neither model nor profile is known."""
    return Severity.CRITICAL.name in wish.healths and not (wish.models or wish.mig_profiles)


def _with_card(*conditions: Q) -> Exists:
    here = GpuCard.objects.present().filter(node=OuterRef("pk"), missing_since=None)
    return Exists(here.filter(*conditions))


def _column(name: str) -> OrderBy:
    descending = name.startswith("-")
    column = F(f"by_{name.removeprefix('-')}")
    return OrderBy(column, descending=descending, nulls_last=True)
