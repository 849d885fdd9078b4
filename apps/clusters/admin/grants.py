"""Grants in the admin."""

from django.contrib import admin

from apps.clusters.models import Grant


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin[Grant]):
    list_display = ("__str__", "role", "all_clusters", "environment", "label_selector")
    list_filter = ("role", "all_clusters", "environment")
    search_fields = ("user__username", "group__name")
    list_select_related = ("user", "group")
    autocomplete_fields = ("user", "group", "clusters")
