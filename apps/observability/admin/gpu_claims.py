"""Who was given GPUs, in the admin, to look at only: what is held for nothing comes first."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.observability.admin import gpu_words, tables
from apps.observability.admin.gpu_filters import HoldFilter, OfCluster, with_cards
from apps.observability.admin.looking import OnlyLooking
from apps.observability.models import GpuClaim


@admin.register(GpuClaim)
class GpuClaimAdmin(OnlyLooking[GpuClaim]):
    list_display = ("held_by", "owner", "idle", "what", "of", "on", "held")
    list_filter = (HoldFilter, OfCluster)
    search_fields = ("namespace", "pod", "owner", "node__node_name", "cluster__name")
    search_help_text = "By namespace, pod, owner, node or cluster."
    sortable_by = ()
    fieldsets = (
        (None, {"fields": ("namespace", "pod", "container", "owner")}),
        ("What it holds", {"fields": ("what", "of", "on", "share", "holders")}),
        ("What it makes of it", {"fields": ("idle", "keeps", "first_held", "last_held")}),
    )
    readonly_fields = ("what", "of", "on", "share", "idle", "keeps", "first_held", "last_held")

    def named(self, row: GpuClaim) -> str:
        return f"{row.namespace}/{row.pod}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[GpuClaim]:
        seen = GpuClaim.objects.visible_to(cast(User, request.user))
        return with_cards(seen).select_related("node", "cluster")

    def get_ordering(self, request: HttpRequest) -> Any:
        if request.GET.get(HoldFilter.parameter_name) in {"ended", "all"}:
            # There may be millions of those, and an order for this alone.
            return ("-pk",)
        return (F("idle_since").asc(nulls_last=True), "pk")

    @admin.display(description="pod")
    def held_by(self, claim: GpuClaim) -> str:
        return f"{claim.namespace}/{claim.pod}"

    @admin.display(description="idle (UTC)")
    def idle(self, claim: GpuClaim) -> SafeString | str:
        return gpu_words.idleness(claim)

    @admin.display(description="card")
    def what(self, claim: GpuClaim) -> SafeString:
        return tables.link(claim.card, gpu_words.place(claim.card, claim.unit, claim.profile))

    @admin.display(description="share of a card")
    def share(self, claim: GpuClaim) -> str:
        turns = f", in turns with {claim.holders - 1} more" if claim.holders > 1 else ""
        return f"{claim.weight:.0%}{turns}"

    @admin.display(description="node")
    def of(self, claim: GpuClaim) -> SafeString:
        return tables.link(claim.node, claim.node.node_name)

    @admin.display(description="cluster")
    def on(self, claim: GpuClaim) -> SafeString:
        return tables.link(claim.cluster, claim.cluster.name)

    @admin.display(description="held (UTC)")
    def held(self, claim: GpuClaim) -> str:
        begun = tables.brief(claim.since)
        return f"{begun} to {tables.brief(claim.until)}" if claim.until else f"since {begun}"

    @admin.display(description="memory while idle")
    def keeps(self, claim: GpuClaim) -> str:
        return {None: "not known", True: "kept", False: "given back"}[claim.holds_memory]

    @admin.display(description="since")
    def first_held(self, claim: GpuClaim) -> str:
        return tables.moment(claim.since)

    @admin.display(description="until")
    def last_held(self, claim: GpuClaim) -> str:
        return tables.moment(claim.until, "it is held now")
