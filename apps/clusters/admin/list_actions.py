"""What can be done to the ticked clusters of the list, each only where grants allow it."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from apps.clusters.actions import bulk, webhook_tokens
from apps.clusters.actions.bulk import Operation, Order, Status
from apps.clusters.admin.access import may, rights_of
from apps.clusters.contract import describe
from apps.clusters.exporting import write_csv
from apps.clusters.models import CheckSchedule, Cluster
from apps.clusters.models.grant import Role
from apps.clusters.tasks import check_soon

# Each new token has to be carried to an Alertmanager by hand.
MOST_TOKENS = 100


class ClusterActions(admin.ModelAdmin[Cluster]):
    actions = (
        "check_now",
        "discover_now",
        "enable",
        "disable",
        "rotate_webhook_tokens",
        "export_csv",
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="clusters_cluster_export"), *super().get_urls()]

    @admin.action(description="Check now", permissions=["view"])
    def check_now(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        allowed = self._allowed(request, queryset, Role.OPERATOR)
        _bring_forward(allowed, "next_check_at")
        self._tell(request, len(allowed), "will be checked within seconds")

    @admin.action(description="Discover now", permissions=["view"])
    def discover_now(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        allowed = self._allowed(request, queryset, Role.OPERATOR)
        _bring_forward(allowed, "next_discovery_at")
        self._tell(request, len(allowed), "will be discovered within a minute")

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        self._switch(request, queryset, on=True)

    @admin.action(description="Disable: keep, but neither check nor query", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        self._switch(request, queryset, on=False)

    @admin.action(description="Rotate webhook token", permissions=["change"])
    def rotate_webhook_tokens(
        self, request: HttpRequest, queryset: QuerySet[Cluster]
    ) -> HttpResponse | None:
        """Ask first, because the old tokens end at once; then show each new one this once."""
        allowed = self._allowed(request, queryset, Role.ADMIN)
        if not allowed:
            return None
        if len(allowed) > MOST_TOKENS:
            self.message_user(
                request,
                f"Choose at most {MOST_TOKENS} clusters: every new token is carried by hand.",
                messages.ERROR,
            )
            return None
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "checkbox": ACTION_CHECKBOX_NAME,
            "clusters": allowed,
        }
        if request.POST.get("confirmed") != "yes":
            context["title"] = "Rotate webhook tokens?"
            return TemplateResponse(request, "admin/clusters/webhook_confirm.html", context)
        context["title"] = "New webhook tokens"
        made = webhook_tokens.rotate_each(allowed)
        context["made"] = [(cluster, made[cluster.pk]) for cluster in allowed]
        # Rendered here and now: nothing that comes later ever holds the tokens.
        page = TemplateResponse(request, "admin/clusters/webhook_tokens.html", context).render()
        page.headers["Cache-Control"] = "no-store, private"
        page.context_data = None
        return page

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> HttpResponse:
        return _as_file(queryset)

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Export what the list shows under the same query, on all of its pages."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            shown = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return redirect("admin:clusters_cluster_changelist")
        return _as_file(shown.queryset)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Cluster], *, on: bool) -> None:
        allowed = self._allowed(request, queryset.exclude(enabled=on), Role.ADMIN)
        named = {cluster.pk: cluster for cluster in allowed}
        order = Order(Operation.ENABLE if on else Operation.DISABLE)
        results = bulk.carry_out(order, named, named, rights_of(request))
        check_soon()
        for result in results:
            if result.reason:
                said = f"Not done for {named[result.cluster_id]}: {result.reason}"
                self.message_user(request, said, messages.WARNING)
        done = sum(result.status == Status.DONE for result in results)
        self._tell(request, done, "enabled" if on else "disabled")

    def _allowed(
        self, request: HttpRequest, queryset: QuerySet[Cluster], needed: Role
    ) -> list[Cluster]:
        """Return those on which the person holds the role, and say of how many they do not."""
        clusters = list(queryset)
        allowed = [cluster for cluster in clusters if may(request, needed, cluster)]
        if left := len(clusters) - len(allowed):
            what = "1 cluster was" if left == 1 else f"{left} clusters were"
            said = f"{what} left out: this takes the role {needed.lower()} there."
            self.message_user(request, said, messages.WARNING)
        return allowed

    def _tell(self, request: HttpRequest, count: int, what: str) -> None:
        noun = "cluster" if count == 1 else "clusters"
        self.message_user(request, f"{count} {noun} {what}.", messages.SUCCESS)


def _bring_forward(clusters: list[Cluster], column: str) -> None:
    CheckSchedule.objects.filter(cluster__in=clusters).bring_forward(column)
    check_soon()


def _as_file(clusters: QuerySet[Cluster]) -> HttpResponse:
    """Answer all lines or none: half a file would pass for a whole one."""
    views = (describe(cluster) for cluster in clusters.iterator(chunk_size=500))
    name = f"clusters-{timezone.now():%Y%m%d-%H%M%S}.csv"
    return HttpResponse(
        "".join(write_csv(views)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store, private",
            "X-Content-Type-Options": "nosniff",
        },
    )
