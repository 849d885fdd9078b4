"""Alerts in the admin, to look at only: what fires, what was over, and what was done about it."""

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.admin import tables
from apps.observability.admin.looking import OnlyLooking
from apps.observability.models import Alert, AlertChange
from apps.observability.models.alert import Severity, State
from apps.observability.queries.alerts import finding
from apps.observability.queries.alerts.narrowing import ACTIVE, Matcher, Wish

MOST_CLUSTERS, MOST_ENTRIES = 50, 200
TONES = {Severity.CRITICAL: "bad", Severity.WARNING: "warn", Severity.INFO: "ok"}
STATES: dict[str | None, frozenset[str]] = {None: ACTIVE, "all": frozenset(State.values)}


class Chosen(admin.SimpleListFilter):
    """Only offers its values: what is over is found as the API finds it, by all at once."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        return None


class StateFilter(Chosen):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [*State.choices, ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        every, *others = super().choices(changelist)
        every["display"] = "Not over"
        return [every, *others]


class SeverityFilter(Chosen):
    title = "severity"
    parameter_name = "severity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return Severity.choices


class ClusterFilter(Chosen):
    """Clusters of which something is not over; others by the link on the cluster's page."""

    title = "cluster"
    parameter_name = "cluster"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        visible = Cluster.objects.visible_to(cast(User, request.user))
        alerts = Alert.objects.visible_to(cast(User, request.user)).active()
        firing = visible.filter(pk__in=alerts.values("cluster_id")).order_by("name")
        names = {str(pk): name for pk, name in firing.values_list("pk", "name")[:MOST_CLUSTERS]}
        chosen = request.GET.get(self.parameter_name, "")
        if chosen and chosen not in names:
            found = visible.filter(pk=_id(chosen)).values_list("pk", "name")
            names |= {str(pk): name for pk, name in found}
        return list(names.items())


