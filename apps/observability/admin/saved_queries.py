"""Saved queries in the admin: one's own and shared ones; an admin of everything sees all."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.models import User
from apps.clusters.admin.access import rights_of
from apps.errors import DomainError
from apps.observability.actions import saving
from apps.observability.collect.checking import check_query
from apps.observability.models import SavedQuery

FIELDS = ("name", "description", "query", "unit", "cluster_ids", "labels", "shared")


class SavedQueryForm(forms.ModelForm[SavedQuery]):
    class Meta:
        model = SavedQuery
        fields = FIELDS
        widgets = {"query": forms.Textarea(attrs={"rows": 4, "cols": 100})}

    def clean_query(self) -> str:
        text = str(self.cleaned_data["query"])
        try:
            check_query(text)
        except DomainError as refused:
            raise forms.ValidationError(refused.message) from None
        return text

    def clean_labels(self) -> dict[str, str]:
        return self.cleaned_data["labels"] or {}

    def clean_cluster_ids(self) -> list[str]:
        ids = self.cleaned_data["cluster_ids"] or []
        try:
            return [str(UUID(one)) for one in list(ids)]
        except (TypeError, ValueError, AttributeError):
            raise forms.ValidationError('Write a list of ids: ["7f1c2a54-..."]') from None


@admin.register(SavedQuery)
class SavedQueryAdmin(admin.ModelAdmin[SavedQuery]):
    form = SavedQueryForm
    list_display = ("name", "owner", "shared", "unit", "updated_at")
    list_filter = ("shared",)
    search_fields = ("name", "description", "query", "owner__username")
    list_select_related = ("owner",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedQuery]:
        if rights_of(request).may_register():
            return super().get_queryset(request)
        return SavedQuery.objects.visible_to(cast(User, request.user))

    def save_model(self, request: HttpRequest, obj: SavedQuery, form: Any, change: bool) -> None:
        fields = {name: form.cleaned_data[name] for name in FIELDS}
        if change:
            saving.change(obj.pk, fields)
        else:
            saving.save(cast(User, request.user), {"id": obj.pk, **fields})

    def delete_model(self, request: HttpRequest, obj: SavedQuery) -> None:
        saving.forget(obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SavedQuery]) -> None:
        for query in queryset:
            saving.forget(query.pk)

    def has_change_permission(self, request: HttpRequest, obj: SavedQuery | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: SavedQuery | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_change(request, obj)

    def _may_change(self, request: HttpRequest, query: SavedQuery | None) -> bool:
        mine = query is None or query.owner_id == request.user.pk
        return mine or rights_of(request).may_register()
