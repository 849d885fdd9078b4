"""/api/v1/clusters/bulk: one change to many clusters, with one result each."""

from typing import Any, Literal
from uuid import UUID

from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.actions import bulk
from apps.clusters.actions.bulk import Operation, Order
from apps.clusters.api import examples
from apps.clusters.api.access import takes, user_of, visible
from apps.clusters.api.texts import LabelsField
from apps.clusters.models.grant import Rights
from apps.clusters.rules import MOST_LABELS
from apps.clusters.tasks import check_soon

MOST_CLUSTERS = 500


class BulkForm(serializers.Serializer[Any]):
    """`labels` are set and `remove_labels` taken away, by LABEL alone."""

    operation = serializers.ChoiceField(choices=[one.value for one in Operation])
    ids = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_CLUSTERS
    )
    labels = LabelsField(required=False)
    remove_labels = serializers.ListField(
        child=serializers.CharField(max_length=317), max_length=MOST_LABELS, required=False
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = bool(attrs.get("labels") or attrs.get("remove_labels"))
        if named and attrs["operation"] != Operation.LABEL:
            raise serializers.ValidationError({"labels": "are for the operation LABEL alone."})
        if attrs["operation"] == Operation.LABEL and not named:
            raise serializers.ValidationError({"labels": "are missing: name some, or some to go."})
        return attrs

    def order(self) -> Order:
        sent = self.validated_data
        return Order(
            Operation(sent["operation"]),
            sent.get("labels", {}),
            frozenset(sent.get("remove_labels", ())),
        )


class BulkResult(BaseModel):
    """What became of one cluster; a reason where nothing was done to it."""

    cluster_id: UUID
    status: Literal["DONE", "UNCHANGED", "REFUSED", "NOT_FOUND"]
    reason: str


class BulkAnswer(BaseModel):
    results: list[BulkResult]


class BulkView(APIView):
    @extend_schema(
        tags=["clusters"],
        operation_id="clusters_bulk",
        request=BulkForm,
        responses=BulkAnswer,
        examples=examples.BULK,
        extensions=takes("SIGNED_IN"),
    )
    def post(self, request: Request) -> Response:
        """Enable, disable, label or delete many clusters, with one result each.

        Each is changed for itself, as by a request of its own, and takes the role admin on that
        cluster; those that you may not see are not found. An id that is named twice counts once.
        Sent again, the same order changes nothing more. DELETE asks nothing back: have a person
        confirm it before it is sent.
        """
        form = BulkForm(data=request.data)
        form.is_valid(raise_exception=True)
        ids = form.validated_data["ids"]
        found = {cluster.pk: cluster for cluster in visible(request).filter(pk__in=ids)}
        results = bulk.carry_out(form.order(), ids, found, Rights.of(user_of(request)))
        check_soon()
        described = [BulkResult.model_validate(one, from_attributes=True) for one in results]
        return Response(BulkAnswer(results=described))
