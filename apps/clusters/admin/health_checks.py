"""Past checks in the admin, to look at only."""

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.models import User
from apps.clusters.models import Cluster, HealthCheck


@admin.register(HealthCheck)
class HealthCheckAdmin(admin.ModelAdmin[HealthCheck]):
    list_display = ("checked_at", "cluster", "state", "health_score", "latency_ms", "error")
    list_filter = ("state", ("cluster", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("cluster",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[HealthCheck]:
        visible = Cluster.objects.visible_to(cast(User, request.user))
        return super().get_queryset(request).filter(cluster__in=visible)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: HealthCheck | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: HealthCheck | None = None) -> bool:
        return False
