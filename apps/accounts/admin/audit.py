"""The audit trail in the admin, to look at only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.accounts.models import AuditEvent


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
    list_filter = ("action", "object_type", "door")
    search_fields = ("actor_name", "object_name", "object_id")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
