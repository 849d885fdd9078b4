"""Filters and orderings of GPUs in the query of a request; what is unknown is refused by name."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError

from apps.clusters.api.switches import switch_of
from apps.observability.gpus.xids import Severity
from apps.observability.models.gpu import GpuSource
from apps.observability.queries.gpus.nodes import ORDERINGS, Wish
from apps.observability.queries.gpus.sight import Label

PAGING = ("page", "page_size")
LISTED = (*PAGING, "ordering")
SCOPE = ("cluster_id", "label")
OF_NODES = (*SCOPE, "node_name", "source", "model", "health", "mig_profile", "search", "stale")
HEALTHS = [one.name for one in Severity]
MOST_VALUES = 100
LONGEST = 1024

CLUSTERS = OpenApiParameter(
    "cluster_id",
    OpenApiTypes.UUID,
    many=True,
    description="of these clusters; else of all that are enabled",
)
LABELS = OpenApiParameter(
    "label",
    many=True,
    description="of clusters that carry it: key=value, or key alone for any value; repeat to "
    "narrow further",
)
NODES = OpenApiParameter("node_name", many=True, description="exactly one of these")
FILTERS = [
    CLUSTERS,
    LABELS,
    NODES,
    OpenApiParameter("source", enum=GpuSource.values, many=True),
    OpenApiParameter("model", many=True, description="with a card of exactly one of these"),
    OpenApiParameter("health", enum=HEALTHS, many=True, description="with a card as well as that"),
    OpenApiParameter(
        "mig_profile", many=True, description="with a card that has a slice of such: 3g.40gb"
    ),
    OpenApiParameter(
        "search",
        many=True,
        description="in names of nodes and clusters, and in models and UUIDs of cards; repeat to "
        "narrow further",
    ),
    OpenApiParameter("stale", OpenApiTypes.BOOL),
]


def ordering_by(names: Iterable[str], default: str) -> OpenApiParameter:
    return OpenApiParameter(
        "ordering",
        description="one or several of these by comma, -field for descending; what has no value "
        f"comes last: {', '.join(names)}. {default}, if not said",
    )


ORDERING = ordering_by(ORDERINGS, "By cluster and node_name")


def nodes_wish(query: QueryDict) -> Wish:
    refuse_nonsense(query, (*OF_NODES, *LISTED))
    return Wish(
        cluster_ids=clusters(query),
        labels=labels(query),
        node_names=tuple(query.getlist("node_name")),
        sources=_chosen(query, "source", GpuSource.values),
        models=tuple(query.getlist("model")),
        healths=_chosen(query, "health", HEALTHS),
        mig_profiles=tuple(query.getlist("mig_profile")),
        search=tuple(text for text in query.getlist("search") if text.strip()),
        stale=switch_of("stale", query.get("stale", "")) if "stale" in query else None,
    )


def clusters(query: QueryDict) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(_uuid(text) for text in query.getlist("cluster_id")))


def labels(query: QueryDict) -> tuple[Label, ...]:
    found: list[Label] = []
    for text in query.getlist("label"):
        key, equals, value = text.partition("=")
        if not key:
            raise ValidationError({"label": "must read key=value, or key for any value"})
        found.append((key, value if equals else None))
    return tuple(found)


def ordering_of(query: QueryDict, known: Iterable[str] = ORDERINGS) -> list[str]:
    """Read by what to order; nothing where it is not said."""
    names = [name for name in query.get("ordering", "").split(",") if name]
    for name in names:
        if name.removeprefix("-") not in known:
            choice = ", ".join(known)
            raise ValidationError({"ordering": f"{name!r} cannot be sorted by; choose {choice}"})
    return list(dict.fromkeys(names))


def refuse_nonsense(query: QueryDict, known: Sequence[str]) -> None:
    for name, values in query.lists():
        if name not in known:
            raise ValidationError({name: f"is no filter; there are: {', '.join(sorted(known))}"})
        if len(values) > MOST_VALUES:
            raise ValidationError({name: f"may be said {MOST_VALUES} times at most"})
        if any("\x00" in value for value in values):
            raise ValidationError({name: "must not hold a NUL character"})
        if any(len(value) > LONGEST for value in values):
            raise ValidationError({name: f"may have {LONGEST} characters at most"})


def _chosen(query: QueryDict, name: str, known: Sequence[Any]) -> tuple[str, ...]:
    for value in query.getlist(name):
        if value not in known:
            raise ValidationError({name: f"{value!r} is none of {', '.join(known)}"})
    return tuple(dict.fromkeys(query.getlist(name)))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError({"cluster_id": "must be the id of a cluster"}) from None