class AlertList(ChangeList):
    """The list as the API has it, so that a million rows are as quick to look through here."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Alert]:
        wish = _wish(request, self.query)
        found = finding.find(cast(User, request.user), wish)
        self.looked_back_to = found.looked_back_to
        only_over = wish.states == {State.RESOLVED}
        self.root_queryset = found.in_order(finding.NEWEST_FIRST if only_over else ())
        rows: QuerySet[Alert] = super().get_queryset(request, exclude_parameters)
        return rows


@admin.register(Alert)
class AlertAdmin(OnlyLooking[Alert]):
    change_form_template = "admin/observability/alert/change_form.html"
    list_display = ("alertname", "is_now", "level", "on", "namespace", "since", "until", "held_by")
    list_filter = (StateFilter, SeverityFilter, ClusterFilter)
    search_fields = ("alertname",)
    search_help_text = "In name, values of labels, and annotations; name=value finds a label."
    actions = None
    fieldsets = (
        (None, {"fields": ("alertname", "is_now", "level", "on", "namespace", "fingerprint")}),
        ("When", {"fields": ("since", "until", "ending", "heard", "source")}),
        ("What it says", {"fields": ("said", "noted", "generator_url")}),
        ("Who has it", {"fields": ("receivers", "kept_back", "held_by", "assigned_to")}),
    )
    readonly_fields = (
        *("is_now", "level", "on", "since", "until", "heard"),
        *("said", "noted", "kept_back", "held_by"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        return finding.with_people(Alert.objects.visible_to(cast(User, request.user)))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AlertList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Alert], search_term: str
    ) -> tuple[QuerySet[Alert], bool]:
        """What is looked for has been found by then, see AlertList."""
        return queryset, False

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Alert | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context |= look_back(cast(User, request.user), obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="state", ordering="state")
    def is_now(self, alert: Alert) -> SafeString:
        word = alert.get_state_display()
        if alert.state == State.RESOLVED:
            return tables.badge("ok", word)
        return tables.badge("warn" if alert.silenced or alert.inhibited_by else "bad", word)

    @admin.display(description="severity", ordering=finding.ORDERINGS["severity"])
    def level(self, alert: Alert) -> SafeString:
        return tables.badge(TONES[Severity(alert.severity)], alert.get_severity_display())

    @admin.display(description="cluster", ordering="cluster__name")
    def on(self, alert: Alert) -> SafeString:
        page = reverse("admin:clusters_cluster_change", args=[alert.cluster_id])
        return format_html('<a href="{}">{}</a>', page, alert.cluster.name)

    @admin.display(description="since", ordering="starts_at")
    def since(self, alert: Alert) -> str:
        return tables.moment(alert.starts_at)

    @admin.display(description="until", ordering=finding.ORDERINGS["ends_at"])
    def until(self, alert: Alert) -> str:
        return tables.moment(alert.ends_at, tables.NOTHING)

    @admin.display(description="heard of")
    def heard(self, alert: Alert) -> str:
        first, last = alert.first_received_at, alert.last_received_at
        return f"first {tables.moment(first)}, last {tables.moment(last)}"

    @admin.display(description="labels")
    def said(self, alert: Alert) -> SafeString | str:
        return tables.pairs(alert.labels)

    @admin.display(description="annotations")
    def noted(self, alert: Alert) -> SafeString | str:
        return tables.pairs(alert.annotations)

    @admin.display(description="kept back by")
    def kept_back(self, alert: Alert) -> str:
        kept = [f"silence {one}" for one in alert.silenced_by]
        kept += [f"alert {one}" for one in alert.inhibited_by]
        return ", ".join(kept) or tables.NOTHING

    @admin.display(description="acknowledged by")
    def held_by(self, alert: Alert) -> str:
        if alert.acknowledged_at is None:
            return tables.NOTHING
        who = alert.acknowledged_by.username if alert.acknowledged_by else "somebody who is gone"
        note = f": {alert.acknowledgement}" if alert.acknowledgement else ""
        return f"{who}, {tables.moment(alert.acknowledged_at)}{note}"


def look_back(user: User, alert: Alert) -> dict[str, Any]:
    """Return what else is known of an alert: its story, and the times that it fired."""
    times = finding.times_of(user, alert, timezone.now())
    entries = alert.story.select_related("author").order_by("-at", "-id")[:MOST_ENTRIES]
    return {
        "flapping": times.is_flapping,
        "times_in_24_h": times.in_24_h,
        "also_in": times.also_in,
        "changes": tables.rows(
            ("Fired", "Over", "How that is known"),
            (
                (tables.moment(one.starts_at), tables.moment(one.ends_at, "not yet"), _end(one))
                for one in times.newest
            ),
        ),
        "story": tables.rows(
            ("When", "Who", "What", "Note"),
            (
                (tables.moment(one.at), one.author or "-", one.get_deed_display(), one.text)
                for one in entries
            ),
        ),
        "held_back": alert.state == State.FIRING
        and AlertChange.objects.filter(alert=alert, held=True).exists(),
    }


def _end(alert: Alert) -> str:
    return alert.get_ending_display() if alert.ending else alert.get_state_display()


def _wish(request: HttpRequest, said: str) -> Wish:
    """Read what is looked for; what is nonsense leads back to the whole list."""
    asked = {name: request.GET.get(name) or None for name in ("state", "severity", "cluster")}
    state, severity, cluster = asked["state"], asked["severity"], asked["cluster"]
    if severity not in {None, *Severity.values} or state not in {*STATES, *State.values}:
        raise IncorrectLookupParameters
    matchers, search = [], []
    for word in said.split():
        name, equals, value = word.partition("=")
        if name and equals:
            matchers.append(Matcher(name, value))
        else:
            search.append(word)
    return Wish(
        states=STATES[state] if state in STATES else frozenset({str(state)}),
        severities=(severity,) if severity else (),
        cluster_ids=(_id(cluster),) if cluster else (),
        matchers=tuple(matchers),
        search=tuple(search),
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise IncorrectLookupParameters from None
