"""Past checks in the admin, to look at only."""

from django.contrib import admin
from django.http import HttpRequest

from apps.clusters.models import HealthCheck


@admin.register(HealthCheck)
class HealthCheckAdmin(admin.ModelAdmin[HealthCheck]):
    list_display = ("checked_at", "cluster", "state", "health_score", "latency_ms", "error")
    list_filter = ("state", "cluster")
    list_select_related = ("cluster",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: HealthCheck | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: HealthCheck | None = None) -> bool:
        return False
