"""Grants in the admin: only who may do everything hands out what others may do."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from apps.accounts import audit
from apps.clusters.admin.access import rights_of
from apps.clusters.models import Grant
from apps.clusters.models.grant import Reach


class GrantForm(forms.ModelForm[Grant]):
    class Meta:
        model = Grant
        fields = (
            "user",
            "group",
            "role",
            "reach",
            "clusters",
            "environment",
            "label_selector",
            "namespaces",
        )

    def clean_label_selector(self) -> dict[str, str]:
        return self.cleaned_data["label_selector"] or {}


def told(grant: Grant) -> dict[str, Any]:
    """Return what a grant opens, for the audit trail."""
    return {
        "role": grant.role,
        "reach": grant.reach,
        "clusters": [cluster.name for cluster in grant.clusters.all()],
        "environment": grant.environment,
        "label_selector": grant.label_selector,
        "namespaces": grant.namespaces,
    }


class HolderFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "for"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("users", "For users"), ("groups", "For groups")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Grant]) -> QuerySet[Grant]:
        if self.value() is None:
            return queryset
        return queryset.filter(user__isnull=self.value() == "groups")


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin[Grant]):
    form = GrantForm
    list_display = ("holder", "kind", "role", "over", "within")
    list_filter = (
        "role",
        "reach",
        "environment",
        HolderFilter,
    )
    search_fields = ("user__username", "group__name", "clusters__name")
    search_help_text = "By user, group or named cluster."
    list_select_related = ("user", "group")
    autocomplete_fields = ("user", "group", "clusters")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        return super().get_queryset(request).annotate(named=Count("clusters"))

    @admin.display(description="for", ordering=Coalesce("user__username", "group__name"))
    def holder(self, grant: Grant) -> str:
        return str(grant.user or grant.group)

    @admin.display(description="kind", ordering="user")
    def kind(self, grant: Grant) -> str:
        return "user" if grant.user_id else "group"

    @admin.display(description="over")
    def over(self, grant: Grant) -> str:
        match grant.reach:
            case Reach.ALL:
                return "all clusters"
            case Reach.NAMED:
                named: int = getattr(grant, "named", 0)
                return f"{named} named cluster{'' if named == 1 else 's'}"
        parts = [grant.get_environment_display()] if grant.environment else []
        parts += [f"{key}={value}" for key, value in grant.label_selector.items()]
        return ", ".join(parts) or "nothing: it matches no environment and no label"

    @admin.display(description="namespaces")
    def within(self, grant: Grant) -> str:
        return ", ".join(grant.namespaces) or "all"

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The chosen clusters are saved last, so only now the whole grant can be told."""
        super().save_related(request, form, formsets, change)
        grant: Grant = form.instance
        audit.note("changed" if change else "given", "grant", grant.pk, str(grant), **told(grant))

    def delete_model(self, request: HttpRequest, obj: Grant) -> None:
        audit.note("taken back", "grant", obj.pk, str(obj), **told(obj))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Grant]) -> None:
        for grant in queryset:
            self.delete_model(request, grant)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and rights_of(request).may_register()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and rights_of(request).may_register()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and rights_of(request).may_register()
