"""Filters and orderings of the cluster list; an unknown value is refused by its field's name."""

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError

from apps.clusters.api.switches import switch_of
from apps.clusters.expiry import warn_until
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import (
    GPU_COUNT,
    ClusterType,
    Connectivity,
    Environment,
    Platform,
    State,
)

CHOICES = {
    "cluster_type": ClusterType,
    "environment": Environment,
    "platform": Platform,
    "state": State,
    "connectivity": Connectivity,
}
TEXTS = ("name", "region")
# Asked of the last discovery: what is unknown is neither true nor false.
ABILITIES = {"has_gpu": "has_gpu_nodes", "has_cnf": "has_cnf_workloads"}
ORDERINGS: dict[str, str | Cast] = {
    "name": "name",
    "display_name": "display_name",
    "cluster_type": "cluster_type",
    "platform": "platform",
    "platform_version": "platform_version",
    "environment": "environment",
    "region": "region",
    "enabled": "enabled",
    "state": "state",
    "state_since": "state_since",
    "connectivity": "connectivity",
    "health_score": "health_score",
    "certificate_expires_at": "certificate_expires_at",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "last_seen_at": "schedule__last_seen_at",
    "checked_at": "schedule__checked_at",
    "latency_ms": "schedule__latency_ms",
    "gpu_count": GPU_COUNT,
}
EXPIRING = "credentials_expiring"
KNOWN = {*CHOICES, *TEXTS, *ABILITIES, EXPIRING, "enabled", "label", "search", "ordering"}
PAGING = frozenset({"page", "page_size"})
PARAMETERS = [
    *(OpenApiParameter(name, enum=choices.values, many=True) for name, choices in CHOICES.items()),
    OpenApiParameter("name", description="exactly this one"),
    OpenApiParameter("region", description="exactly this one"),
    *(
        OpenApiParameter(name, OpenApiTypes.BOOL, description="neither includes the unknown")
        for name in ABILITIES
    ),
    OpenApiParameter("enabled", OpenApiTypes.BOOL),
    OpenApiParameter(
        EXPIRING, OpenApiTypes.BOOL, description="ended, or to end within the days of warning"
    ),
    OpenApiParameter(
        "label",
        many=True,
        description="key=value, or key alone for any value; repeat to narrow further",
    ),
    OpenApiParameter(
        "search",
        many=True,
        description="in name, display name, region and API server URL; repeat to narrow further",
    ),
    OpenApiParameter(
        "ordering",
        description=(
            "one or several of these by comma, -field for descending; what has no value comes "
            f"last: {', '.join(ORDERINGS)}"
        ),
    ),
]


def narrow(
    clusters: QuerySet[Cluster], query: QueryDict, besides: frozenset[str] = PAGING
) -> QuerySet[Cluster]:
    """Apply the query of a request to `clusters`, in its order.

    `besides` are the names that somebody else reads; all others are refused.
    """
    _refuse_nonsense(query, KNOWN | besides)
    conditions: dict[str, Any] = {name: query[name] for name in TEXTS if query.get(name)}
    for name, choices in CHOICES.items():
        if name in query:
            conditions[f"{name}__in"] = _one_of(name, query.getlist(name), list(choices.values))
    narrowed = clusters.filter(*_switched(query), **conditions)
    for text in query.getlist("label"):
        narrowed = narrowed.filter(**_label(text))
    for text in query.getlist("search"):
        narrowed = narrowed.filter(_search(text))
    return narrowed.order_by(*_ordering(query.get("ordering") or "name"))


def _switched(query: QueryDict) -> Iterator[Q]:
    warned = warn_until(timezone.now())
    known = {"enabled": Q(enabled=True), EXPIRING: Q(credential__expires_at__lte=warned)}
    for name, condition in known.items():
        if name in query:
            yield condition if switch_of(name, query.getlist(name)[-1]) else ~condition
    for name, ability in ABILITIES.items():
        if name in query:
            found = switch_of(name, query.getlist(name)[-1])
            yield Q(**{f"capabilities__{ability}": found})


def _refuse_nonsense(query: QueryDict, known: set[str]) -> None:
    for name in query:
        if name not in known:
            raise ValidationError({name: f"is no filter; there are: {', '.join(sorted(known))}"})
        if any("\x00" in value for value in query.getlist(name)):
            raise ValidationError({name: "must not hold a NUL character"})


def _one_of(field: str, values: list[str], known: list[str]) -> list[str]:
    for value in values:
        if value not in known:
            raise ValidationError({field: f"{value!r} is none of {', '.join(known)}"})
    return values


def _label(text: str) -> dict[str, Any]:
    key, equals, value = text.partition("=")
    if not key:
        raise ValidationError({"label": "must read key=value, or key for any value"})
    return {"labels__contains": {key: value}} if equals else {"labels__has_key": key}


def _search(text: str) -> Q:
    return (
        Q(name__icontains=text)
        | Q(display_name__icontains=text)
        | Q(region__icontains=text)
        | Q(api_server_url__icontains=text)
    )


def _ordering(text: str) -> list[OrderBy | str]:
    columns: dict[str, OrderBy] = {}
    for part in text.split(","):
        descending, name = part.startswith("-"), part.removeprefix("-")
        if name not in ORDERINGS:
            known = ", ".join(ORDERINGS)
            raise ValidationError({"ordering": f"{name!r} cannot be sorted by; choose {known}"})
        # What is unknown is never the first thing to look at, in neither direction.
        order = OrderBy(_column(name), descending=descending, nulls_last=True)
        columns.setdefault(name, order)
    # The key last, so that pages never overlap where values are equal.
    return [*columns.values(), "pk"]


def _column(name: str) -> F | Cast:
    column = ORDERINGS[name]
    return F(column) if isinstance(column, str) else column
