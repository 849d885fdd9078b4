"""Past checks in the admin, to look at only."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.admin.paging import CappedPaginator
from apps.accounts.models import User
from apps.clusters.models import Cluster, HealthCheck

OF_ONE = "cluster__id__exact"


class AgeFilter(admin.SimpleListFilter):
    """Of all clusters at once an hour or a day; a week of them would be millions of rows."""

    title = "age"
    parameter_name = "age"
    hours = {"hour": 1, "day": 24}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("day", "Past day")]

    def choices(self, changelist: Any) -> Any:
        every, *others = super().choices(changelist)
        every["display"] = "All" if OF_ONE in changelist.params else "Past hour"
        return [every, *others]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[HealthCheck]
    ) -> QuerySet[HealthCheck]:
        age = self.value() or ("" if OF_ONE in request.GET else "hour")
        if age not in self.hours:
            return queryset
        return queryset.filter(checked_at__gte=timezone.now() - timedelta(hours=self.hours[age]))


@admin.register(HealthCheck)
class HealthCheckAdmin(admin.ModelAdmin[HealthCheck]):
    list_display = ("checked_at", "cluster", "state", "health_score", "latency_ms", "error")
    list_filter = (AgeFilter, "state")
    # By the newest alone: there is an index for that, and none for the rest.
    sortable_by = ()
    search_fields = ("cluster__name",)
    search_help_text = "By the cluster's name."
    list_select_related = ("cluster",)
    # Each of the counts would read all rows.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[HealthCheck]:
        visible = Cluster.objects.visible_to(cast(User, request.user))
        return super().get_queryset(request).filter(cluster__in=visible)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: HealthCheck | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: HealthCheck | None = None) -> bool:
        return False
