"""The columns of the cluster list, and what its search box finds."""

from typing import Any

from django.contrib import admin
from django.db.models import Func, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.clusters.admin import expiries
from apps.clusters.admin.filters import CnfFilter, ExpiryFilter, GpuFilter
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import GPU_COUNT, Connectivity


class KnownFirst(Func):
    """A column to sort by: what is unknown is never the first thing to look at."""

    arity = 1
    template = "%(expressions)s"

    def asc(self, **options: Any) -> OrderBy:
        return super().asc(**options | {"nulls_last": True})

    def desc(self, **options: Any) -> OrderBy:
        return super().desc(**options | {"nulls_last": True})


class ClusterColumns(admin.ModelAdmin[Cluster]):
    list_display = (
        "name",
        "state_badge",
        "score",
        "latency",
        "gpus",
        "last_seen",
        "expires",
        "type",
        "environment",
    )
    list_filter = (
        "state",
        ExpiryFilter,
        "connectivity",
        GpuFilter,
        CnfFilter,
        "cluster_type",
        "platform",
        "environment",
        "enabled",
        "region",
    )
    search_fields = ("name", "display_name", "region", "api_server_url")
    search_help_text = "In name, display name, region and address; key=value finds a label."
    list_per_page = 100
    # Counting the unfiltered table on every page costs more than it says.
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Cluster], search_term: str
    ) -> tuple[QuerySet[Cluster], bool]:
        words = search_term.replace("\x00", "").split()
        for word in words:
            key, equals, value = word.partition("=")
            if equals and key:
                queryset = queryset.filter(labels__contains={key: value})
        plain = [word for word in words if not word.partition("=")[1]]
        return super().get_search_results(request, queryset, " ".join(plain))

    @admin.display(description="state", ordering="state")
    def state_badge(self, cluster: Cluster) -> SafeString:
        label = cluster.get_state_display() if cluster.enabled else "Disabled"
        tone = cluster.state.lower() if cluster.enabled else "disabled"
        badge = format_html('<span class="state state-{}">{}</span>', tone, label)
        if cluster.connectivity != Connectivity.INTERMITTENT:
            return badge
        return format_html('{} <span class="badge badge-warn">intermittent</span>', badge)

    @admin.display(description="score", ordering="health_score")
    def score(self, cluster: Cluster) -> int:
        return cluster.health_score

    @admin.display(description="type", ordering="cluster_type")
    def type(self, cluster: Cluster) -> str:
        return cluster.get_cluster_type_display()

    @admin.display(description="latency", ordering=KnownFirst("schedule__latency_ms"))
    def latency(self, cluster: Cluster) -> str:
        found = cluster.schedule.latency_ms
        return "-" if found is None else f"{found} ms"

    @admin.display(description="GPUs", ordering=KnownFirst(GPU_COUNT))
    def gpus(self, cluster: Cluster) -> str:
        count = (cluster.capabilities or {}).get("gpu_count")
        return "unknown" if count is None else str(count)

    @admin.display(description="seen (UTC)", ordering=KnownFirst("schedule__last_seen_at"))
    def last_seen(self, cluster: Cluster) -> str:
        seen = cluster.schedule.last_seen_at
        if seen is None:
            return "never"
        today = seen.date() == timezone.now().date()
        return f"{seen:%H:%M:%S}" if today else f"{seen:%Y-%m-%d %H:%M}"

    @admin.display(description="expires", ordering=KnownFirst(expiries.FIRST_TO_END))
    def expires(self, cluster: Cluster) -> SafeString:
        return expiries.badges(cluster)
