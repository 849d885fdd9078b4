"""Alerts in the admin, to look at only: what fires, what was over, and what was done about it."""

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.forms import Media
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.admin import choosing, particulars, tables
from apps.observability.admin.looking import OnlyLooking
from apps.observability.models import Alert
from apps.observability.models.alert import Severity, State
from apps.observability.queries.alerts import finding
from apps.observability.queries.alerts.narrowing import ACTIVE, Matcher, Wish

MOST_CLUSTERS = 50
TONES = {Severity.CRITICAL: "bad", Severity.WARNING: "warn", Severity.INFO: "idle"}
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
    """The first clusters of which something is not over, and a box that finds any other."""

    title = "cluster"
    parameter_name = "cluster"
    template = "admin/observability/alert/cluster_filter.html"

    def __init__(self, request: HttpRequest, *rest: Any) -> None:
        super().__init__(request, *rest)
        # Whoever may not look at clusters is refused by their search as well.
        may_search = request.user.has_perm("clusters.view_cluster")
        self.box = choosing.box_for(request) if may_search else None
        self.others = choosing.others(request.GET)

    def has_output(self) -> bool:
        return True

    def value(self) -> str | None:
        return super().value() or None

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
    list_display = ("alertname", "is_now", "level", "on", "namespace", "begun", "ended", "taken_by")
    list_filter = (StateFilter, SeverityFilter, ClusterFilter)
    search_fields = ("alertname",)
    search_help_text = "In name, values of labels, and annotations; name=value finds a label."
    actions = None
    fieldsets = (
        (None, {"fields": ("alertname", "is_now", "level", "on", "namespace", "fingerprint")}),
        ("When", {"fields": ("since", "until", "ending", "heard", "source")}),
        ("What it says", {"fields": ("said", "noted", "generator_url")}),
        ("Who has it", {"fields": ("receivers", "held_by", "assigned_to")}),
    )
    readonly_fields = (
        *("is_now", "level", "on", "since", "until", "heard"),
        *("said", "noted", "held_by"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        return finding.with_people(Alert.objects.visible_to(cast(User, request.user)))

    @property
    def media(self) -> Media:
        return super().media + choosing.ClusterBox().media

    def named(self, row: Alert) -> str:
        return f"{row.alertname} on {row.cluster.name}"

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
            context |= particulars.tell(cast(User, request.user), obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="state", ordering="state")
    def is_now(self, alert: Alert) -> SafeString:
        if alert.state == State.RESOLVED:
            return tables.badge("ok", alert.get_state_display())
        kept = [("silenced", alert.silenced_by), ("inhibited", alert.inhibited_by)]
        words = [word for word, by in kept if by]
        loud = alert.state == State.FIRING and not words
        shown = [("bad" if loud else "warn", alert.get_state_display())]
        shown += [("idle", word) for word in words]
        return format_html_join(" ", "{}", ((tables.badge(*one),) for one in shown))

    @admin.display(description="severity", ordering=finding.ORDERINGS["severity"])
    def level(self, alert: Alert) -> SafeString:
        return tables.badge(TONES[Severity(alert.severity)], alert.get_severity_display())

    @admin.display(description="cluster", ordering="cluster__name")
    def on(self, alert: Alert) -> SafeString:
        return tables.link(alert.cluster, alert.cluster.name)

    @admin.display(description="since (UTC)", ordering="starts_at")
    def begun(self, alert: Alert) -> str:
        return tables.brief(alert.starts_at)

    @admin.display(description="until (UTC)", ordering=finding.ORDERINGS["ends_at"])
    def ended(self, alert: Alert) -> str:
        return tables.brief(alert.ends_at, tables.NOTHING)

    @admin.display(description="taken by")
    def taken_by(self, alert: Alert) -> str:
        return tables.NOTHING if alert.acknowledged_at is None else _taker(alert)

    @admin.display(description="since")
    def since(self, alert: Alert) -> str:
        return tables.moment(alert.starts_at)

    @admin.display(description="until")
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

    @admin.display(description="acknowledged by")
    def held_by(self, alert: Alert) -> str:
        if alert.acknowledged_at is None:
            return tables.NOTHING
        note = f": {alert.acknowledgement}" if alert.acknowledgement else ""
        return f"{_taker(alert)}, {tables.moment(alert.acknowledged_at)}{note}"


def _taker(alert: Alert) -> str:
    return alert.acknowledged_by.username if alert.acknowledged_by else "somebody who is gone"


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
