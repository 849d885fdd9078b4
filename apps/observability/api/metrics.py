"""/api/v1/metrics: PromQL over the fleet."""

import math
import uuid
from typing import Any, Literal, get_args

import orjson
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from pydantic import BaseModel
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.clusters.api.access import takes, user_of
from apps.errors import Problem
from apps.observability.api import durations, examples
from apps.observability.api.wishing import WishingView
from apps.observability.arithmetic.values import Grid
from apps.observability.federation import wishes
from apps.observability.federation.outcome import Answer, Failure, Outcome
from apps.observability.promql.guard import MOST_POINTS, has_too_many_points
from apps.observability.queries import metrics
from apps.observability.queries.metrics import Aggregate, FleetAnswer, Question
from apps.observability.sources.prometheus import QueryResult

LONGEST_QUERY = 8 * 1024


class QueryError(BaseModel):
    code: str
    message: str


class ClusterResult(BaseModel):
    """One cluster's part; `data` is what Prometheus gives as `result`: {metric, value|values}."""

    cluster_id: uuid.UUID
    cluster_name: str
    status: Literal["SUCCESS", "ERROR", "TIMEOUT", "PARTIAL", "SKIPPED"]
    result_type: Literal["MATRIX", "VECTOR", "SCALAR", "STRING"] | None
    data: Any
    error: QueryError | None
    query_time_ms: int
    cached: bool
    age_seconds: float


class Aggregated(BaseModel):
    """All clusters' results as one, by label set; `data` is what Prometheus gives as `result`."""

    aggregate: Literal["SUM", "AVG", "MAX", "MIN"]
    result_type: Literal["MATRIX", "VECTOR"]
    data: Any


