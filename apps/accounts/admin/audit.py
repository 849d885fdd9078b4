"""The audit trail in the admin, to look at only."""

from collections.abc import Iterable
from typing import Any

import orjson
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.admin.paging import CappedPaginator
from apps.accounts.models import AuditEvent

LATELY = 5_000


class LatelyFilter(admin.SimpleListFilter):
    """Offers what stands in the newest lines: to ask all for it would read the whole trail."""

    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        lately = AuditEvent.objects.order_by("-happened_at")
        found = lately.values_list(self.parameter_name, flat=True)[:LATELY]
        return [(value, value) for value in sorted(set(found))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent]
    ) -> QuerySet[AuditEvent]:
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


class ActionFilter(LatelyFilter):
    title = "action"
    parameter_name = "action"


class ObjectFilter(LatelyFilter):
    title = "object"
    parameter_name = "object_type"


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin[AuditEvent]):
    list_display = (
        "happened_at",
        "actor_name",
        "action",
        "object_type",
        "object_name",
        "door",
        "address",
    )
    list_filter = ("happened_at", ActionFilter, ObjectFilter, "door")
    search_fields = ("actor_name", "object_name", "object_id")
    search_help_text = "Who, or the name or id of what."
    # By the newest alone: there is an index for that, and none for the rest.
    sortable_by = ()
    # Each of the counts would read all rows.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    fields = (
        ("happened_at", "actor_name", "actor_id"),
        ("door", "address"),
        ("action", "object_type", "object_name", "object_id"),
        "what_changed",
    )
    readonly_fields = ("what_changed",)

    @admin.display(description="details")
    def what_changed(self, event: AuditEvent) -> SafeString:
        text = orjson.dumps(event.details, option=orjson.OPT_INDENT_2).decode()
        return format_html('<pre class="manifest">{}</pre>', text)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    class Media:
        css = {"all": ("brand/admin.css",)}
