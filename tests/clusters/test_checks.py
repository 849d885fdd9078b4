"""Checks end to end: claimed once, asked at the wire, recorded and told once."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.clusters.actions import (
    checking,
    credentials,
    health,
    recording,
    registration,
    rounds,
)
from apps.clusters.connection import Connection
from apps.clusters.health import Reading
from apps.clusters.models import Cluster, HealthCheck
from apps.clusters.models.cluster import State
from apps.clusters.probe import probe
from apps.clusters.vault.secrets import Secrets
from tests.factories import make_cluster
from tests.fakes.upstream import Behaviour, Upstream, kubernetes, prometheus, serve
from tests.rivals import another_connection, at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serve(kubernetes() | prometheus()) as running:
        yield running


def check_all() -> int:
    return async_to_sync(checking.check_due)()


def stored(name: str) -> Cluster:
    return Cluster.objects.select_related("schedule").get(name=name)


def test_a_healthy_cluster_turns_online(upstream: Upstream) -> None:
    make_cluster("hub", api_server_url=upstream.url, prometheus_url=upstream.url)
    assert check_all() == 1
    cluster = stored("hub")
    assert (cluster.state, cluster.health_score, cluster.last_error) == ("ONLINE", 100, "")
    assert cluster.schedule.latency_ms is not None
    assert cluster.schedule.last_seen_at == cluster.schedule.checked_at


def test_prometheus_is_asked_a_query_and_gets_only_its_own_token(
    upstream: Upstream, settings: object
) -> None:
    settings.ALLOW_INSECURE_UPSTREAMS = True  # type: ignore[attr-defined]
    with serve(prometheus()) as metrics:
        cluster = make_cluster("hub", api_server_url=upstream.url, prometheus_url=metrics.url)
        secrets = Secrets(token="for-the-api", prometheus_token="for-prometheus")
        credentials.store(cluster, credentials.NewCredential(secrets))
        check_all()
        assert metrics.paths() == ["/api/v1/query"]
        assert metrics.requests[0].headers["authorization"] == "Bearer for-prometheus"
        assert upstream.requests[0].headers["authorization"] == "Bearer for-the-api"


def test_no_token_travels_over_plain_http(upstream: Upstream) -> None:
    make_cluster("hub", token="secret", api_server_url=upstream.url, prometheus_url=upstream.url)
    check_all()
    assert len(upstream.requests) == 2
    assert all("authorization" not in request.headers for request in upstream.requests)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, "{}"), "refuses our token (401)"),
        ((500, "[+]ping ok\n[-]etcd failed: reason withheld\n"), "[-]etcd failed"),
        ((302, ""), "answers 302"),
        ((404, ""), "Check that this is a Kubernetes API server"),
        (Behaviour.CUT, "does not answer: the connection broke"),
        (Behaviour.DRIP, "no answer in 0.5 s"),
        ((500, b"[-]odd \x00\x07 bytes failed"), "[-]odd    bytes failed"),
    ],
)
def test_an_api_server_that_does_not_do_turns_the_cluster_offline(
    upstream: Upstream, settings: object, answer: object, words: str
) -> None:
    if answer is Behaviour.DRIP:
        settings.CHECK_TIMEOUTS = dict.fromkeys(["HUB", "SPOKE", "EDGE", "FAR_EDGE"], 0.5)  # type: ignore[attr-defined]
    upstream.answers["/readyz"] = answer  # type: ignore[assignment]
    make_cluster("hub", api_server_url=upstream.url)
    check_all()
    cluster = stored("hub")
    assert cluster.state == State.OFFLINE
    assert words in cluster.last_error
    assert cluster.schedule.last_seen_at is None


def test_a_refused_connection_is_named_with_address_and_next_step() -> None:
    make_cluster("edge", api_server_url="https://127.0.0.1:1")
    check_all()
    assert stored("edge").last_error == (
        "The API server at 127.0.0.1:1 does not answer: connection refused. "
        "Check that it runs, and the firewall between."
    )


@pytest.mark.parametrize(
    "answer", [(503, "Application is not available"), (200, "<html>"), (200, {"status": "error"})]
)
def test_a_prometheus_that_answers_no_query_degrades(upstream: Upstream, answer: object) -> None:
    upstream.answers["/api/v1/query"] = answer  # type: ignore[assignment]
    make_cluster("hub", api_server_url=upstream.url, prometheus_url=upstream.url)
    check_all()
    cluster = stored("hub")
    assert (cluster.state, cluster.health_score) == ("DEGRADED", 80)
    assert cluster.prometheus_healthy is False


def test_a_hanging_cluster_delays_no_other_check(upstream: Upstream, settings: object) -> None:
    settings.CHECK_TIMEOUTS = dict.fromkeys(["HUB", "SPOKE", "EDGE", "FAR_EDGE"], 3.0)  # type: ignore[attr-defined]
    with serve({"/readyz": Behaviour.HANG}) as hanging:
        make_cluster("stuck", api_server_url=hanging.url)
        for number in range(5):
            make_cluster(f"well-{number}", api_server_url=upstream.url)
        assert check_all() == 6
    gave_up = HealthCheck.objects.get(cluster__name="stuck").checked_at + timedelta(seconds=3)
    well = HealthCheck.objects.filter(cluster__name__startswith="well-", checked_at__lt=gave_up)
    assert well.count() == 5
    assert "no answer in 3 s" in stored("stuck").last_error


def test_a_check_that_breaks_costs_no_other_cluster_its_own(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cluster("odd", api_server_url=upstream.url)
    make_cluster("well", api_server_url=upstream.url)
    original = probe

    async def explode(target: Connection, timeout: float) -> list[Reading]:  # noqa: ASYNC109
        if target.name == "odd":
            raise KeyError("a bug of ours")
        return await original(target, timeout)

    monkeypatch.setattr(checking, "probe", explode)
    assert check_all() == 2
    assert (stored("well").state, stored("odd").state) == ("ONLINE", "UNKNOWN")
    assert "broke on our side" in stored("odd").last_error


def test_an_answer_to_an_older_question_does_not_overwrite_a_newer_one(
    upstream: Upstream, settings: object
) -> None:
    settings.CHECK_TIMEOUTS = {"EDGE": 2.0, "HUB": 60.0}  # type: ignore[attr-defined]
    with serve({"/readyz": Behaviour.HANG}) as hanging:
        cluster = make_cluster("moved", api_server_url=hanging.url, cluster_type="EDGE")
        [old] = health.claim_due(10)
        registration.change(cluster, {"api_server_url": upstream.url, "cluster_type": "HUB"})
        [new] = health.claim_due(10)

        async def both() -> None:
            async with recording.gather() as gathering:
                slow = asyncio.create_task(checking.check(old, gathering))
                # The old question is on its way before the new one is asked.
                while not hanging.requests and not slow.done():  # noqa: ASYNC110 - it is a fact of another thread
                    await asyncio.sleep(0.01)
                assert not slow.done()
                await checking.check(new, gathering)
                await slow

        async_to_sync(both)()
    assert stored("moved").state == State.ONLINE


def test_only_one_round_claims_at_a_time() -> None:
    make_cluster("hub")
    take = "SELECT pg_try_advisory_lock(%s)"
    with another_connection() as somebody:
        assert rounds.take_turn(rounds.Turn.CHECKS)
        somebody.execute(take, [rounds.Turn.CHECKS])
        assert somebody.fetchone() == (False,)
        rounds.end_turn(rounds.Turn.CHECKS)
        somebody.execute(take, [rounds.Turn.CHECKS])
        assert somebody.fetchone() == (True,)
        assert check_all() == 0
        somebody.execute("SELECT pg_advisory_unlock(%s)", [rounds.Turn.CHECKS])
        assert check_all() == 1


def test_a_round_goes_on_claiming_while_one_cluster_hangs(
    upstream: Upstream, settings: object
) -> None:
    settings.CHECK_TIMEOUTS = dict.fromkeys(["HUB", "SPOKE", "EDGE", "FAR_EDGE"], 3.5)  # type: ignore[attr-defined]
    settings.CHECK_INTERVALS = dict.fromkeys(["HUB", "SPOKE", "EDGE", "FAR_EDGE"], 1.0)  # type: ignore[attr-defined]
    with serve({"/readyz": Behaviour.HANG}) as hanging:
        stuck = make_cluster("stuck", api_server_url=hanging.url)
        make_cluster("well", api_server_url=upstream.url)
        original = checking.ROUND_SECONDS
        checking.ROUND_SECONDS = 2.5
        try:
            check_all()
        finally:
            checking.ROUND_SECONDS = original
    assert HealthCheck.objects.filter(cluster__name="well").count() >= 2
    assert HealthCheck.objects.filter(cluster=stuck).exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_claim_each_check_once() -> None:
    for number in range(20):
        make_cluster(f"cluster-{number}")
    claimed = at_once(*[lambda: health.claim_due(500)] * 2)
    assert sorted(one.name for each in claimed for one in each) == sorted(
        f"cluster-{number}" for number in range(20)
    )


@pytest.mark.django_db(transaction=True)
def test_a_row_that_another_worker_holds_is_skipped_and_not_waited_for() -> None:
    make_cluster("held")
    make_cluster("free")
    row = "SELECT 1 FROM clusters_checkschedule WHERE cluster_id = %s FOR UPDATE"
    with another_connection() as somebody:
        somebody.execute(row, [stored("held").pk])
        assert [one.name for one in health.claim_due(500)] == ["free"]


def test_a_disabled_cluster_is_not_checked() -> None:
    make_cluster("off", enabled=False)
    assert check_all() == 0


def test_claiming_costs_the_same_for_any_number_of_clusters() -> None:
    def queries_for(count: int) -> int:
        for number in range(count):
            make_cluster(f"c-{count}-{number}", token="a-token", loki_url="https://127.0.0.1:2")
        with CaptureQueriesContext(connection) as queries:
            assert len(health.claim_due(500)) == count
        # On a slow machine they would be due again before the next are made.
        Cluster.objects.update(enabled=False)
        return len(queries)

    assert queries_for(2) == queries_for(40)
