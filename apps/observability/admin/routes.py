"""Which alerts are told to whom, in the admin."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from apps.observability.actions.alerts import routes
from apps.observability.admin.guard import ForAdminsOfAll
from apps.observability.admin.tables import link
from apps.observability.models import Route
from apps.observability.models.alert import Severity

FIELDS = (
    *("name", "position", "receiver", "enabled", "severities", "cluster_labels", "alert_labels"),
    *("group_by", "group_wait_seconds", "interval_seconds", "tells_resolved", "continues"),
)

# In the list; its page has all of it.
LONGEST = 150


class RouteForm(forms.ModelForm[Route]):
    severities = forms.MultipleChoiceField(
        choices=Severity.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Only these; none chosen: all.",
    )

    class Meta:
        model = Route
        fields = FIELDS
        widgets = {
            name: forms.Textarea(attrs={"rows": 2, "cols": 60})
            for name in ("cluster_labels", "alert_labels")
        }

    def clean_cluster_labels(self) -> dict[str, str]:
        return self.cleaned_data["cluster_labels"] or {}

    def clean_alert_labels(self) -> dict[str, str]:
        patterns: dict[str, str] = self.cleaned_data["alert_labels"] or {}
        routes.check_alert_labels(patterns)
        return patterns

    def clean_group_by(self) -> list[str]:
        return list(dict.fromkeys(self.cleaned_data["group_by"]))


@admin.register(Route)
class RouteAdmin(ForAdminsOfAll[Route]):
    form = RouteForm
    list_display = ("name", "position", "to", "takes", "together", "enabled")
    list_filter = ("enabled", "receiver")
    list_select_related = ("receiver",)
    search_fields = ("name", "receiver__name")
    fieldsets = (
        (None, {"fields": ("name", "position", "receiver", "enabled")}),
        (
            "Which alerts",
            {
                "fields": ("severities", "cluster_labels", "alert_labels", "continues"),
                "description": "An alert must fit all of it. Routes are tried by position; the "
                "first that takes an alert is the last, unless it continues.",
            },
        ),
        (
            "How they are told",
            {"fields": ("group_by", "group_wait_seconds", "interval_seconds", "tells_resolved")},
        ),
    )

    @admin.display(description="receiver", ordering="receiver__name")
    def to(self, route: Route) -> SafeString:
        return link(route.receiver, route.receiver.name)

    @admin.display(description="which alerts")
    def takes(self, route: Route) -> str:
        """Say in words what an alert must be like."""
        levels = [Severity(one).label for one in route.severities]
        words = [" or ".join(levels)] if levels else []
        for labels, whose in ((route.cluster_labels, "cluster's "), (route.alert_labels, "")):
            words += [f"{whose}{name}={value}" for name, value in labels.items()]
        taken = Truncator(", ".join(words)).chars(LONGEST) or "all"
        return f"{taken}; goes on to the next route" if route.continues else taken

    @admin.display(description="told together")
    def together(self, route: Route) -> str:
        return "by " + ", ".join(route.group_by) if route.group_by else "all in one"

    def save_model(self, request: HttpRequest, obj: Route, form: Any, change: bool) -> None:
        """Go through the same actions as REST does."""
        fields = {name: form.cleaned_data[name] for name in FIELDS}
        fields["receiver_id"] = fields.pop("receiver").pk
        if change:
            routes.change(obj.pk, fields)
        else:
            routes.add({"id": obj.pk, **fields})

    def delete_model(self, request: HttpRequest, obj: Route) -> None:
        routes.forget(obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Route]) -> None:
        for route in queryset:
            routes.forget(route.pk)

    def get_deleted_objects(
        self, objs: Iterable[Route], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the routes alone: what each has told stays, and there may be much of it."""
        found = [f"{one}; what it told stays" for one in objs]
        lacking = set() if self.has_delete_permission(request) else {"route"}
        return found, {"routes": len(found)}, lacking, []
