"""Pages of the admin to look at only, of a table that may hold millions of rows."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from apps.accounts.admin.paging import CappedPaginator
from apps.clusters.admin.refusals import PlainRefusals, Row


class OnlyLooking(PlainRefusals[Row]):
    change_form_template = "admin/observability/looking.html"
    # Each of the counts would read all rows.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator

    def named(self, row: Row) -> str:
        """Return what its page is headed by."""
        return str(row)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        shown = super().get_changelist_instance(request)
        if not (shown.query or shown.has_active_filters):
            # Else Django offers to show all where nothing is left out.
            shown.full_result_count = shown.result_count
        return shown

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Row | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context["subtitle"] = self.named(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    class Media:
        css = {"all": ("brand/admin.css",)}
