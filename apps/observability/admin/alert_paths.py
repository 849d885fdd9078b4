"""In the admin: whether the alerts of each cluster still find their way here."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.admin.looking import OnlyLooking
from apps.observability.admin.tables import NOTHING, badge, brief, link, moment
from apps.observability.models import AlertPath

# In the list; its page has all of it.
LONGEST_PROBLEM = 100


class SilentFilter(admin.SimpleListFilter):
    title = "path"
    parameter_name = "path"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("silent", "Silent"), ("problem", "Cannot be asked"), ("heard", "Heard of")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AlertPath]) -> QuerySet[AlertPath]:
        match self.value():
            case "silent":
                return queryset.filter(silent_since__isnull=False)
            case "problem":
                return queryset.exclude(problem="")
            case "heard":
                return queryset.filter(silent_since__isnull=True, problem="")
        return queryset


@admin.register(AlertPath)
class AlertPathAdmin(OnlyLooking[AlertPath]):
    list_display = ("cluster", "path", "heard", "answered", "watched", "short_problem")
    list_filter = (SilentFilter,)
    list_select_related = ("cluster",)
    search_fields = ("cluster__name",)
    search_help_text = "By the cluster's name."
    # Those that are silent first, and the longest of them above.
    ordering = (F("silent_since").asc(nulls_last=True), "cluster__name")
    fields = ("of", "path", "webhook", "asked", "problem", "watchdog", "left_out")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertPath]:
        visible = Cluster.objects.visible_to(cast(User, request.user))
        rows = super().get_queryset(request).select_related("cluster")
        return rows.filter(cluster__in=visible)

    @admin.display(description="cluster")
    def of(self, path: AlertPath) -> SafeString:
        return link(path.cluster, path.cluster.name)

    @admin.display(description="path", ordering="silent_since")
    def path(self, path: AlertPath) -> SafeString:
        if path.silent_since:
            return badge("bad", f"silent since {brief(path.silent_since)} UTC")
        if path.problem:
            return badge("warn", "cannot be asked")
        return badge("ok", "heard of")

    def named(self, row: AlertPath) -> str:
        return row.cluster.name

    @admin.display(description="last webhook (UTC)", ordering="last_webhook_at")
    def heard(self, path: AlertPath) -> str:
        return brief(path.last_webhook_at)

    @admin.display(description="last answer (UTC)", ordering="last_polled_at")
    def answered(self, path: AlertPath) -> str:
        return brief(path.last_polled_at)

    @admin.display(description="watchdog (UTC)", ordering="watchdog_seen_at")
    def watched(self, path: AlertPath) -> str:
        return brief(path.watchdog_seen_at)

    @admin.display(description="problem", ordering="problem")
    def short_problem(self, path: AlertPath) -> str:
        return Truncator(path.problem).chars(LONGEST_PROBLEM) or NOTHING

    @admin.display(description="last webhook")
    def webhook(self, path: AlertPath) -> str:
        return moment(path.last_webhook_at)

    @admin.display(description="last answer when asked")
    def asked(self, path: AlertPath) -> str:
        return moment(path.last_polled_at)

    @admin.display(description="watchdog last seen")
    def watchdog(self, path: AlertPath) -> str:
        return moment(path.watchdog_seen_at)

    @admin.display(description="left out of a message")
    def left_out(self, path: AlertPath) -> str:
        if path.truncated_at is None:
            return "never any"
        return f"{path.truncated_alerts} alerts, {moment(path.truncated_at)}"
