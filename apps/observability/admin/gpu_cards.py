"""GPUs in the admin, to look at only: how each is, who holds it, and what it went through."""

from collections.abc import Collection
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.clusters.admin.access import rights_of
from apps.observability.admin import gpu_words, tables
from apps.observability.admin.gpu_filters import (
    HealthFilter,
    OfCluster,
    PresenceFilter,
    UseFilter,
    with_cards,
    without_json,
)
from apps.observability.admin.looking import OnlyLooking
from apps.observability.gpus import health, stored
from apps.observability.gpus.reading import Gpu, Holder
from apps.observability.gpus.xids import Severity
from apps.observability.models import GpuCard, GpuChange, GpuClaim

MOST_CLAIMS, MOST_CHANGES, MOST_PROCESSES = 50, 20, 100


@admin.register(GpuCard)
class GpuCardAdmin(OnlyLooking[GpuCard]):
    change_form_template = "admin/observability/gpucard/change_form.html"
    list_display = ("which", "health", "use", "memory", "given", "of", "on", "presence")
    list_filter = (HealthFilter, UseFilter, PresenceFilter, "name", OfCluster)
    search_fields = ("uuid", "name", "bus_id", "node__node_name", "cluster__name")
    search_help_text = "By UUID, model, bus address, node or cluster."
    ordering = ("-severity", "cluster__name", "node__node_name", "index", "key")
    fieldsets = (
        (None, {"fields": ("of", "on", "health", "presence", "read", "given")}),
        (
            "Figures",
            {"fields": ("use", "memory", "temperature", "power", "slowed", "errors_corrected")},
        ),
        (
            "What it is",
            {"fields": ("name", "uuid", "index", "bus_id", "driver", "could_not_be_read")},
        ),
        (None, {"fields": ("first_seen_at", "changed_at")}),
    )
    readonly_fields = (
        *("of", "on", "health", "presence", "read", "given", "use", "memory", "temperature"),
        *("power", "slowed", "errors_corrected", "driver", "could_not_be_read"),
    )

    def named(self, row: GpuCard) -> str:
        return f"{gpu_words.place(row)} of {row.node.node_name}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[GpuCard]:
        cards = GpuCard.objects.visible_to(cast(User, request.user))
        placed = cards.select_related("node", "cluster").annotate(**gpu_words.TIMES)
        return without_json(placed)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: GpuCard | None = None,
    ) -> HttpResponse:
        if obj is not None:
            obj.refresh_from_db(fields=["facts", "parts", "findings"])
            held_to = rights_of(request).namespaces_on(obj.cluster)
            context |= _around(cast(User, request.user), obj, held_to)
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="card", ordering="index")
    def which(self, card: GpuCard) -> str:
        return f"{gpu_words.place(card)}, {card.name or 'of unknown model'}"

    @admin.display(description="node", ordering="node__node_name")
    def of(self, card: GpuCard) -> SafeString:
        return tables.link(card.node, card.node.node_name)

    @admin.display(description="cluster", ordering="cluster__name")
    def on(self, card: GpuCard) -> SafeString:
        return tables.link(card.cluster, card.cluster.name)

    @admin.display(description="health", ordering="severity")
    def health(self, card: GpuCard) -> SafeString:
        return gpu_words.health(card.severity)

    @admin.display(description="seen", ordering="missing_since")
    def presence(self, card: GpuCard) -> SafeString | str:
        return gpu_words.presence(card)

    @admin.display(description="read")
    def read(self, card: Any) -> SafeString:
        return gpu_words.age(card.last_updated, card.interval, short=False)

    @admin.display(description="use", ordering="busy_percent")
    def use(self, card: GpuCard) -> str:
        return gpu_words.percent(card.busy_percent)

    @admin.display(description="memory", ordering="memory_used_mb")
    def memory(self, card: GpuCard) -> str:
        return gpu_words.memory(card.memory_used_mb, card.memory_total_mb)

    @admin.display(description="power")
    def power(self, card: GpuCard) -> str:
        return gpu_words.watts(card.power_draw_watts, card.power_limit_watts)

    @admin.display(description="given away", ordering="allocated")
    def given(self, card: GpuCard) -> SafeString:
        return gpu_words.divided(card)

    @admin.display(description="temperature")
    def temperature(self, card: GpuCard) -> str:
        if card.temperature_celsius is None:
            return tables.NOTHING
        left = health.headrooms(stored.gpu(card))[:1]
        nearest = "".join(f", {one.celsius} °C from {one.limit}" for one in left)
        return f"{card.temperature_celsius} °C{nearest}"

    @admin.display(description="what holds its clocks down")
    def slowed(self, card: GpuCard) -> SafeString | str:
        return tables.lines(health.reasons_in_words(stored.gpu(card)))

    @admin.display(description="memory errors")
    def errors_corrected(self, card: GpuCard) -> SafeString | str:
        gpu = stored.gpu(card)
        told = [
            f"{_known(ecc.corrected)} corrected and {_known(ecc.uncorrected)} not corrected {when}"
            for when, ecc in (
                ("since the driver was loaded", gpu.ecc_volatile),
                ("in its life", gpu.ecc_aggregate),
            )
            if (ecc.corrected, ecc.uncorrected) != (None, None)
        ]
        return tables.lines(told)

    @admin.display(description="driver")
    def driver(self, card: GpuCard) -> str:
        return card.node.driver_version or tables.NOTHING

    @admin.display(description="what could not be read")
    def could_not_be_read(self, card: GpuCard) -> SafeString | str:
        return tables.lines(stored.gpu(card).errors)


