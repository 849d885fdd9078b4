"""Nodes with GPUs in the admin, to look at only: their cards, who holds them, what went wrong."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, IntegerField, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.observability.admin import gpu_words, tables
from apps.observability.admin.gpu_filters import (
    AgeFilter,
    OfCluster,
    WorstFilter,
    with_cards,
    without_json,
)
from apps.observability.admin.looking import OnlyLooking
from apps.observability.models import GpuCard, GpuChange, GpuClaim, GpuNode
from apps.observability.queries.gpus import unseen

MOST_CLAIMS, MOST_CHANGES = 200, 20


class Cards(admin.TabularInline[GpuCard, GpuNode]):
    model = GpuCard
    extra = max_num = 0
    can_delete = False
    ordering = ("index", "key")
    verbose_name_plural = "cards"
    fields = ("which", "health", "use", "memory", "temperature", "power", "given", "presence")
    readonly_fields = fields
    template = "admin/observability/gpunode/cards.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[GpuCard]:
        return without_json(GpuCard.objects.visible_to(cast(User, request.user)).present())

    def has_add_permission(self, request: HttpRequest, obj: GpuNode | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: GpuNode | None = None) -> bool:
        return False

    @admin.display(description="card")
    def which(self, card: GpuCard) -> SafeString:
        return tables.link(card, f"{gpu_words.place(card)}, {card.name or 'of unknown model'}")

    @admin.display(description="health")
    def health(self, card: GpuCard) -> SafeString:
        return gpu_words.health(card.severity)

    @admin.display(description="use")
    def use(self, card: GpuCard) -> str:
        return gpu_words.percent(card.busy_percent)

    @admin.display(description="memory")
    def memory(self, card: GpuCard) -> str:
        return gpu_words.memory(card.memory_used_mb, card.memory_total_mb)

    @admin.display(description="temperature")
    def temperature(self, card: GpuCard) -> str:
        found = card.temperature_celsius
        return tables.NOTHING if found is None else f"{found} °C"

    @admin.display(description="power")
    def power(self, card: GpuCard) -> str:
        return gpu_words.watts(card.power_draw_watts, card.power_limit_watts)

    @admin.display(description="given away")
    def given(self, card: GpuCard) -> SafeString:
        return gpu_words.divided(card)

    @admin.display(description="seen")
    def presence(self, card: GpuCard) -> SafeString | str:
        return gpu_words.presence(card)


@admin.register(GpuNode)
class GpuNodeAdmin(OnlyLooking[GpuNode]):
    change_form_template = "admin/observability/gpunode/change_form.html"
    list_display = ("node_name", "on", "health", "cards", "driver_version", "source", "read", "bad")
    list_filter = (WorstFilter, AgeFilter, "source", OfCluster)
    search_fields = ("node_name", "cluster__name")
    search_help_text = "By the node's name, or its cluster's."
    ordering = ("cluster__name", "node_name")
    fieldsets = (
        (None, {"fields": ("on", "health", "last_read", "source", "in_words")}),
        ("What is there", {"fields": ("driver_version", "cuda_version", "attached", "lost")}),
        (None, {"fields": ("first_seen_at", "changed_at")}),
    )
    readonly_fields = ("on", "health", "last_read", "in_words")
    inlines = (Cards,)

    def named(self, row: GpuNode) -> str:
        return f"{row.node_name} on {row.cluster.name}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[GpuNode]:
        nodes = GpuNode.objects.visible_to(cast(User, request.user)).with_times()
        cards = GpuCard.objects.present().filter(node=OuterRef("pk")).order_by().values("node")
        worst = cards.annotate(one=Max("severity")).values("one")
        return nodes.select_related("cluster").annotate(
            worst=Coalesce(unseen.or_worse(Subquery(worst)), 0),
            count=Coalesce(
                Subquery(cards.annotate(one=Count("pk")).values("one")),
                0,
                output_field=IntegerField(),
            ),
        )

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: GpuNode | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context |= _around(cast(User, request.user), obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="cluster", ordering="cluster__name")
    def on(self, node: GpuNode) -> SafeString:
        return tables.link(node.cluster, node.cluster.name)

    @admin.display(description="health", ordering="worst")
    def health(self, node: Any) -> SafeString:
        return gpu_words.health(node.worst)

    @admin.display(description="cards", ordering="count")
    def cards(self, node: Any) -> str:
        return f"{node.count}, {len(node.lost)} silent" if node.lost else str(node.count)

    @admin.display(description="read (UTC)", ordering="last_updated")
    def read(self, node: GpuNode) -> SafeString:
        return gpu_words.age(node.last_updated, node.interval)

    @admin.display(description="read")
    def last_read(self, node: GpuNode) -> SafeString:
        return gpu_words.age(node.last_updated, node.interval, short=False)

    @admin.display(description="problems")
    def bad(self, node: GpuNode) -> SafeString | str:
        return tables.badge("warn", str(len(node.errors))) if node.errors else tables.NOTHING

    @admin.display(description="what could not be read")
    def in_words(self, node: GpuNode) -> SafeString | str:
        return tables.lines(node.errors)


def _around(user: User, node: GpuNode) -> dict[str, Any]:
    """Return who holds the cards, and what changed, as far as `user` may see it."""
    held = with_cards(GpuClaim.objects.visible_to(user).open().filter(node=node))
    in_order = held.order_by("card__index", "unit", "namespace", "pod")
    known = GpuChange.objects.visible_to(user).filter(cluster_id=node.cluster_id)
    newest = known.filter(node_name=node.node_name).order_by("-at", "-pk")
    return {
        "claims": gpu_words.claims(list(in_order[:MOST_CLAIMS])),
        "changes": gpu_words.changes(list(newest[:MOST_CHANGES])),
    }
