"""Filters and orderings of alerts in the query of a request; what is unknown is refused by name."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from apps.clusters.api.access import user_of
from apps.clusters.api.moments import moment_of
from apps.clusters.api.switches import switch_of
from apps.clusters.errors import NO_SUCH_CLUSTER, ClusterNotFound
from apps.clusters.models import Cluster
from apps.observability.models.alert import Severity, State
from apps.observability.queries.alerts.finding import ORDERINGS
from apps.observability.queries.alerts.narrowing import Matcher, Wish
from apps.observability.queries.alerts.statistics import Window

PAGING = frozenset({"page", "page_size"})
CHOICES = {"state": State.values, "severity": Severity.values}
SWITCHES = ("acknowledged", "silenced", "inhibited")
TIMES = ("since", "until")
MANY = ("cluster_id", "alertname", "namespace", "label", "search")
KNOWN = frozenset({*CHOICES, *SWITCHES, *TIMES, *MANY, "assigned_to"})
LISTED = PAGING | {"ordering"}
MOST_VALUES = 100
LONGEST = 1024
_MATCHER = re.compile(r"([^=!~]+)(=~|!~|!=|=)(.*)", re.DOTALL)

_CLUSTERS = OpenApiParameter(
    "cluster_id", OpenApiTypes.UUID, many=True, description="of these clusters"
)
_SEVERITIES = OpenApiParameter("severity", enum=Severity.values, many=True)
_EXACT = [
    OpenApiParameter("alertname", many=True, description="exactly one of these"),
    OpenApiParameter("namespace", many=True, description="exactly one of these"),
]
_LABELS = OpenApiParameter(
    "label",
    many=True,
    description="name=value, name!=value, or with * for any text name=~web-*, name!~web-*; repeat "
    "to narrow further. A label that is not there is one that is empty",
)
_OF_TIME = [
    OpenApiParameter(
        "since",
        OpenApiTypes.DATETIME,
        description="over from this time on, or, where it is not over, begun",
    ),
    OpenApiParameter(
        "until", OpenApiTypes.DATETIME, description="over, or begun, before this time"
    ),
]
FILTERS = [
    _SEVERITIES,
    _CLUSTERS,
    *_EXACT,
    _LABELS,
    OpenApiParameter(
        "search",
        many=True,
        description="in name, values of labels, and annotations; repeat to narrow further. Of what "
        "is over, words by their beginnings: a word is what stands between blanks and punctuation",
    ),
    OpenApiParameter(
        "acknowledged",
        OpenApiTypes.BOOL,
        description="somebody holds it, or, where it is over, once did",
    ),
    OpenApiParameter("silenced", OpenApiTypes.BOOL),
    OpenApiParameter("inhibited", OpenApiTypes.BOOL),
    OpenApiParameter("assigned_to", description="by user name; empty: nobody"),
    *_OF_TIME,
]
STATES = OpenApiParameter(
    "state", enum=State.values, many=True, description="FIRING and PENDING, if not said"
)
ORDERING = OpenApiParameter(
    "ordering",
    description="one or several of these by comma, -field for descending; the worst severity is "
    f"the highest: {', '.join(ORDERINGS)}",
)
OF_STATISTICS = frozenset({"severity", "cluster_id", "alertname", "namespace", "label", *TIMES})
STATISTICS = [_SEVERITIES, _CLUSTERS, *_EXACT, _LABELS, *_OF_TIME]


def wish_of(request: Request, besides: frozenset[str] = LISTED) -> Wish:
    """Read what is looked for. `besides` are the names that somebody else reads."""
    query = request.query_params
    _refuse_nonsense(query, KNOWN | besides)
    states = query.getlist("state")
    wish = Wish(
        severities=_chosen(query, "severity"),
        cluster_ids=_clusters(request),
        alertnames=tuple(query.getlist("alertname")),
        namespaces=tuple(query.getlist("namespace")),
        matchers=tuple(_matcher(text) for text in query.getlist("label")),
        search=tuple(text for text in query.getlist("search") if text.strip()),
        assigned_to=query.get("assigned_to"),
        acknowledged=_switch(query, "acknowledged"),
        silenced=_switch(query, "silenced"),
        inhibited=_switch(query, "inhibited"),
        since=moment_of("since", query["since"]) if "since" in query else None,
        until=moment_of("until", query["until"]) if "until" in query else None,
    )
    return replace(wish, states=frozenset(_chosen(query, "state"))) if states else wish


def of_states(wish: Wish, *states: State) -> Wish:
    return replace(wish, states=frozenset(state.value for state in states))


def ordering_of(query: QueryDict) -> list[str]:
    """Read by what to order; nothing where it is not said."""
    names = [name for name in query.get("ordering", "").split(",") if name]
    for name in names:
        if name.removeprefix("-") not in ORDERINGS:
            known = ", ".join(ORDERINGS)
            raise ValidationError({"ordering": f"{name!r} cannot be sorted by; choose {known}"})
    return list(dict.fromkeys(names))


def window_of(wish: Wish, default: timedelta) -> Window:
    """Return from when until when; it lasts `default` where it is not said how long."""
    until = wish.until or timezone.now()
    try:
        since = wish.since or until - default
    except OverflowError:
        raise ValidationError({"until": "is before there was any alert"}) from None
    if since >= until:
        raise ValidationError({"since": "must be before `until`, which else is now"})
    return Window(since, until)


def refuse_others(query: QueryDict, known: frozenset[str]) -> None:
    for name in query:
        if name not in known:
            raise ValidationError({name: f"is no filter; there are: {', '.join(sorted(known))}"})


def _refuse_nonsense(query: QueryDict, known: frozenset[str]) -> None:
    refuse_others(query, known)
    for name, values in query.lists():
        if len(values) > MOST_VALUES:
            raise ValidationError({name: f"may be said {MOST_VALUES} times at most"})
        if any("\x00" in value for value in values):
            raise ValidationError({name: "must not hold a NUL character"})
        if any(len(value) > LONGEST for value in values):
            raise ValidationError({name: f"may have {LONGEST} characters at most"})


def _switch(query: QueryDict, name: str) -> bool | None:
    return switch_of(name, query.get(name, "")) if name in query else None


def _chosen(query: QueryDict, name: str) -> tuple[str, ...]:
    known: Sequence[Any] = CHOICES[name]
    for value in query.getlist(name):
        if value not in known:
            raise ValidationError({name: f"{value!r} is none of {', '.join(known)}"})
    return tuple(dict.fromkeys(query.getlist(name)))


def _clusters(request: Request) -> tuple[UUID, ...]:
    ids = tuple(dict.fromkeys(uuid_of("cluster_id", text) for text in _ids(request)))
    visible = Cluster.objects.visible_to(user_of(request))
    if ids and visible.filter(pk__in=ids).count() < len(ids):
        raise ClusterNotFound(NO_SUCH_CLUSTER)
    return ids


def _ids(request: Request) -> list[str]:
    return request.query_params.getlist("cluster_id")


def uuid_of(field: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError(
            {field: "must be an id: 7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10"}
        ) from None


def _matcher(text: str) -> Matcher:
    read = _MATCHER.fullmatch(text)
    if read is None:
        raise ValidationError({"label": "must read name=value, name!=value, name=~a*, name!~a*"})
    name, comparison, value = read.groups()
    return Matcher(name, value, negated=comparison[0] == "!", glob=comparison[1:] == "~")
