"""Pages of the admin that take the role admin on all clusters."""

from django.http import HttpRequest

from apps.clusters.admin.access import rights_of
from apps.clusters.admin.refusals import PlainRefusals, Row


class ForAdminsOfAll(PlainRefusals[Row]):
    """What is told leaves the house, of whatever cluster: as over REST, this takes all of them."""

    change_form_template = "admin/observability/audited.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) and rights_of(request).may_register()

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return super().has_view_permission(request, obj) and rights_of(request).may_register()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and rights_of(request).may_register()

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return super().has_change_permission(request, obj) and rights_of(request).may_register()

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return super().has_delete_permission(request, obj) and rights_of(request).may_register()

    class Media:
        css = {"all": ("brand/admin.css",)}
