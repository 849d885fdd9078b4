"""Grants in the admin: only who may do everything hands out what others may do."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from apps.clusters.admin.access import rights_of
from apps.clusters.models import Grant


class GrantForm(forms.ModelForm[Grant]):
    class Meta:
        model = Grant
        fields = ("user", "group", "role", "reach", "clusters", "environment", "label_selector")

    def clean_label_selector(self) -> dict[str, str]:
        return self.cleaned_data["label_selector"] or {}


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin[Grant]):
    form = GrantForm
    list_display = ("__str__", "role", "reach", "environment", "label_selector")
    list_filter = ("role", "reach", "environment")
    search_fields = ("user__username", "group__name")
    list_select_related = ("user", "group")
    autocomplete_fields = ("user", "group", "clusters")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and rights_of(request).may_register()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and rights_of(request).may_register()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and rights_of(request).may_register()
