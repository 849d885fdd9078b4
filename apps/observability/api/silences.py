"""/api/v1/alerts/silences: silences of the Alertmanagers of all clusters."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from apps.clusters.api import pages
from apps.clusters.api.access import find, takes, user_of
from apps.clusters.api.switches import switch_of
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.errors import Problem
from apps.observability.actions.alerts import silencing
from apps.observability.actions.alerts.silencing import Result, Status
from apps.observability.api import silence_examples as examples
from apps.observability.api.silence_forms import (
    AlertMatch,
    ClusterMatches,
    PreviewForm,
    SilenceChanged,
    SilenceChangeForm,
    SilenceError,
    SilenceForm,
    SilenceList,
    SilencePreview,
    SilenceResult,
    SilenceResults,
    StateName,
    describe,
    state_of,
    words_of,
)
from apps.observability.api.wishing import WishingView
from apps.observability.errors import AlertNotFound, NothingToAsk
from apps.observability.models import Alert
from apps.observability.queries import silences
from apps.observability.queries.silences import Kept, Matched
from apps.observability.tasks import look_again_soon

MOST_SHOWN = 20
ORDERINGS: dict[str, Callable[[Kept], Any]] = {
    "ends_at": lambda kept: kept.silence.ends_at,
    "starts_at": lambda kept: kept.silence.starts_at,
    "updated_at": lambda kept: kept.silence.updated_at,
    "created_by": lambda kept: kept.silence.created_by,
    "cluster_name": lambda kept: kept.target.name,
}
PARAMETERS = [
    OpenApiParameter("cluster_id", OpenApiTypes.UUID, many=True, description="only of these"),
    OpenApiParameter(
        "state",
        enum=get_args(StateName),
        many=True,
        description="ACTIVE and PENDING, unless these are named; repeat for more",
    ),
    OpenApiParameter("search", description="in matchers, comment, creator and id"),
    OpenApiParameter(
        "ordering",
        enum=[*ORDERINGS, *(f"-{name}" for name in ORDERINGS)],
        description="by ends_at, else",
    ),
    OpenApiParameter("ask_offline", OpenApiTypes.BOOL),
    *pages.parameters(),
]
KNOWN = {one.name for one in PARAMETERS}
NO_CLUSTER = OpenApiResponse(Problem, description="A named cluster is not there, or is disabled.")
NOT_THERE = OpenApiResponse(
    Problem, description="There is no such cluster or silence, or none that you may see."
)
FAILURES = {
    404: NOT_THERE,
    502: OpenApiResponse(Problem, description="Alertmanager did not do it; the message says why."),
    503: OpenApiResponse(Problem, description="No Alertmanager is registered for this cluster."),
    504: OpenApiResponse(Problem, description="Alertmanager did not answer in time."),
}


class SilencesView(WishingView):
    @extend_schema(
        tags=["alerts"],
        operation_id="silences_list",
        parameters=PARAMETERS,
        responses={
            200: SilenceList,
            404: NO_CLUSTER,
            502: OpenApiResponse(Problem, description="Not a single Alertmanager answered."),
            504: OpenApiResponse(Problem, description="Not a single one answered in time."),
        },
        examples=examples.LISTED,
        extensions=takes("SIGNED_IN"),
    )
    def get(self, request: Request) -> Response:
        """The silences of all Alertmanagers together, as they have them now.

        Where your grants hold you to namespaces, you see those silences that are about these
        namespaces alone.
        """
        ids, states, search = _filters(request)
        self.wishes.ask_offline = switch_of(
            "ask_offline", request.query_params.get("ask_offline", "false")
        )
        found = silences.find(user_of(request), ids)
        meant = [one for one in found.silences if search in words_of(one)]
        count = Counter(map(state_of, meant))
        shown = _ordered([one for one in meant if state_of(one) in states], request)
        paging: Any = api_settings.DEFAULT_PAGINATION_CLASS
        paginator = paging()
        page = paginator.paginate_queryset(shown, request, self)
        counts = _silenced(request, page)
        items = [describe(one, counts[one.target.cluster_id, one.silence.id]) for one in page]
        answer: Response = paginator.get_paginated_response(items)
        answer.data |= {
            "by_state": {name: count[name] for name in get_args(StateName)},
            "clusters_queried": found.coverage.asked,
            "clusters_succeeded": found.coverage.answered,
            "warnings": found.coverage.warnings,
        }
        return answer

    @extend_schema(
        tags=["alerts"],
        operation_id="silences_create",
        request=SilenceForm,
        responses={200: SilenceResults, 404: NOT_THERE},
        examples=examples.MAKING + examples.MADE,
        extensions=takes("SIGNED_IN"),
    )
    def post(self, request: Request) -> Response:
        """Make one silence in many clusters, with one result each.

        It takes the role operator on each; those that you may not see are not found. Where you made
        an equal one before, with the same matchers and comment, which lasts as long but for a
        minute, it is that one: EXISTS. So sent again it makes no second one, unless both are sent
        in the same moment. With `alert_id` the story of each alert that it matches says so, and
        matchers and cluster are the alert's own where none are named.
        """
        form = SilenceForm(data=request.data)
        form.is_valid(raise_exception=True)
        user, sent = user_of(request), form.validated_data
        alert = _alert(request, sent["alert_id"]) if "alert_id" in sent else None
        ids = sent.get("cluster_ids") or ([alert.cluster_id] if alert else [])
        wanted = form.wanted(user.get_username(), alert)
        results = silencing.silence(user, wanted, ids, told=alert is not None)
        look_again_soon(one.cluster_id for one in results if one.status == Status.CREATED)
        return Response(SilenceResults(results=list(map(_result, results))))


class SilencePreviewView(APIView):
    @extend_schema(
        tags=["alerts"],
        operation_id="silences_preview",
        request=PreviewForm,
        responses={200: SilencePreview, 404: NO_CLUSTER},
        examples=examples.TRYING + examples.TRIED,
        extensions=takes("SIGNED_IN"),
    )
    def post(self, request: Request) -> Response:
        """Which of the alerts that you may see these matchers match, as Alertmanager would.

        Nothing is changed, and no cluster is asked.
        """
        form = PreviewForm(data=request.data)
        form.is_valid(raise_exception=True)
        ids, matchers = form.validated_data["cluster_ids"], form.validated_data["matchers"]
        user, names = user_of(request), _names(request, ids)
        totals: Counter[UUID] = Counter()
        shown: dict[UUID, list[AlertMatch]] = {one: [] for one in ids}
        for alert in silences.matched(user, names, matchers):
            totals[alert.cluster_id] += 1
            if totals[alert.cluster_id] <= MOST_SHOWN:
                shown.setdefault(alert.cluster_id, []).append(_match(alert))
        clusters = [
            ClusterMatches(
                cluster_id=one, cluster_name=names[one], total=totals[one], alerts=alerts
            )
            for one, alerts in sorted(shown.items(), key=lambda pair: names[pair[0]])
        ]
        return Response(
            SilencePreview(
                matchers=[str(one) for one in matchers],
                total=totals.total(),
                complete=not silences.are_too_many(user, names, matchers),
                clusters=clusters,
            )
        )


class SilenceDetailView(APIView):
    @extend_schema(
        tags=["alerts"],
        operation_id="silences_update",
        request=SilenceChangeForm,
        responses={200: SilenceChanged, **FAILURES},
        examples=examples.CHANGING + examples.CHANGED,
        extensions=takes("OPERATOR"),
    )
    def put(self, request: Request, cluster_id: UUID, id: UUID) -> Response:  # noqa: A002
        """Describe a silence anew; you are its creator then.

        Alertmanager ends it and makes another one, under a new id, where it is about other alerts
        than before. One that is over begins anew.
        """
        cluster = find(request, Role.OPERATOR, pk=cluster_id)
        form = SilenceChangeForm(data=request.data)
        form.is_valid(raise_exception=True)
        user = user_of(request)
        new = silencing.change(user, cluster.pk, id, form.wanted(user.get_username()))
        look_again_soon([cluster.pk])
        return Response(SilenceChanged(cluster_id=cluster.pk, id=new, replaced=new != str(id)))

    @extend_schema(
        tags=["alerts"],
        operation_id="silences_expire",
        responses={204: None, **FAILURES},
        extensions=takes("OPERATOR"),
    )
    def delete(self, request: Request, cluster_id: UUID, id: UUID) -> Response:  # noqa: A002
        """End a silence now. One that is over already stays as it is."""
        cluster = find(request, Role.OPERATOR, pk=cluster_id)
        silencing.expire(user_of(request), cluster.pk, id)
        look_again_soon([cluster.pk])
        return Response(status=204)


def _filters(request: Request) -> tuple[list[UUID], set[str], str]:
    sent = request.query_params
    for name in sent:
        if name not in KNOWN:
            raise ValidationError({name: f"is no filter; there are: {', '.join(sorted(KNOWN))}"})
    states = set(sent.getlist("state")) or {"ACTIVE", "PENDING"}
    if not states <= set(get_args(StateName)):
        raise ValidationError({"state": f"must be one of {', '.join(get_args(StateName))}"})
    try:
        ids = [UUID(one) for one in sent.getlist("cluster_id")]
    except ValueError:
        raise ValidationError({"cluster_id": "must be the id of a cluster"}) from None
    return ids, states, sent.get("search", "").casefold()


def _ordered(found: list[Kept], request: Request) -> list[Kept]:
    text = request.query_params.get("ordering", "ends_at")
    by = ORDERINGS.get(text.removeprefix("-"))
    if by is None:
        raise ValidationError({"ordering": f"must be one of {', '.join(ORDERINGS)}"})
    found.sort(key=lambda one: (one.target.name, one.silence.id))
    return sorted(found, key=by, reverse=text.startswith("-"))


def _silenced(request: Request, page: Sequence[Kept]) -> Counter[tuple[UUID, str]]:
    """Count the alerts of each of these silences, by what Alertmanager said of them last."""
    ids = {one.silence.id for one in page}
    alerts = Alert.objects.visible_to(user_of(request)).active()
    rows = alerts.filter(
        cluster_id__in={one.target.cluster_id for one in page}, silenced_by__overlap=list(ids)
    ).values_list("cluster_id", "silenced_by")
    return Counter((cluster, one) for cluster, by in rows for one in set(by) & ids)


def _alert(request: Request, alert_id: UUID) -> Alert:
    alert = Alert.objects.visible_to(user_of(request)).filter(pk=alert_id).first()
    if alert is None:
        raise AlertNotFound("There is no such alert, or none that you may see.")
    return alert


def _names(request: Request, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of these clusters, or of all that may be seen."""
    clusters = Cluster.objects.visible_to(user_of(request))
    wanted = set(ids)
    if wanted:
        clusters = clusters.filter(pk__in=wanted)
    names = dict(clusters.values_list("pk", "name"))
    if wanted - names.keys():
        missing = min(wanted - names.keys())
        raise NothingToAsk(f"There is no cluster {missing}, or none that you may see.")
    return names


def _result(one: Result) -> SilenceResult:
    error = SilenceError(code=one.code, message=one.reason) if one.code else None
    return SilenceResult(
        cluster_id=one.cluster_id,
        cluster_name=one.cluster_name or None,
        status=one.status.value,
        id=one.silence_id or None,
        error=error,
    )


def _match(alert: Matched) -> AlertMatch:
    return AlertMatch.model_validate(alert._asdict() | {"silenced": bool(alert.silenced_by)})
