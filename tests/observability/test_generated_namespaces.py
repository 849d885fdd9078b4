"""Crooked queries of a person who is held to namespaces, against real servers.

Whatever they ask, the answer is that of clusters which hold nothing but their namespaces.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability import real_fleet
from tests.observability.generated_questions import Questions
from tests.observability.programs import program
from tests.observability.real_fleet import INSTANT, RANGE, RealFleet, Server

pytestmark = pytest.mark.django_db

SEED = 20260102
API, REST = "/prometheus/api/v1", "/api/v1/metrics"
HELD_TO = {"north": {"shop"}, "south": {"bank", "none-of-this-name"}}
METRICS = ("queue_depth", "queue_depth", "latency_seconds_count", "latency_seconds_sum", "up")
MATCHERS = (
    'namespace="shop"',
    'namespace="bank"',
    'namespace!="shop"',
    'namespace=~".*"',
    'namespace=~"bank|"',
    'namespace=""',
    'cluster="north"',
    'cluster!="north"',
    'instance="a:80"',
)
# absent() tells the labels that its selector asks for, so those of the limits, too.
LEAVES = (
    "{}",
    "{}",
    "{} offset 3m",
    "count(absent({}))",
    "rate({}[5m])",
    "count_over_time({}[3m])",
    "last_over_time({}[10m:1m])",
    "{} @ end()",
    "sum by (namespace) ({})",
)


class OverNamespaces(Questions):
    """Most of them about what has namespaces, and by all sorts of ways around them."""

    def _selector(self, *metrics: str) -> str:
        chosen = [self._pick(*MATCHERS) for _ in range(self._chance.randint(0, 2))]
        if self._chance.random() < 0.1:
            return "{" + ", ".join(['__name__=~"queue.*|up"', *chosen]) + "}"
        return f"{self._pick(*METRICS)}{{{', '.join(chosen)}}}"

    def _leaf(self) -> str:
        return self._pick(*LEAVES).format(self._selector())


@pytest.fixture(scope="module")
def narrowed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    """Servers with those series alone that the person may see."""
    prometheus, promtool = program("prometheus"), program("promtool")
    folder = tmp_path_factory.mktemp("narrowed")
    with ExitStack() as stack:
        found = {}
        for cluster, names in HELD_TO.items():
            series = [
                one
                for one in real_fleet.series_of(cluster)
                if dict(one[0]).get("namespace") in names
            ]
            found[cluster] = stack.enter_context(
                real_fleet.one_server(prometheus, promtool, folder / cluster, series)
            )
        yield found


class Pair:
    """The same clusters as the person sees them, and as somebody sees all of narrowed ones."""

    def __init__(self, servers: RealFleet, narrowed: dict[str, Server], admin: User) -> None:
        self._urls = [
            {name: servers.split[name].url for name in HELD_TO},
            {name: narrowed[name].url for name in HELD_TO},
        ]
        keeper = make_user("keeper")
        for name, names in HELD_TO.items():
            cluster = make_cluster(name, prometheus_url=self._urls[0][name])
            grant(keeper, Role.VIEWER, cluster, namespaces=sorted(names))
        self._people = [signed_in(keeper), signed_in(admin)]

    def ask(self, path: str, form: dict[str, Any], *, post: bool = False) -> list[Any]:
        """Return what the two are told."""
        return [
            self._ask(person, urls, path, form, post=post)
            for person, urls in zip(self._people, self._urls, strict=True)
        ]

    def _ask(
        self,
        person: APIClient,
        urls: dict[str, str],
        path: str,
        form: dict[str, Any],
        *,
        post: bool,
    ) -> Any:
        for name, url in urls.items():
            Cluster.objects.filter(name=name).update(prometheus_url=url)
        if post:
            response: Any = person.post(path, form, format="json")
            body = response.json()
            rows = [[one["cluster_name"], one["data"]] for one in body.get("results", [])]
            return [response.status_code, rows, body.get("aggregated")]
        response = person.get(path, form)
        return [response.status_code, response.json().get("data")]


@pytest.fixture
def pair(servers: RealFleet, narrowed: dict[str, Server], admin: User) -> Pair:
    return Pair(servers, narrowed, admin)


def test_no_query_tells_more_than_the_persons_namespaces_hold(pair: Pair) -> None:
    questions = OverNamespaces(SEED)
    told = 0
    count = int(os.environ.get("AIOPS_NAMESPACE_QUERIES", "120"))
    for number in range(count):
        query = questions.query()
        over = {"query": query, **{name: str(value) for name, value in RANGE.items()}}
        at = {"query": query, "time": str(INSTANT)}
        path, form = ("query_range", over) if number % 2 else ("query", at)
        held, narrow = pair.ask(f"{API}/{path}", form)
        assert held == narrow, query
        told += held[0] == 200 and bool(held[1]["result"])
        body = {"query": query, "time": INSTANT, "aggregate": ("MERGE", "SUM")[number % 2]}
        held, narrow = pair.ask(f"{REST}/query", body, post=True)
        assert held == narrow, query
        told += any(data for _, data in held[1])
    assert told > count / 4


@pytest.mark.parametrize(
    "match", ["", "up", "queue_depth", '{namespace!="shop", instance=~".+"}', '{le=~".+"}']
)
def test_nothing_there_is_told_beyond_the_persons_namespaces(pair: Pair, match: str) -> None:
    times = {"start": str(RANGE["start"]), "end": str(RANGE["end"])}
    scope = {**times, "match[]": match} if match else times
    labels = ("__name__", "namespace", "instance", "cluster" if match else "zone", "le")
    paths = ["labels", *(f"label/{label}/values" for label in labels)]
    for path in [*paths, "series"] if match else paths:
        held, narrow = pair.ask(f"{API}/{path}", scope)
        assert held == narrow, path
