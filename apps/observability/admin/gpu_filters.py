"""Filters of the lists of GPUs."""

from collections.abc import Iterable
from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.admin.gpu_words import WORDS
from apps.observability.gpus.use import IDLE_PERCENT
from apps.observability.gpus.xids import Severity
from apps.observability.models import GpuCard, GpuClaim, GpuFeed
from apps.observability.queries.gpus import sight

MOST_CLUSTERS = 50
NOT_IN_LISTS = ("facts", "parts", "findings", "told", "facts_digest", "figures_digest")
Rows = QuerySet[Any, Any]


class OneOf(admin.SimpleListFilter):
    """A choice of conditions; without a choice the first applies where that `narrows`."""

    # By value: the word for it, and what it means.
    choose_from: ClassVar[dict[str, tuple[str, Q]]] = {}
    narrows = False

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        chosen = [(value, word) for value, (word, _) in self.choose_from.items()]
        return [*chosen[1:], ("all", "All")] if self.narrows else chosen

    def choices(self, changelist: Any) -> Any:
        every, *others = super().choices(changelist)
        if self.narrows:
            every["display"] = next(iter(self.choose_from.values()))[0]
        return [every, *others]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value() or (next(iter(self.choose_from)) if self.narrows else "all")
        return queryset if value == "all" else queryset.filter(self.condition(value))

    def condition(self, value: str) -> Q:
        if value not in self.choose_from:
            raise IncorrectLookupParameters
        return self.choose_from[value][1]


class OfCluster(admin.SimpleListFilter):
    """The first clusters with GPUs; any other is found by the search."""

    title = "cluster"
    parameter_name = "cluster"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        visible = Cluster.objects.visible_to(cast(User, request.user))
        chosen = request.GET.get(self.parameter_name)
        fed = visible.filter(pk__in=GpuFeed.objects.exclude(source="").values("pk"))
        found = list(fed.order_by("name").values_list("pk", "name")[:MOST_CLUSTERS])
        if chosen and chosen not in {str(pk) for pk, _ in found}:
            found += visible.filter(pk=_id(chosen)).values_list("pk", "name")
        return [(str(pk), name) for pk, name in found]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value()
        return queryset.filter(cluster_id=_id(value)) if value else queryset


class HealthFilter(OneOf):
    """Of cards; of a node the worst of its cards counts."""

    title = "health"
    parameter_name = "health"
    choose_from: ClassVar = {
        level.name.lower(): (WORDS[level].capitalize(), Q(severity=level))
        for level in sorted(Severity, reverse=True)
    }


class WorstFilter(HealthFilter):
    choose_from: ClassVar = {
        level.name.lower(): (WORDS[level].capitalize(), Q(worst=level))
        for level in sorted(Severity, reverse=True)
    }


class PresenceFilter(OneOf):
    title = "presence"
    parameter_name = "presence"
    narrows = True
    choose_from: ClassVar = {
        "known": ("Not gone", Q(gone_at=None)),
        "missing": ("Missing", Q(gone_at=None, missing_since__isnull=False)),
        "gone": ("Gone", Q(gone_at__isnull=False)),
    }


class UseFilter(OneOf):
    title = "use"
    parameter_name = "use"
    choose_from: ClassVar = {
        "free": ("Free", Q(allocated=0)),
        "idle": ("Given, and idle", Q(allocated__gt=0, busy_percent__lt=IDLE_PERCENT)),
        "shared": ("Shared", Q(shared=True)),
        "slices": ("In slices", Q(mig_enabled=True)),
    }


class HoldFilter(OneOf):
    title = "hold"
    parameter_name = "hold"
    narrows = True
    choose_from: ClassVar = {
        "open": ("Held now", Q(until=None)),
        "idle": ("Held, and idle", Q(until=None, idle_since__isnull=False)),
        "memory": (
            "Idle, and keeps memory",
            Q(until=None, idle_since__isnull=False, holds_memory=True),
        ),
        "ended": ("Ended", Q(until__isnull=False)),
    }


class AgeFilter(OneOf):
    """By whether it is read; the rows have `last_updated` and `interval`."""

    title = "reading"
    parameter_name = "reading"
    choose_from: ClassVar = {"fresh": ("Fresh", Q()), "stale": ("Stale", Q())}

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        fresh = sight.is_fresh(timezone.now())
        match self.value():
            case None:
                return queryset
            case "fresh":
                return queryset.filter(fresh)
            case "stale":
                # One that was never read is not fresh either.
                return queryset.exclude(pk__in=queryset.filter(fresh).values("pk"))
        raise IncorrectLookupParameters


class FeedFilter(OneOf):
    title = "problem"
    parameter_name = "problem"
    choose_from: ClassVar = {
        "some": ("With a problem", ~Q(problem="")),
        "none": ("Without", Q(problem="")),
    }


def without_json(cards: QuerySet[GpuCard]) -> QuerySet[GpuCard]:
    """Leave out what lists do not show, which lies outside the rows."""
    return cards.defer(*NOT_IN_LISTS)


def with_cards(claims: QuerySet[GpuClaim]) -> QuerySet[GpuClaim]:
    placed = claims.select_related("card")
    return placed.defer(*(f"card__{name}" for name in NOT_IN_LISTS))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise IncorrectLookupParameters from None
