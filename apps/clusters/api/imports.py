"""/api/v1/clusters/import: a kubeconfig over REST. Nothing of it is executed, or returned."""

from typing import Any, Literal
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from pydantic import BaseModel
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.actions.importing import Imported, Wishes, import_contexts
from apps.clusters.api.access import require_admin_of_all, takes
from apps.clusters.api.texts import LabelsField
from apps.clusters.kube.kubeconfig import LONGEST_NAME, MOST_CONTEXTS
from apps.clusters.kube.plain_yaml import MOST_BYTES
from apps.clusters.tasks import check_soon


class ImportForm(serializers.Serializer[Any]):
    """`contexts`: empty for all. `names`: by context, for new clusters."""

    kubeconfig = serializers.CharField(
        max_length=MOST_BYTES, trim_whitespace=False, write_only=True
    )
    contexts = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_NAME, trim_whitespace=False),
        max_length=MOST_CONTEXTS,
        required=False,
    )
    names = serializers.DictField(child=serializers.CharField(max_length=63), required=False)
    prefix = serializers.CharField(max_length=60, required=False, allow_blank=True)
    labels = LabelsField(required=False)
    dry_run = serializers.BooleanField(default=False)
    update = serializers.BooleanField(default=False)  # type: ignore[assignment]  # DRF takes fields out of the class

    def wishes(self) -> Wishes:
        sent = dict(self.validated_data)
        del sent["kubeconfig"]
        return Wishes(**sent | {"contexts": frozenset(sent.get("contexts", ()))})


class ImportResult(BaseModel):
    """What became of one context; `name` is that of the cluster, there already or to be."""

    context: str
    status: Literal["CREATED", "UPDATED", "EXISTS", "REFUSED"]
    reason: str
    name: str
    api_server_url: str
    cluster_id: UUID | None


class ImportAnswer(BaseModel):
    results: list[ImportResult]


EXAMPLE = OpenApiExample(
    "All contexts, tried out",
    value={
        "kubeconfig": "apiVersion: v1\nkind: Config\nclusters: [...]\n",
        "contexts": [],
        "prefix": "lab-",
        "labels": {"team": "red"},
        "dry_run": True,
    },
    request_only=True,
)


EXAMPLE_ANSWER = OpenApiExample(
    "One taken, one refused",
    value={
        "results": [
            {
                "context": "oslo",
                "status": "CREATED",
                "reason": "",
                "name": "lab-oslo",
                "api_server_url": "https://api.oslo.example.net:6443",
                "cluster_id": None,
            },
            {
                "context": "bergen",
                "status": "REFUSED",
                "reason": 'User "bergen" names a program to run (exec). Use a token instead.',
                "name": "",
                "api_server_url": "",
                "cluster_id": None,
            },
        ]
    },
    response_only=True,
)


class ImportView(APIView):
    @extend_schema(
        tags=["clusters"],
        operation_id="clusters_import",
        request=ImportForm,
        responses=ImportAnswer,
        examples=[EXAMPLE, EXAMPLE_ANSWER],
        extensions=takes("ADMIN_OF_ALL"),
    )
    def post(self, request: Request) -> Response:
        """Import the contexts of a kubeconfig, with one result each.

        Only inline tokens, certificates and keys are taken; whatever would run a program or open
        a file is refused by name. Clusters that are known by API server and CA are not doubled.
        """
        require_admin_of_all(request)
        form = ImportForm(data=request.data)
        form.is_valid(raise_exception=True)
        results = import_contexts(form.validated_data["kubeconfig"], form.wishes())
        check_soon()
        return Response(ImportAnswer(results=[_describe(result) for result in results]))


def _describe(result: Imported) -> ImportResult:
    return ImportResult.model_validate(result, from_attributes=True)
