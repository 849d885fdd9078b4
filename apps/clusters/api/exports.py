"""/api/v1/clusters/export: the filtered list as a file, whole and without pages."""

from collections.abc import Iterable, Iterator

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import RootModel, TypeAdapter
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.clusters.api import examples
from apps.clusters.api.access import takes, visible
from apps.clusters.api.filters import PARAMETERS, narrow
from apps.clusters.contract import ClusterView, describe
from apps.clusters.exporting import write_csv

FORMATS = ("csv", "json")
_ROWS = TypeAdapter(list[ClusterView])


class ClusterFile(RootModel[list[ClusterView]]):
    """Every cluster of the filtered list, in its order."""


class AnyForm(BaseContentNegotiation):
    """A file is of the form that `format` says, whatever a browser's Accept prefers."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class ClusterExportView(APIView):
    content_negotiation_class = AnyForm

    @extend_schema(
        tags=["clusters"],
        operation_id="clusters_export",
        parameters=[*PARAMETERS, OpenApiParameter("format", enum=FORMATS, default="csv")],
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, "application/json"): ClusterFile},
        examples=examples.EXPORT,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> HttpResponse:
        """Exactly the clusters of the list with these filters, in its order, as one file.

        No line holds anything of a credential. In CSV a cell that a spreadsheet would run as a
        formula has an apostrophe before it.
        """
        form = request.query_params.get("format", "csv")
        if form not in FORMATS:
            raise ValidationError({"format": f"must be one of {', '.join(FORMATS)}"})
        clusters = narrow(visible(request), request.query_params, frozenset({"format"}))
        views = (describe(cluster) for cluster in clusters.iterator(chunk_size=500))
        body, media_type = _WRITTEN[form](views)
        name = f'attachment; filename="clusters.{form}"'
        return HttpResponse(body, content_type=media_type, headers={"Content-Disposition": name})


def _as_csv(views: Iterator[ClusterView]) -> tuple[bytes, str]:
    return "".join(write_csv(views)).encode(), "text/csv; charset=utf-8"


def _as_json(views: Iterator[ClusterView]) -> tuple[bytes, str]:
    return _ROWS.dump_json(list(views)), "application/json"


_WRITTEN = {"csv": _as_csv, "json": _as_json}
