"""What the page of a cluster shows above its form: how it is, and how its last day was."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.clusters.admin import expiries
from apps.clusters.admin.access import may
from apps.clusters.admin.day_chart import draw, first_slot, tell_day, tell_hours
from apps.clusters.admin.past_day import read_slots
from apps.clusters.contract import PARTS
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role

WORD = {True: "answers", False: "down", None: "not configured"}


class ClusterGlance(admin.ModelAdmin[Cluster]):
    change_form_template = "admin/clusters/cluster/change_form.html"

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Cluster | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context |= _look_at(obj)
            context["may_operate"] = may(request, Role.OPERATOR, obj)
            context["may_admin"] = self.has_change_permission(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)


def _look_at(cluster: Cluster) -> dict[str, Any]:
    now = timezone.now()
    start = first_slot(now)
    slots = read_slots(cluster, start, now)
    return {
        "endings": list(expiries.endings(cluster)),
        "parts": [(_name(part), WORD[getattr(cluster, f"{part}_healthy")]) for part in PARTS],
        "chart": draw(slots, start) if slots else None,
        "day_begins": start,
        "day_told": tell_day(slots),
        "hours": tell_hours(slots),
    }


def _name(part: str) -> str:
    return "API server" if part == "api_server" else part.capitalize()
