"""What was told to whom, and how that went, in the admin; it can be delivered again."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.clusters.admin.access import rights_of
from apps.errors import DomainError
from apps.observability.actions.alerts import redelivering
from apps.observability.admin import tables
from apps.observability.admin.looking import OnlyLooking
from apps.observability.models import Notification
from apps.observability.models.delivery import Status

MOST_ATTEMPTS = 200
TONES = {
    Status.PENDING: "ending",
    Status.DELIVERED: "ok",
    Status.FAILED: "warn",
    Status.GIVEN_UP: "bad",
}


@admin.register(Notification)
class NotificationAdmin(OnlyLooking[Notification]):
    change_form_template = "admin/observability/notification/change_form.html"
    list_display = ("created_at", "receiver", "route", "became", "fired", "resolved", "attempts")
    list_filter = ("status", "is_test", "receiver")
    list_select_related = ("receiver", "route")
    # By the newest alone: there is an index for that, and none for the rest.
    sortable_by = ()
    actions = ("deliver_again",)
    fields = (
        *("id", "receiver", "route", "became", "is_test", "fired", "resolved", "group_labels"),
        *("created_at", "closed_at", "next", "delivered_at", "attempts", "tries", "message"),
    )
    readonly_fields = ("became", "next", "tries", "message")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        return super().get_queryset(request).defer("content")

    @admin.display(description="status", ordering="status")
    def became(self, one: Notification) -> SafeString:
        gathers = one.closed_at is None
        word = "Gathering" if gathers else one.get_status_display()
        return tables.badge(TONES[Status(one.status)], word)

    @admin.display(description="next try")
    def next(self, one: Notification) -> str:
        over = one.status in {Status.DELIVERED, Status.GIVEN_UP}
        return tables.NOTHING if over else tables.moment(one.due_at)

    @admin.display(description="deliveries")
    def tries(self, one: Notification) -> SafeString | str:
        newest = one.deliveries.order_by("-at", "-id")[:MOST_ATTEMPTS]
        return tables.rows(
            ("When", "Answer", "How it went", "Took"),
            (
                (
                    tables.moment(tried.at),
                    tried.status_code or tables.NOTHING,
                    tried.error or "delivered",
                    f"{tried.duration_ms} ms",
                )
                for tried in newest
            ),
        )

    @admin.display(description="what is said")
    def message(self, one: Notification) -> SafeString | str:
        if not one.content:
            return "It is still gathering."
        text = json.dumps(one.content, indent=2, ensure_ascii=False)
        return format_html('<pre class="manifest" tabindex="0">{}</pre>', text)

    @admin.action(description="Deliver again", permissions=["redeliver"])
    def deliver_again(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        done = 0
        for one in queryset:
            try:
                redelivering.redeliver(one.pk)
            except DomainError as refused:
                said = f"Not done for that of {one}: {refused.message}"
                self.message_user(request, said, messages.WARNING)
            else:
                done += 1
        noun = "notification goes" if done == 1 else "notifications go"
        self.message_user(request, f"{done} {noun} out again.", messages.SUCCESS)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Notification | None = None,
    ) -> HttpResponse:
        ready = obj is not None and obj.closed_at is not None
        context["may_redeliver"] = ready and self.has_redeliver_permission(request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        """Django's permission to change one, which nobody can, stands for this."""
        held = request.user.has_perm("observability.change_notification")
        return held and rights_of(request).may_register()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) and rights_of(request).may_register()

    def has_view_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        return super().has_view_permission(request, obj) and rights_of(request).may_register()
