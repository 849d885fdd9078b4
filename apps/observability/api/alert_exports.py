"""/api/v1/alerts/export: the filtered list as a file, whole and without pages."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import RootModel
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.clusters.api.access import takes, user_of
from apps.clusters.api.exports import AnyForm
from apps.observability.api import alert_examples as examples
from apps.observability.api import alert_filters as filters
from apps.observability.contract_alerts import AlertView
from apps.observability.queries.alerts import exporting, finding

FORMATS = ("csv", "json")
MOST_ROWS = 100_000
# As many lines at once as make it worth a turn of the loop.
LINES = 200


class AlertFile(RootModel[list[AlertView]]):
    """Every alert of the filtered list, in its order."""


class AlertExportView(APIView):
    content_negotiation_class = AnyForm

    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_export",
        parameters=[
            filters.STATES,
            *filters.FILTERS,
            filters.ORDERING,
            OpenApiParameter("format", enum=FORMATS, default="csv"),
        ],
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, "application/json"): AlertFile},
        examples=examples.EXPORT,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Exactly the alerts of these filters, in the list's order, as one file.

        All that match, at most 100,000: of more the request is refused, and narrower filters do.
        In CSV a cell that a spreadsheet would run as a formula has an apostrophe before it.
        """
        form = request.query_params.get("format", "csv")
        if form not in FORMATS:
            raise ValidationError({"format": f"must be one of {', '.join(FORMATS)}"})
        wish = filters.wish_of(request, frozenset({"format", "ordering"}))
        found = finding.find_all(user_of(request), wish)
        if found.alerts.order_by()[: MOST_ROWS + 1].count() > MOST_ROWS:
            many = f"these filters leave more than {MOST_ROWS:,} alerts; set it, or narrow further"
            raise ValidationError({"since": many})
        alerts = found.in_order(filters.ordering_of(request.query_params))
        lines = _in_pieces(_WRITTEN[form](alerts.iterator(chunk_size=LINES)))
        # The test client and WSGI take no asynchronous body, and ASGI would collect any other.
        body = _in_turn(lines) if isinstance(request._request, ASGIRequest) else lines  # noqa: SLF001
        name = f'attachment; filename="alerts.{form}"'
        headers = {"Content-Disposition": name}
        return StreamingHttpResponse(body, content_type=_TYPES[form], headers=headers)


def _in_pieces(lines: Iterator[bytes]) -> Iterator[bytes]:
    piece: list[bytes] = []
    for line in lines:
        piece.append(line)
        if len(piece) == LINES:
            yield b"".join(piece)
            piece.clear()
    if piece:
        yield b"".join(piece)


async def _in_turn(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Read each piece in the request's own thread, which has the connection to PostgreSQL."""
    pull = sync_to_async(lambda: next(pieces, b""))
    while piece := await pull():
        yield piece


_WRITTEN = {"csv": exporting.as_csv, "json": exporting.as_json}
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
