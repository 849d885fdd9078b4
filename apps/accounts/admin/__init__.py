"""People and tokens in the admin. A token is made by command only, so it is never on a page."""

from importlib import import_module

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from apps.accounts.models import ApiToken, User

import_module(f"{__name__}.audit")
admin.site.register(User, UserAdmin)
# Nobody confirms addresses here; a user's own is on the user's page.
admin.site.unregister(EmailAddress)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    list_display = ("name", "user", "key", "created_at", "expires_at", "last_used_at")
    list_filter = ("expires_at",)
    search_fields = ("name", "key", "user__username")
    list_select_related = ("user",)
    fields = ("user", "name", "key", "created_at", "expires_at", "last_used_at")
    readonly_fields = ("user", "key", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
