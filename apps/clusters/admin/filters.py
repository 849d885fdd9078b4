"""Filters of the cluster list that are no plain column."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.clusters.admin.expiries import ends_before
from apps.clusters.expiry import warn_until
from apps.clusters.models import Cluster


class AbilityFilter(admin.SimpleListFilter):
    """What the last discovery concluded; unknown is neither yes nor no."""

    ability = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No"), ("unknown", "Unknown")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> QuerySet[Cluster]:
        column = f"capabilities__{self.ability}"
        match self.value():
            case "yes":
                return queryset.filter(**{column: True})
            case "no":
                return queryset.filter(**{column: False})
            case "unknown":
                null = Q(**{column: None}) | Q(capabilities__isnull=True)
                return queryset.filter(null)
        return queryset


class GpuFilter(AbilityFilter):
    title = "GPU nodes"
    parameter_name = "has_gpu"
    ability = "has_gpu_nodes"


class CnfFilter(AbilityFilter):
    title = "network functions"
    parameter_name = "has_cnf"
    ability = "has_cnf_workloads"


class ExpiryFilter(admin.SimpleListFilter):
    title = "expiry"
    parameter_name = "expiring"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("soon", "Expired or soon to"), ("expired", "Expired")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> QuerySet[Cluster]:
        now = timezone.now()
        match self.value():
            case "soon":
                return queryset.filter(ends_before(warn_until(now)))
            case "expired":
                return queryset.filter(ends_before(now))
        return queryset
