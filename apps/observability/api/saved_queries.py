"""/api/v1/saved-queries: queries that people keep, for themselves or for all."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.clusters.api.access import UUID_FORM, takes, user_of
from apps.clusters.api.preconditions import CHANGED, ONLY_IF, TAG, generations_read
from apps.clusters.api.switches import switch_of
from apps.clusters.api.texts import LabelsField, TextField
from apps.clusters.errors import NO_SUCH_CLUSTER, ClusterNotFound
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Rights
from apps.errors import PermissionRefused, Problem
from apps.observability.actions import saving
from apps.observability.api import indicator_examples as examples
from apps.observability.collect.checking import check_query
from apps.observability.contract import QueryScope, SavedQueryView
from apps.observability.errors import NO_SUCH_QUERY, SavedQueryNotFound
from apps.observability.models import SavedQuery

MOST_CLUSTERS = 1000
ORDERINGS = {
    "name": "name",
    "owner": "owner__username",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
PARAMETERS = [
    OpenApiParameter("mine", OpenApiTypes.BOOL, description="one's own, or those of others"),
    OpenApiParameter("shared", OpenApiTypes.BOOL),
    OpenApiParameter("search", description="in name, description and PromQL"),
    OpenApiParameter(
        "ordering",
        enum=[*ORDERINGS, *(f"-{name}" for name in ORDERINGS)],
        description="by name, else",
    ),
]
ABSENT = OpenApiResponse(Problem, description="There is no such query, or no such cluster.")
TAKEN = OpenApiResponse(Problem, description="You have a query of this name already.")


class ScopeForm(serializers.Serializer[Any]):
    """The clusters it is for: the named ones, that carry the labels; naming none, all of them."""

    cluster_ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=MOST_CLUSTERS
    )
    labels = LabelsField(required=False, default=dict)


class SavedQueryForm(serializers.Serializer[Any]):
    name = TextField(max_length=100)
    description = TextField(max_length=1000, required=False, allow_blank=True, default="")
    query = TextField(max_length=8192)
    unit = TextField(max_length=32, required=False, allow_blank=True, default="")
    scope = ScopeForm(required=False)
    shared = serializers.BooleanField(required=False, default=False)

    def validate_query(self, text: str) -> str:
        check_query(text)
        return text

    def fields_for(self, request: Request) -> dict[str, Any]:
        """Return what was sent as fields of the model; a named cluster must be one to see."""
        fields = dict(self.validated_data)
        scope = fields.pop("scope", None)
        if scope is None and self.partial:
            return fields
        ids = list(dict.fromkeys((scope or {}).get("cluster_ids", [])))
        if len(_visible(request, ids)) < len(ids):
            raise ClusterNotFound(NO_SUCH_CLUSTER)
        labels = (scope or {}).get("labels", {})
        return fields | {"cluster_ids": [str(one) for one in ids], "labels": labels}


@extend_schema(tags=["saved queries"])
class SavedQueryViewSet(GenericViewSet[SavedQuery]):
    """One's own queries, and those that others share."""

    queryset = SavedQuery.objects.none()
    lookup_value_regex = UUID_FORM

    @extend_schema(
        operation_id="saved_queries_list",
        parameters=PARAMETERS,
        responses=SavedQueryView,
        examples=examples.SAVED_LIST,
        extensions=takes("SIGNED_IN"),
    )
    def list(self, request: Request) -> Response:
        """Your own queries and the shared ones, by page."""
        page = self.paginate_queryset(_narrow(request))
        return self.get_paginated_response(_present(page or [], request))

    @extend_schema(
        request=SavedQueryForm,
        parameters=[TAG],
        responses={201: SavedQueryView, 404: ABSENT, 409: TAKEN},
        examples=examples.SAVING + examples.SAVED,
        extensions=takes("SIGNED_IN"),
    )
    def create(self, request: Request) -> Response:
        """Save a query. Nothing is asked by it; it must be PromQL that could be."""
        form = SavedQueryForm(data=request.data)
        form.is_valid(raise_exception=True)
        saved = saving.save(user_of(request), form.fields_for(request))
        return _answer(saved, request, status=201)

    @extend_schema(
        parameters=[TAG],
        responses=SavedQueryView,
        examples=examples.SAVED,
        extensions=takes("SIGNED_IN"),
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One query."""
        return _answer(_find(request, pk), request)

    @extend_schema(
        request=SavedQueryForm,
        parameters=[ONLY_IF, TAG],
        responses={200: SavedQueryView, 404: ABSENT, 409: TAKEN, 412: CHANGED},
        examples=examples.SAVING + examples.SAVED,
        extensions=takes("SIGNED_IN"),
    )
    def update(self, request: Request, pk: UUID, partial: bool = False) -> Response:
        """Describe a query anew; what is not named goes back to its default.

        A shared one is changed by its owner, or by an admin of all clusters.
        """
        _find_mine(request, pk)
        form = SavedQueryForm(data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        changed = saving.change(pk, form.fields_for(request), generations_read(request))
        return _answer(changed, request)

    @extend_schema(
        request=SavedQueryForm,
        parameters=[ONLY_IF, TAG],
        responses={200: SavedQueryView, 404: ABSENT, 409: TAKEN, 412: CHANGED},
        examples=examples.RENAMING + examples.SAVED,
        extensions=takes("SIGNED_IN"),
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change what is named and leave the rest. The scope is one value: send all of it."""
        return self.update(request, pk, partial=True)

    @extend_schema(
        parameters=[ONLY_IF],
        responses={204: None, 404: ABSENT, 412: CHANGED},
        extensions=takes("SIGNED_IN"),
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Forget a query, for everybody."""
        _find_mine(request, pk)
        saving.forget(pk, generations_read(request))
        return Response(status=204)


def _narrow(request: Request) -> QuerySet[SavedQuery]:
    user = user_of(request)
    queries = SavedQuery.objects.visible_to(user).select_related("owner")
    ordering = "name"
    for name, text in request.query_params.dict().items():
        match name:
            case "mine":
                mine = Q(owner=user)
                queries = queries.filter(mine if switch_of(name, text) else ~mine)
            case "shared":
                queries = queries.filter(shared=switch_of(name, text))
            case "search":
                queries = queries.filter(_containing(text))
            case "ordering":
                ordering = _ordering(text)
            case "page" | "page_size":
                continue
            case _:
                raise ValidationError({name: "is no filter; there are: mine, shared, search"})
    return queries.order_by(ordering, "id")


def _containing(text: str) -> Q:
    if "\x00" in text:
        raise ValidationError({"search": "must be a text that can be written"})
    found = Q(name__icontains=text) | Q(description__icontains=text)
    return found | Q(query__icontains=text)


def _ordering(text: str) -> str:
    column = ORDERINGS.get(text.removeprefix("-"))
    if column is None:
        raise ValidationError({"ordering": f"must be one of {', '.join(ORDERINGS)}"})
    return f"-{column}" if text.startswith("-") else column


def _find(request: Request, pk: UUID) -> SavedQuery:
    visible = SavedQuery.objects.visible_to(user_of(request)).select_related("owner")
    query = visible.filter(pk=pk).first()
    if query is None:
        raise SavedQueryNotFound(NO_SUCH_QUERY)
    return query


def _find_mine(request: Request, pk: UUID) -> None:
    """Refuse with 404 what is not shared, with 403 what is shared by somebody else."""
    query = _find(request, pk)
    if not _may_change(query, request, Rights.of(user_of(request))):
        raise PermissionRefused(f"{query.owner} shares this query. Save a copy to change.")


def _may_change(query: SavedQuery, request: Request, rights: Rights) -> bool:
    return query.owner_id == user_of(request).pk or rights.may_register()


def _visible(request: Request, ids: Sequence[Any]) -> dict[str, UUID]:
    if not ids:
        return {}
    clusters = Cluster.objects.visible_to(user_of(request)).filter(pk__in=ids)
    return {str(pk): pk for pk in clusters.values_list("pk", flat=True)}


def _present(queries: Sequence[SavedQuery], request: Request) -> list[SavedQueryView]:
    visible = _visible(request, [one for query in queries for one in query.cluster_ids])
    rights = Rights.of(user_of(request))
    return [
        SavedQueryView(
            id=query.pk,
            name=query.name,
            description=query.description,
            query=query.query,
            unit=query.unit,
            scope=QueryScope(
                all_clusters=not query.cluster_ids,
                cluster_ids=[visible[one] for one in query.cluster_ids if one in visible],
                labels=query.labels,
            ),
            shared=query.shared,
            owner=query.owner.get_username(),
            permissions=["view", "change"] if _may_change(query, request, rights) else ["view"],
            created_at=query.created_at,
            updated_at=query.updated_at,
        )
        for query in queries
    ]


def _answer(query: SavedQuery, request: Request, status: int = 200) -> Response:
    headers = {"ETag": query.entity_tag}
    return Response(_present([query], request)[0], status=status, headers=headers)
