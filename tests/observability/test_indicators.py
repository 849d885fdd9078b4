"""The fleet's indicators: asked once a minute, stored together, told where they are news."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.clusters.actions import registration, rounds
from apps.clusters.models import Cluster
from apps.clusters.models.credential import AuthType
from apps.clusters.vault import store
from apps.clusters.vault.secrets import Secrets
from apps.observability.actions import collecting, keeping
from apps.observability.actions.keeping import Found
from apps.observability.collect.judging import is_significant, judge
from apps.observability.models import Indicator, IndicatorReading, IndicatorSample
from apps.observability.tasks import collect_indicators
from apps.streaming.envelope import Event
from tests.factories import make_cluster
from tests.fakes.upstream import Behaviour, prometheus, serve
from tests.payloads import payload_of
from tests.rivals import another_connection

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Clock = Callable[[datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    def set_to(moment: datetime) -> None:
        monkeypatch.setattr("apps.observability.actions.collecting.timezone.now", lambda: moment)

    set_to(NOON)
    return set_to


def said(**values: str) -> Any:
    """What a Prometheus answers to the question for all indicators."""
    result = [
        {"metric": {"aiops_indicator": name.replace("_", "-")}, "value": [1, value]}
        for name, value in values.items()
    ]
    return prometheus(result)


def collect() -> int:
    return async_to_sync(collecting.collect)()


def values() -> dict[tuple[str, str], float]:
    return {
        (row.cluster.name, row.indicator.name): row.value
        for row in IndicatorSample.objects.select_related("cluster", "indicator")
    }


def test_one_question_brings_all_indicators_of_a_cluster(clock: Clock) -> None:
    with serve(said(cpu_percent="42.5", pods_pending="0")) as upstream:
        make_cluster("hub", prometheus_url=upstream.url)
        assert collect() == 2
    assert values() == {("hub", "cpu-percent"): 42.5, ("hub", "pods-pending"): 0}
    assert upstream.paths() == ["/api/v1/query"]
    assert set(IndicatorSample.objects.values_list("at", flat=True)) == {NOON}


def test_a_round_files_its_values_under_the_full_minute(clock: Clock) -> None:
    clock(NOON + timedelta(seconds=17))
    with serve(said(cpu_percent="1")) as upstream:
        make_cluster("hub", prometheus_url=upstream.url)
        collect()
    assert IndicatorReading.objects.get().at == NOON


@pytest.mark.parametrize(
    "answer",
    [
        Behaviour.CUT,
        Behaviour.LEAVE,
        (500, "broken"),
        (401, ""),
        (200, {"status": "success", "data": {"resultType": "vector", "result": [7]}}),
        (200, {"status": "error", "errorType": "internal", "error": "on fire"}),
    ],
    ids=str,
)
def test_a_cluster_that_fails_costs_no_other_its_values(clock: Clock, answer: Any) -> None:
    with (
        serve({"/api/v1/query": answer}) as broken,
        serve(said(cpu_percent="7")) as well,
    ):
        make_cluster("broken", prometheus_url=broken.url)
        make_cluster("well", prometheus_url=well.url)
        assert collect() == 1
    assert values() == {("well", "cpu-percent"): 7}


def test_a_hanging_cluster_ends_with_the_round(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "ROUND_SECONDS", 2)
    monkeypatch.setattr(collecting, "STORE_EVERY_SECONDS", 0.05)
    with (
        serve({"/api/v1/query": Behaviour.HANG}) as hanging,
        serve(said(cpu_percent="7")) as well,
    ):
        make_cluster("hanging", prometheus_url=hanging.url)
        make_cluster("well", prometheus_url=well.url)
        assert collect() == 1


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "words"])
def test_what_is_no_number_is_no_value(clock: Clock, value: str) -> None:
    with serve(said(cpu_percent=value, pods_pending="1")) as upstream:
        make_cluster("hub", prometheus_url=upstream.url)
        assert collect() == 1


def test_what_comes_to_two_numbers_has_no_value(clock: Clock) -> None:
    rows = [
        {"metric": {"aiops_indicator": "cpu-percent", "node": node}, "value": [1, "1"]}
        for node in ("one", "two")
    ]
    with serve(prometheus(rows)) as upstream:
        make_cluster("hub", prometheus_url=upstream.url)
        assert collect() == 0


def test_only_enabled_clusters_with_a_prometheus_are_asked(clock: Clock) -> None:
    with serve(said(cpu_percent="7")) as upstream:
        make_cluster("off", prometheus_url=upstream.url, enabled=False)
        make_cluster("none")
        assert collect() == 0
    assert upstream.requests == []


def test_a_prometheus_with_a_token_of_its_own_is_asked_though_the_api_servers_is_missing(
    clock: Clock, settings: Any
) -> None:
    settings.ALLOW_INSECURE_UPSTREAMS = True
    secrets = {"api": Secrets(), "own": Secrets(prometheus_token="p")}
    with serve(said(cpu_percent="7")) as upstream:
        for name, held in secrets.items():
            cluster = make_cluster(name, prometheus_url=upstream.url)
            store.store(cluster, held, auth_type=AuthType.OIDC)
        assert collect() == 1
    assert [one.headers["authorization"] for one in upstream.requests] == ["Bearer p"]
    assert list(values()) == [("own", "cpu-percent")]


def test_each_platform_is_asked_its_own_query_and_a_disabled_indicator_is_not(
    clock: Clock,
) -> None:
    Indicator.objects.exclude(name="cpu-percent").update(enabled=False)
    Indicator.objects.update(query="everywhere", query_microshift="only_there # a comment")
    with serve(said()) as upstream:
        make_cluster("edge", prometheus_url=upstream.url, platform="MICROSHIFT")
        make_cluster("hub", prometheus_url=upstream.url, platform="OPENSHIFT")
        collect()
    bodies = sorted("only_there" in request.body for request in upstream.requests)
    assert bodies == [False, True]
    assert all("pods-pending" not in request.body for request in upstream.requests)


def test_while_a_round_is_under_way_no_other_begins(clock: Clock) -> None:
    with another_connection() as somebody, serve(said(cpu_percent="7")) as upstream:
        make_cluster("hub", prometheus_url=upstream.url)
        somebody.execute("SELECT pg_advisory_lock(%s)", [rounds.Turn.INDICATORS])
        assert collect() == 0
        assert upstream.requests == []
        somebody.execute("SELECT pg_advisory_unlock(%s)", [rounds.Turn.INDICATORS])
        assert collect() == 1
        assert collect() == 1


def test_a_round_that_was_killed_and_runs_again_tells_nothing_twice(
    clock: Clock, published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    with serve(said(cpu_percent="99")) as upstream:
        make_cluster("hub", prometheus_url=upstream.url)
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                collect()
    assert IndicatorSample.objects.count() == 1
    assert [one.event_type for one in published if one.event_type == "METRIC_UPDATE"] == [
        "METRIC_UPDATE"
    ]


def told(
    steps: list[float], name: str, capture: Any, published: list[Event]
) -> list[dict[str, Any]]:
    """Return the payloads that these values, a minute each, come to."""
    cluster = make_cluster("hub")
    indicator = Indicator.objects.get(name=name)
    published.clear()
    for number, value in enumerate(steps):
        with capture(execute=True):
            keeping.store(NOON + number * MINUTE, [Found(cluster.pk, "hub", indicator, value)])
    return [payload_of(event) for event in published]


def test_crossing_a_threshold_is_told_once_each_way(
    published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    payloads = told(
        [70, 79, 81, 82, 96, 97, 79],
        "cpu-percent",
        django_capture_on_commit_callbacks,
        published,
    )
    assert [(one["value"], one["threshold_breached"]) for one in payloads] == [
        (81, "WARNING"),
        (96, "CRITICAL"),
        (79, None),
    ]
    assert payloads[1] == {
        "metric_name": "cpu-percent",
        "labels": {"cluster": "hub"},
        "unit": "%",
        "value": 96.0,
        "previous_value": 81.0,
        "change_percent": 18.52,
        "threshold_breached": "CRITICAL",
    }


def test_a_slow_drift_is_told_when_it_has_come_far_enough(
    published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    # A quarter of the warning threshold of 80 is 20.
    payloads = told(
        [10, 17, 24, 29, 31, 33], "cpu-percent", django_capture_on_commit_callbacks, published
    )
    assert [(one["previous_value"], one["value"]) for one in payloads] == [(10, 31)]


def test_a_first_value_is_news_only_where_it_is_bad(
    published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    payloads = told([96], "cpu-percent", django_capture_on_commit_callbacks, published)
    assert payloads[0]["previous_value"] is None
    assert payloads[0]["change_percent"] is None


def test_below_is_the_other_way_round() -> None:
    free = Indicator(direction="BELOW", warning=20, critical=5)
    assert [judge(free, value) for value in (21, 20, 5)] == ["OK", "WARNING", "CRITICAL"]


def test_without_significance_no_change_is_news() -> None:
    assert not is_significant(Indicator(significance=None), 1, 1000)
    assert is_significant(Indicator(significance=0.25), 0, 1)


def test_an_older_minute_does_not_overwrite_the_newest() -> None:
    cluster = make_cluster("hub")
    indicator = Indicator.objects.get(name="cpu-percent")
    for at, value in ((NOON, 2.0), (NOON - MINUTE, 1.0)):
        keeping.store(at, [Found(cluster.pk, "hub", indicator, value)])
    assert IndicatorReading.objects.get().value == 2
    assert IndicatorSample.objects.count() == 2


def test_a_cluster_that_went_during_the_round_costs_no_other_its_values() -> None:
    gone, stays = make_cluster("gone"), make_cluster("stays")
    indicator = Indicator.objects.get(name="cpu-percent")
    founds = [Found(one.pk, one.name, indicator, 1.0) for one in (gone, stays)]
    registration.retire(gone)
    keeping.store(NOON, founds)
    assert values() == {("stays", "cpu-percent"): 1}


def test_values_go_with_their_cluster() -> None:
    cluster = make_cluster("hub")
    indicator = Indicator.objects.get(name="cpu-percent")
    keeping.store(NOON, [Found(cluster.pk, "hub", indicator, 1.0)])
    registration.retire(cluster)
    assert not IndicatorSample.objects.exists()
    assert not IndicatorReading.objects.exists()


def test_however_many_values_there_are_the_statements_are_as_many() -> None:
    indicators = list(Indicator.objects.all())

    def statements(clusters: list[Cluster], at: datetime) -> int:
        founds = [
            Found(cluster.pk, cluster.name, indicator, 0.0)
            for cluster in clusters
            for indicator in indicators
        ]
        with CaptureQueriesContext(connection) as queries:
            keeping.store(at, founds)
        return len(queries)

    many = [make_cluster(f"cluster-{number}") for number in range(20)]
    assert statements(many[:1], NOON) == statements(many, NOON + MINUTE)


@pytest.mark.django_db(transaction=True)
def test_the_task_of_beat_does_a_round() -> None:
    with serve(said(cpu_percent="7")) as upstream:
        make_cluster("hub", prometheus_url=upstream.url)
        assert collect_indicators() == 1
    assert IndicatorReading.objects.get().value == 7
