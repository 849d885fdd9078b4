"""Clusters in the admin: their state at a glance, and credentials that only go in."""

from datetime import datetime
from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.clusters.actions import capabilities, credentials, health, registration
from apps.clusters.admin.abilities import list_abilities
from apps.clusters.admin.access import may, rights_of
from apps.clusters.admin.cluster_form import ADDRESSES, FIELDS, SECRETS, ClusterForm
from apps.clusters.admin.importing import KubeconfigImport
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.clusters.tasks import check_soon


@admin.register(Cluster)
class ClusterAdmin(KubeconfigImport):
    form = ClusterForm
    list_display = (
        "name",
        "state_badge",
        "health_score",
        "latency",
        "gpus",
        "cluster_type",
        "environment",
        "last_seen",
        "enabled",
    )
    list_filter = ("state", "cluster_type", "platform", "environment", "enabled", "region")
    search_fields = ("name", "display_name", "region", "api_server_url")
    list_select_related = ("schedule",)
    # Counting the unfiltered table on every page costs more than it says.
    show_full_result_count = False
    actions = ("check_now", "discover_now", "enable", "disable")
    readonly_fields = (
        "state_badge",
        "state_since",
        "health_score",
        "connectivity",
        "last_error",
        "latency",
        "checked",
        "last_seen",
        "abilities",
        "discovered",
        "credential_note",
        "created_at",
        "updated_at",
    )
    fieldsets = (
        (
            "Status",
            {
                "fields": (
                    ("state_badge", "state_since"),
                    ("health_score", "connectivity"),
                    "last_error",
                    ("latency", "checked", "last_seen"),
                )
            },
        ),
        (
            None,
            {
                "fields": (
                    ("name", "display_name"),
                    "api_server_url",
                    ("cluster_type", "platform", "platform_version"),
                    ("environment", "region"),
                    "labels",
                    "enabled",
                )
            },
        ),
        ("Endpoints", {"fields": ADDRESSES}),
        ("What is there", {"fields": ("discovered", "abilities")}),
        (
            "Credentials (write-only)",
            {"fields": ("credential_note", *SECRETS, "ca_bundle")},
        ),
        (None, {"fields": (("created_at", "updated_at"),)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cluster]:
        user = cast(User, request.user)
        return Cluster.objects.visible_to(user).select_related("schedule")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and rights_of(request).may_register()

    def has_change_permission(self, request: HttpRequest, obj: Cluster | None = None) -> bool:
        return super().has_change_permission(request, obj) and may(request, Role.ADMIN, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Cluster | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may(request, Role.ADMIN, obj)

    def save_model(
        self, request: HttpRequest, obj: Cluster, form: ClusterForm, change: bool
    ) -> None:
        """Go through the same actions as REST does; the status fields are never written here."""
        fields = {name: form.cleaned_data[name] for name in FIELDS}
        typed = form.typed()
        if change:
            stored = Cluster.objects.get(pk=obj.pk)
            merged = credentials.merge(stored, typed) if typed else None
            registration.change(stored, fields, merged)
        else:
            registration.register({"id": obj.pk, **fields}, typed)
        check_soon()

    def delete_model(self, request: HttpRequest, obj: Cluster) -> None:
        registration.retire(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        for cluster in queryset:
            registration.retire(cluster)

    @admin.action(description="Check now", permissions=["view"])
    def check_now(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        allowed = [cluster for cluster in queryset if may(request, Role.OPERATOR, cluster)]
        for cluster in allowed:
            health.make_due(cluster)
        check_soon()
        self._tell(request, len(allowed), "will be checked within seconds")

    @admin.action(description="Discover now", permissions=["view"])
    def discover_now(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        allowed = [cluster for cluster in queryset if may(request, Role.OPERATOR, cluster)]
        for cluster in allowed:
            capabilities.make_due(cluster)
        check_soon()
        self._tell(request, len(allowed), "will be discovered within a minute")

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        self._switch(request, queryset, on=True)

    @admin.action(description="Disable: keep, but neither check nor query", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        self._switch(request, queryset, on=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Cluster], *, on: bool) -> None:
        differing = queryset.exclude(enabled=on)
        changing = [cluster for cluster in differing if may(request, Role.ADMIN, cluster)]
        for cluster in changing:
            registration.change(cluster, {"enabled": on})
        check_soon()
        self._tell(request, len(changing), "enabled" if on else "disabled")

    def _tell(self, request: HttpRequest, count: int, what: str) -> None:
        noun = "cluster" if count == 1 else "clusters"
        self.message_user(request, f"{count} {noun} {what}.", messages.SUCCESS)

    @admin.display(description="state", ordering="state")
    def state_badge(self, cluster: Cluster) -> SafeString:
        label = cluster.get_state_display() if cluster.enabled else "Disabled"
        tone = cluster.state.lower() if cluster.enabled else "disabled"
        return format_html('<span class="state state-{}">{}</span>', tone, label)

    @admin.display(description="latency", ordering="schedule__latency_ms")
    def latency(self, cluster: Cluster) -> str:
        found = cluster.schedule.latency_ms
        return "-" if found is None else f"{found} ms"

    @admin.display(description="last seen", ordering="schedule__last_seen_at")
    def last_seen(self, cluster: Cluster) -> str:
        return _moment(cluster.schedule.last_seen_at)

    @admin.display(description="GPUs", ordering="capabilities__gpu_count")
    def gpus(self, cluster: Cluster) -> str:
        count = (cluster.capabilities or {}).get("gpu_count")
        return "unknown" if count is None else str(count)

    @admin.display(description="abilities")
    def abilities(self, cluster: Cluster) -> SafeString | str:
        return list_abilities(cluster)

    @admin.display(description="discovered")
    def discovered(self, cluster: Cluster) -> object:
        return cluster.schedule.discovered_at or "never"

    @admin.display(description="checked")
    def checked(self, cluster: Cluster) -> str:
        return _moment(cluster.schedule.checked_at)

    @admin.display(description="stored")
    def credential_note(self, cluster: Cluster) -> str:
        credential = getattr(cluster, "credential", None)
        if credential is None:
            return "Nothing is stored: the cluster is asked without a token."
        return f"{credential.get_auth_type_display()}, stored {credential.updated_at:%F %T} UTC."

    class Media:
        css = {"all": ("brand/admin.css",)}


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "never"