class MetricsAnswer(BaseModel):
    """`aggregated` is null where nothing but MERGE was asked for."""

    results: list[ClusterResult]
    aggregated: Aggregated | None
    total_query_time_ms: int
    clusters_queried: int
    clusters_succeeded: int
    warnings: list[str]


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentField(serializers.Field[float, Any, float, Any]):
    """A time as ISO 8601 with its zone, or as Unix seconds; read into Unix seconds."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool):
            raise serializers.ValidationError("must be a time, not true or false.")
        try:
            seconds = float(data)
        except OverflowError:
            seconds = float("inf")
        except (TypeError, ValueError):
            seconds = self._parsed(data)
        return self._in_range(seconds)

    def _in_range(self, seconds: float) -> float:
        if not 0 <= seconds < 1e11:
            raise serializers.ValidationError("must be a time in Unix seconds.")
        return seconds

    def _parsed(self, data: Any) -> float:
        try:
            moment = parse_datetime(str(data))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise serializers.ValidationError(
                "must be a time such as 2026-01-31T12:00:00Z, or Unix seconds."
            )
        return moment.timestamp()


@extend_schema_field(OpenApiTypes.STR)
class StepField(serializers.Field[float, Any, float, Any]):
    """A duration as Prometheus writes it (`30s`, `1h30m`) or in seconds; read into seconds."""

    def to_internal_value(self, data: Any) -> float:
        seconds = durations.read(str(data))
        if math.isnan(seconds):
            raise serializers.ValidationError(
                "must be a duration such as 30s or 1h30m, or a number of seconds."
            )
        if not 0.001 <= seconds <= 366 * 86400:
            raise serializers.ValidationError("must be between 1 ms and a year.")
        return seconds


class QueryForm(serializers.Serializer[Any]):
    query = serializers.CharField(max_length=LONGEST_QUERY)
    cluster_ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=1000
    )
    time = MomentField(required=False)
    timeout = serializers.FloatField(default=30, min_value=0.1, max_value=300)
    ask_offline = serializers.BooleanField(
        default=False, help_text="ask clusters too that were found offline a moment ago"
    )
    aggregate = serializers.ChoiceField(choices=get_args(Aggregate), default="MERGE")

    def question(self) -> Question:
        # Without a time each Prometheus would take its own "now"; one moment for all is honest.
        moment = self.validated_data.get("time", wishes.current().this_moment())
        return self._asked_over(Grid.at(round(moment, 3)))

    def _asked_over(self, grid: Grid) -> Question:
        sent = self.validated_data
        return Question(
            sent["query"], grid, sent["timeout"], sent["cluster_ids"], sent["aggregate"]
        )


class QueryRangeForm(QueryForm):
    time = None  # type: ignore[assignment]
    start_time = MomentField()
    end_time = MomentField()
    step = StepField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        span = attrs["end_time"] - attrs["start_time"]
        if span < 0:
            raise serializers.ValidationError({"end_time": "must not be before start_time."})
        if has_too_many_points(attrs["start_time"], attrs["end_time"], attrs["step"]):
            coarser = -(-span // MOST_POINTS)
            raise serializers.ValidationError(
                {"step": f"makes more than {MOST_POINTS:,} points. Use {coarser:.0f}s or more."}
            )
        return attrs

    def question(self) -> Question:
        sent = self.validated_data
        start, end = round(sent["start_time"], 3), round(sent["end_time"], 3)
        return self._asked_over(Grid(start, end, round(sent["step"], 3)))


ANSWERS = {
    200: MetricsAnswer,
    404: OpenApiResponse(Problem, description="A named cluster is not there, or is disabled."),
    422: OpenApiResponse(Problem, description="What the clusters say cannot be reckoned together."),
    502: OpenApiResponse(Problem, description="No cluster answered; `details.clusters` says why."),
    504: OpenApiResponse(Problem, description="No cluster answered in time."),
}


class QueryView(WishingView):
    limit = "queries"

    @extend_schema(
        tags=["metrics"],
        request=QueryForm,
        responses=ANSWERS,
        examples=examples.INSTANT,
        extensions=takes("SIGNED_IN"),
    )
    def post(self, request: Request) -> Response:
        """Ask an instant query of many clusters. One failed cluster never fails the answer."""
        return _answer(self, request, QueryForm(data=request.data))


class QueryRangeView(WishingView):
    limit = "queries"

    @extend_schema(
        tags=["metrics"],
        request=QueryRangeForm,
        responses=ANSWERS,
        examples=examples.RANGE,
        extensions=takes("SIGNED_IN"),
    )
    def post(self, request: Request) -> Response:
        """Ask a range query of many clusters. One failed cluster never fails the answer."""
        return _answer(self, request, QueryRangeForm(data=request.data))


def _answer(view: WishingView, request: Request, form: QueryForm) -> Response:
    form.is_valid(raise_exception=True)
    view.wishes.ask_offline = form.validated_data["ask_offline"]
    question = form.question()
    return Response(_present(metrics.ask(user_of(request), question), question))


def _present(answer: FleetAnswer, question: Question) -> dict[str, Any]:
    found = answer.aggregated
    return {
        "results": [_row(outcome) for outcome in answer.outcomes],
        "aggregated": found
        and {
            "aggregate": question.aggregate,
            "result_type": found.result_type.upper(),
            "data": orjson.Fragment(found.result),
        },
        "total_query_time_ms": answer.elapsed_ms,
        "clusters_queried": answer.coverage.asked,
        "clusters_succeeded": answer.coverage.answered,
        "warnings": answer.warnings,
    }


def _row(outcome: Outcome[QueryResult]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "cluster_id": outcome.connection.cluster_id,
        "cluster_name": outcome.connection.name,
        "query_time_ms": outcome.elapsed_ms,
        "cached": isinstance(outcome, Answer) and outcome.value.cached,
        "age_seconds": round(outcome.value.age_seconds, 3) if isinstance(outcome, Answer) else 0,
    }
    match outcome:
        case Answer(value=result):
            return row | {
                "status": outcome.status,
                "result_type": result.result_type.upper(),
                "data": orjson.Fragment(result.result),
                "error": None,
            }
        case Failure(code=code, reason=reason):
            return row | {
                "status": outcome.status,
                "result_type": None,
                "data": [],
                "error": {"code": code, "message": reason},
            }
