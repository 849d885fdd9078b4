"""The fleet's indicators in the admin: what is asked, and from where on it is worth a look."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.clusters.admin.access import rights_of
from apps.errors import DomainError
from apps.observability.actions import library
from apps.observability.collect.checking import check_indicator
from apps.observability.models import Indicator
from apps.observability.models.indicator import Direction

QUERIES = ("query", "query_openshift", "query_kubernetes", "query_microshift")
THRESHOLDS = ("warning", "critical", "direction", "significance")


class IndicatorForm(forms.ModelForm[Indicator]):
    class Meta:
        model = Indicator
        fields = ("name", "title", "description", "unit", *QUERIES, *THRESHOLDS, "enabled")
        widgets = {name: forms.Textarea(attrs={"rows": 3, "cols": 100}) for name in QUERIES}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in QUERIES:
            if text := cleaned.get(name):
                self._check(name, text)
        warning, critical = cleaned.get("warning"), cleaned.get("critical")
        if warning is not None and critical is not None:
            above = cleaned.get("direction") == Direction.ABOVE
            if (critical < warning) if above else (critical > warning):
                self.add_error("critical", "This is met before the warning is. Swap the two.")
        return cleaned

    def _check(self, name: str, text: str) -> None:
        try:
            check_indicator(text)
        except DomainError as refused:
            self.add_error(name, refused.message)


@admin.register(Indicator)
class IndicatorAdmin(admin.ModelAdmin[Indicator]):
    form = IndicatorForm
    list_display = ("title", "name", "unit", "warning", "critical", "enabled", "origin")
    list_filter = ("enabled", "built_in", "edited")
    search_fields = ("name", "title", "query")
    actions = ("enable", "disable", "restore")
    fieldsets = (
        (None, {"fields": ("name", "title", "description", "unit", "enabled", "origin")}),
        ("What is asked", {"fields": QUERIES}),
        ("What is worth a look", {"fields": THRESHOLDS}),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Indicator | None = None
    ) -> tuple[str, ...]:
        # By its name the next version of the project finds it again.
        return ("origin", "name") if obj and obj.built_in else ("origin",)

    @admin.display(description="origin", ordering="built_in")
    def origin(self, indicator: Indicator) -> str:
        if not indicator.built_in:
            return "made here"
        return "comes with the project, edited here" if indicator.edited else "with the project"

    def save_model(self, request: HttpRequest, obj: Indicator, form: Any, change: bool) -> None:
        library.keep(obj, form.changed_data)

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Indicator]) -> None:
        self._switch(request, queryset, on=True)

    @admin.action(description="Disable: ask no more", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Indicator]) -> None:
        self._switch(request, queryset, on=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Indicator], *, on: bool) -> None:
        others = list(queryset.filter(enabled=not on))
        for indicator in others:
            indicator.enabled = on
            library.keep(indicator, ["enabled"])
        done = "enabled" if on else "disabled"
        self.message_user(request, f"{len(others)} indicators {done}.", messages.SUCCESS)

    @admin.action(description="Take back what was edited here", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Indicator]) -> None:
        restored = sum(library.restore(indicator) for indicator in queryset)
        self.message_user(
            request, f"{restored} indicators are as the project has them.", messages.SUCCESS
        )

    def get_deleted_objects(
        self, objs: Iterable[Indicator], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the indicators alone: each has any number of values that go with it."""
        indicators = list(objs)
        lacking = set() if self.has_delete_permission(request) else {"indicator"}
        names = [f"{one}, with its values" for one in indicators]
        protected = [
            f"{one} comes with the project; disable it" for one in indicators if one.built_in
        ]
        return names, {"indicators": len(indicators)}, lacking, protected

    def delete_model(self, request: HttpRequest, obj: Indicator) -> None:
        library.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Indicator]) -> None:
        for indicator in queryset:
            library.remove(indicator)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and rights_of(request).may_register()

    def has_change_permission(self, request: HttpRequest, obj: Indicator | None = None) -> bool:
        return super().has_change_permission(request, obj) and rights_of(request).may_register()

    def has_delete_permission(self, request: HttpRequest, obj: Indicator | None = None) -> bool:
        # One of ours would be back with the next start.
        if obj is not None and obj.built_in:
            return False
        return super().has_delete_permission(request, obj) and rights_of(request).may_register()
