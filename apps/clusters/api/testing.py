"""/api/v1/clusters/{id}/test: a check made now, told step by step."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.clusters.actions.testing import TestAnswer, ask_now, describe
from apps.clusters.api.access import find, takes
from apps.clusters.models.grant import Role

EXAMPLE = OpenApiExample(
    "A certificate that is not trusted",
    value={
        "checked_at": "2026-01-31T12:00:00Z",
        "state": "OFFLINE",
        "health_score": 50,
        "failure_stage": "TLS",
        "remedy": "Store the CA bundle that signed its certificate.",
        "steps": [
            {
                "step": "TCP",
                "status": "OK",
                "message": "api.hub.example.com:6443 takes connections.",
                "remedy": "",
                "latency_ms": None,
            },
            {
                "step": "TLS",
                "status": "FAILED",
                "message": "The API server at api.hub.example.com:6443 does not answer: TLS "
                "certificate refused: self-signed certificate in certificate chain.",
                "remedy": "Store the CA bundle that signed its certificate.",
                "latency_ms": None,
            },
        ],
    },
    response_only=True,
)


class ClusterTestView(APIView):
    @extend_schema(
        operation_id="clusters_test",
        tags=["clusters"],
        request=None,
        responses=TestAnswer,
        examples=[EXAMPLE],
        extensions=takes("OPERATOR"),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Check now and wait for it. It is recorded like every other check.

        It takes as long as the slowest part, and no longer than a check of this type of cluster.
        """
        [one] = ask_now([find(request, Role.OPERATOR, pk=pk)])
        return Response(describe(one))
