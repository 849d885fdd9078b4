"""What was told to whom, and how that went, in the admin; it can be delivered again."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from apps.clusters.admin.access import rights_of
from apps.errors import DomainError
from apps.observability.actions.alerts import redelivering
from apps.observability.admin import tables
from apps.observability.admin.looking import OnlyLooking
from apps.observability.models import Alert, Notification
from apps.observability.models.delivery import Status

MOST_ATTEMPTS, LONGEST_ABOUT = 200, 150
MORE = "There are more of them than a message describes."
TONES = {
    Status.PENDING: "ending",
    Status.DELIVERED: "ok",
    Status.FAILED: "warn",
    Status.GIVEN_UP: "bad",
}


class TestFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "is_test__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("0", "Of alerts"), ("1", "Tests")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Notification]
    ) -> QuerySet[Notification]:
        chosen = self.value()
        return queryset.filter(is_test=chosen == "1") if chosen else queryset


@admin.register(Notification)
class NotificationAdmin(OnlyLooking[Notification]):
    change_form_template = "admin/observability/notification/change_form.html"
    list_display = ("made", "to", "about", "became", "counts", "attempts")
    list_filter = ("status", TestFilter, "receiver")
    list_select_related = ("receiver", "route")
    # By the newest alone: there is an index for that, and none for the rest.
    sortable_by = ()
    actions = ("deliver_again",)
    fieldsets = (
        (None, {"fields": ("to", "route", "about", "counts", "became", "next", "created_at")}),
        ("How it went", {"fields": ("closed_at", "delivered_at", "attempts", "tries")}),
        ("What is said", {"fields": ("told", "message", "id")}),
    )
    readonly_fields = ("to", "about", "counts", "became", "next", "tries", "told", "message")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        return super().get_queryset(request).select_related("receiver", "route").defer("content")

    def named(self, row: Notification) -> str:
        return f"{_about(row)}, to {row.receiver}"

    @admin.display(description="created (UTC)")
    def made(self, one: Notification) -> str:
        return tables.brief(one.created_at)

    @admin.display(description="receiver")
    def to(self, one: Notification) -> SafeString:
        return tables.link(one.receiver, one.receiver.name)

    @admin.display(description="about")
    def about(self, one: Notification) -> SafeString | str:
        return tables.badge("idle", "a test") if one.is_test else _about(one)

    @admin.display(description="what changed")
    def counts(self, one: Notification) -> str:
        told = [(one.fired, "fired"), (one.resolved, "over")]
        return ", ".join(f"{count} {word}" for count, word in told if count) or tables.NOTHING

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
                    tried.error or "taken",
                    f"{tried.duration_ms} ms",
                )
                for tried in newest
            ),
        )

    @admin.display(description="alerts")
    def told(self, one: Notification) -> SafeString | str:
        if not one.content:
            return "It is still gathering, and is put together when it goes out."
        data = one.content["data"]
        told = data["alerts"]
        known = Alert.objects.in_bulk([UUID(said["id"]) for said in told])
        table = tables.rows(
            ("Alert", "Severity", "Cluster", "State", "Since (UTC)", "Summary"),
            (
                (
                    _named(said, known),
                    said["severity"].capitalize(),
                    said["cluster_name"],
                    said["state"].capitalize(),
                    tables.brief(datetime.fromisoformat(said["starts_at"])),
                    said["annotations"].get("summary", ""),
                )
                for said in told
            ),
        )
        return format_html("{}<p>{}</p>", table, MORE) if data["truncated"] else table

    @admin.display(description="in JSON")
    def message(self, one: Notification) -> SafeString | str:
        if not one.content:
            return tables.NOTHING
        text = json.dumps(one.content, indent=2, ensure_ascii=False)
        return format_html(
            "<details><summary>All of it, as it stands</summary>"
            '<pre class="manifest" tabindex="0">{}</pre></details>',
            text,
        )

    @admin.action(description="Deliver again", permissions=["redeliver"])
    def deliver_again(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        done = 0
        for one in queryset:
            try:
                redelivering.redeliver(one.pk)
            except DomainError as refused:
                said = f"Not done for {self.named(one)}: {refused.message}"
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


def _about(one: Notification) -> str:
    if one.is_test:
        return "A test"
    labels = ", ".join(f"{name}={value}" for name, value in one.group_labels.items())
    return Truncator(labels).chars(LONGEST_ABOUT) or "Alerts of all kinds together"


def _named(said: dict[str, Any], known: dict[UUID, Alert]) -> SafeString | str:
    """Return the name of an alert that was told of, as a link while it is kept."""
    row = known.get(UUID(said["id"]))
    name = str(said["alertname"])
    return tables.link(row, name) if row else name
