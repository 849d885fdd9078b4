"""When GPUs came, went and moved, in the admin, to look at only."""

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.observability.admin import gpu_words, tables
from apps.observability.admin.gpu_filters import OfCluster
from apps.observability.admin.looking import OnlyLooking
from apps.observability.models import GpuChange


@admin.register(GpuChange)
class GpuChangeAdmin(OnlyLooking[GpuChange]):
    list_display = ("when", "what", "card", "node_name", "on", "from_and_to")
    list_filter = ("kind", OfCluster)
    search_fields = ("uuid", "name", "node_name", "cluster__name")
    search_help_text = "By the card's UUID or model, node or cluster."
    # As they were noted: there is an index for that.
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("at", "what", "card", "node_name", "on", "from_and_to")
    readonly_fields = ("what", "card", "on", "from_and_to")

    def named(self, row: GpuChange) -> str:
        return f"{row.get_kind_display()}: {row.name or row.node_name}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[GpuChange]:
        seen = GpuChange.objects.visible_to(cast(User, request.user))
        return seen.select_related("cluster")

    @admin.display(description="when (UTC)")
    def when(self, change: GpuChange) -> str:
        return tables.brief(change.at)

    @admin.display(description="what")
    def what(self, change: GpuChange) -> SafeString:
        return gpu_words.kind(change)

    @admin.display(description="card")
    def card(self, change: GpuChange) -> SafeString | str:
        """Lead to all cards of this UUID: after a move there are two rows of it."""
        if not change.uuid:
            return tables.NOTHING
        page = reverse("admin:observability_gpucard_changelist")
        asked = urlencode({"uuid": change.uuid, "presence": "all"})
        return format_html('<a href="{}?{}">{} {}</a>', page, asked, change.name, change.uuid)

    @admin.display(description="cluster")
    def on(self, change: GpuChange) -> SafeString:
        return tables.link(change.cluster, change.cluster.name)

    @admin.display(description="from and to")
    def from_and_to(self, change: GpuChange) -> str:
        return gpu_words.what(change) or tables.NOTHING
