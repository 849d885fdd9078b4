"""/prometheus/api/v1/query, query_range and format_query."""

from typing import ClassVar

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from apps.observability.api.prometheus import answers
from apps.observability.api.prometheus.door import PrometheusView
from apps.observability.api.prometheus.parameters import BadParameter, Parameters
from apps.observability.arithmetic.values import Grid
from apps.observability.promql import guard
from apps.observability.queries import fleet
from apps.observability.queries.fleet import FleetQuery, Worked


class QueryView(PrometheusView):
    """`stats` is read by nobody here: what a query cost is known to the clusters alone."""

    is_range: ClassVar[bool] = False

    def get(self, request: Request) -> HttpResponseBase:
        sent = self.parameters()
        grid = (
            _range(sent)
            if self.is_range
            else Grid.at(_rounded(sent.moment("time", self.wishes.this_moment())))
        )
        query = FleetQuery(sent.text("query"), grid, sent.wait(), sent.lookback(), sent.limit())
        answer = fleet.ask(self.user, query)
        if isinstance(answer, Worked):
            return answers.worked(answer)
        # DRF keeps Django's own request to itself, which alone knows how it is served.
        return answers.spliced(request._request, answer)  # noqa: SLF001

    post = get


class QueryRangeView(QueryView):
    is_range = True


class FormatView(PrometheusView):
    def get(self, request: Request) -> HttpResponseBase:
        return answers.plain(guard.read(self.parameters().text("query")).prettify())

    post = get


def _range(sent: Parameters) -> Grid:
    start, end = _rounded(sent.needed_moment("start")), _rounded(sent.needed_moment("end"))
    if end < start:
        raise BadParameter("end", "end timestamp must not be before start time")
    if not sent.text("step"):
        raise BadParameter("step", 'cannot parse "" to a valid duration')
    step = _rounded(sent.seconds("step", 0))
    if step <= 0:
        raise BadParameter(
            "step",
            "zero or negative query resolution step widths are not accepted. "
            "Try a positive integer",
        )
    if guard.has_too_many_points(start, end, step):
        raise BadParameter(
            "step",
            f"exceeded maximum resolution of {guard.MOST_POINTS:,} points per timeseries. Try "
            f"decreasing the query resolution (?step={-(-(end - start) // guard.MOST_POINTS):.0f})",
        )
    return Grid(start, end, step)


def _rounded(seconds: float) -> float:
    # Prometheus counts in milliseconds; all clusters are to count from the same one.
    return round(seconds, 3)
