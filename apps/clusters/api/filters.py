"""Filters and orderings of the cluster list; an unknown value is refused by its field's name."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from apps.clusters.models import Cluster
from apps.clusters.models.cluster import ClusterType, Environment, Platform, State

CHOICES = {
    "cluster_type": ClusterType,
    "environment": Environment,
    "platform": Platform,
    "state": State,
}
TEXTS = ("name", "region")
# Asked of the last discovery: what is unknown is neither true nor false.
ABILITIES = {"has_gpu": "has_gpu_nodes", "has_cnf": "has_cnf_workloads"}
SWITCHES = {"true": True, "1": True, "false": False, "0": False}
ORDERINGS = {
    "name": "name",
    "display_name": "display_name",
    "cluster_type": "cluster_type",
    "platform": "platform",
    "environment": "environment",
    "region": "region",
    "state": "state",
    "health_score": "health_score",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "last_seen_at": "schedule__last_seen_at",
    "checked_at": "schedule__checked_at",
    "latency_ms": "schedule__latency_ms",
}
PAGING = {"page", "page_size"}
KNOWN = {*CHOICES, *TEXTS, *ABILITIES, "enabled", "label", "search", "ordering", *PAGING}


def narrow(clusters: QuerySet[Cluster], query: QueryDict) -> QuerySet[Cluster]:
    """Apply the query of a request to `clusters`, in its order."""
    _refuse_nonsense(query)
    conditions: dict[str, Any] = {name: query[name] for name in TEXTS if query.get(name)}
    for name, choices in CHOICES.items():
        if name in query:
            conditions[f"{name}__in"] = _one_of(name, query.getlist(name), list(choices.values))
    if "enabled" in query:
        conditions["enabled"] = _switch("enabled", query.getlist("enabled")[-1])
    for name, ability in ABILITIES.items():
        if name in query:
            found = _switch(name, query.getlist(name)[-1])
            conditions[f"capabilities__{ability}"] = found
    narrowed = clusters.filter(**conditions)
    for text in query.getlist("label"):
        narrowed = narrowed.filter(labels__contains=_label(text))
    for text in query.getlist("search"):
        narrowed = narrowed.filter(_search(text))
    return narrowed.order_by(*_ordering(query.get("ordering") or "name"))


def _refuse_nonsense(query: QueryDict) -> None:
    for name in query:
        if name not in KNOWN:
            raise ValidationError({name: f"is no filter; there are: {', '.join(sorted(KNOWN))}"})
        if any("\x00" in value for value in query.getlist(name)):
            raise ValidationError({name: "must not hold a NUL character"})


def _one_of(field: str, values: list[str], known: list[str]) -> list[str]:
    for value in values:
        if value not in known:
            raise ValidationError({field: f"{value!r} is none of {', '.join(known)}"})
    return values


def _switch(field: str, text: str) -> bool:
    if text.lower() not in SWITCHES:
        raise ValidationError({field: "must be true or false"})
    return SWITCHES[text.lower()]


def _label(text: str) -> dict[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise ValidationError({"label": "must read key=value"})
    return {key: value}


def _search(text: str) -> Q:
    return (
        Q(name__icontains=text)
        | Q(display_name__icontains=text)
        | Q(region__icontains=text)
        | Q(api_server_url__icontains=text)
    )


def _ordering(text: str) -> list[str]:
    columns = []
    for part in text.split(","):
        descending, name = part.startswith("-"), part.removeprefix("-")
        if name not in ORDERINGS:
            known = ", ".join(ORDERINGS)
            raise ValidationError({"ordering": f"{name!r} cannot be sorted by; choose {known}"})
        columns.append(("-" if descending else "") + ORDERINGS[name])
    # The key last, so that pages never overlap where values are equal.
    return [*columns, "pk"]
