"""Pages of the admin to look at only, of a table that may hold millions of rows."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from apps.accounts.admin.paging import CappedPaginator
from apps.clusters.admin.refusals import PlainRefusals, Row


class OnlyLooking(PlainRefusals[Row]):
    # Each of the counts would read all rows.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    class Media:
        css = {"all": ("brand/admin.css",)}