def _around(user: User, card: GpuCard, held_to: Collection[str] | None) -> dict[str, Any]:
    """Return what is known of a card beside its figures, as far as `user` may see it."""
    gpu = stored.narrowed(stored.gpu(card), held_to)
    held = GpuClaim.objects.visible_to(user).filter(card=card)
    changes = GpuChange.objects.visible_to(user).filter(uuid=card.uuid) if card.uuid else None
    newest = list(changes.order_by("-at", "-pk")[:MOST_CHANGES]) if changes is not None else []
    return {
        "findings": [
            (gpu_words.health(Severity[one["severity"]]), one["words"], one["do"])
            for one in card.findings
        ],
        "slices": _slices(gpu),
        "processes": _processes(gpu),
        "claims": gpu_words.claims(list(with_cards(held).order_by("-pk")[:MOST_CLAIMS])),
        "changes": gpu_words.changes(newest),
    }


def _slices(gpu: Gpu) -> SafeString | str:
    if not gpu.mig_instances:
        return ""
    return tables.rows(
        ("Slice", "Profile", "Use", "Memory", "Held by"),
        (
            (
                f"{_known(one.gpu_instance_id)}/{one.compute_instance_id or 0}",
                one.profile or tables.NOTHING,
                gpu_words.percent(one.utilization_gpu_percent),
                gpu_words.memory(one.memory_used_mb, one.memory_total_mb),
                _pods(one.holders),
            )
            for one in gpu.mig_instances
        ),
    )


def _processes(gpu: Gpu) -> SafeString | str:
    return tables.rows(
        ("PID", "Process", "Memory", "Pod"),
        (
            (
                one.pid,
                one.process_name or tables.NOTHING,
                f"{one.used_memory_mb} MiB" if one.used_memory_mb is not None else tables.NOTHING,
                _pods((one.holder,)) if one.holder else "not known",
            )
            for one in (gpu.processes or ())[:MOST_PROCESSES]
        ),
        "None that you may see." if gpu.processes is not None else "The source tells of none.",
    )


def _pods(holders: Collection[Holder]) -> str:
    return ", ".join(f"{one.namespace}/{one.pod}" for one in holders) or tables.NOTHING


def _known(number: int | None) -> str:
    return "?" if number is None else str(number)
