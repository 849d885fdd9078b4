"""A person who is held to namespaces: what is asked for them, and what is kept back."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.connection import connect
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.actions import keeping
from apps.observability.actions.keeping import Found
from apps.observability.models import Indicator
from apps.observability.queries import asking
from apps.observability.sources import prometheus as source
from tests.conftest import signed_in
from tests.factories import grant, make_user
from tests.fakes.upstream import Answer, prometheus
from tests.observability.fleet import UP, Fleet, a_fleet, said

pytestmark = pytest.mark.django_db

API, REST = "/prometheus/api/v1", "/api/v1/metrics"
TIMES = {"start": "1769860800", "end": "1769864400", "step": "60"}
REST_TIMES = {"start_time": 1769860800, "end_time": 1769864400, "step": "60"}
ANYTHING = '{__name__!="",namespace="shop"}'


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with a_fleet() as made:
        yield made


def held_to(*namespaces: str, name: str = "keeper") -> APIClient:
    user = make_user(name)
    grant(user, Role.VIEWER, everywhere=True, namespaces=list(namespaces))
    return signed_in(user)


def everything() -> dict[str, Answer]:
    words, sets = said(["x"]), said([{"__name__": "up", "namespace": "shop"}])
    paths = ("labels", "label/job/values", "label/cluster/values")
    return (
        prometheus(UP)
        | {"/api/v1/query_range": prometheus([], "matrix")["/api/v1/query_range"]}
        | {f"/api/v1/{path}": words for path in paths}
        | {"/api/v1/series": sets}
    )


def sent(fleet: Fleet, name: str = "alpha") -> list[str]:
    """Return the selectors and queries that came to a cluster."""
    found: list[str] = []
    for request in fleet.upstreams[name].requests:
        form = parse_qs(request.body or request.query)
        found += form.get("query", []) + form.get("match[]", [])
    return found


@pytest.mark.parametrize(
    ("path", "query", "came"),
    [
        (f"{API}/query", {"query": "up"}, 'up{namespace="shop"}'),
        (f"{API}/query", {"query": "sum(up)", "time": "1769860800"}, 'sum(up{namespace="shop"})'),
        (f"{API}/query", {"query": 'up{cluster="alpha"}'}, 'up{namespace="shop"}'),
        (f"{API}/query_range", {"query": "up", **TIMES}, 'up{namespace="shop"}'),
        (f"{API}/series", {"match[]": "up"}, 'up{namespace="shop"}'),
        (f"{API}/labels", {}, ANYTHING),
        (f"{API}/labels", {"match[]": "up"}, 'up{namespace="shop"}'),
        (f"{API}/label/job/values", {}, ANYTHING),
        (f"{API}/label/cluster/values", {"match[]": "up"}, 'up{namespace="shop"}'),
        (f"{REST}/series", {"match": "up"}, 'up{namespace="shop"}'),
        (f"{REST}/labels", {}, ANYTHING),
        (f"{REST}/label/job/values", {}, ANYTHING),
    ],
)
def test_whatever_is_asked_is_held_to_the_namespaces(
    fleet: Fleet, path: str, query: dict[str, str], came: str
) -> None:
    fleet.add("alpha", everything())
    response: Any = held_to("shop").get(path, query)
    assert response.status_code == 200, response.content
    assert sent(fleet) == [came]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("query", {"query": "up"}),
        ("query", {"query": "up", "aggregate": "SUM"}),
        ("query", {"query": 'up{cluster="alpha"}'}),
        ("query_range", {"query": "up", **REST_TIMES}),
    ],
)
def test_queries_of_rest_are_held_too(fleet: Fleet, path: str, body: dict[str, Any]) -> None:
    fleet.add("alpha", everything())
    response: Any = held_to("shop").post(f"{REST}/{path}", body, format="json")
    assert response.status_code == 200, response.content
    assert sent(fleet) == ['up{namespace="shop"}']


def test_each_cluster_is_held_to_what_was_granted_there(fleet: Fleet) -> None:
    alpha, beta, gamma = (fleet.add(name, everything()) for name in ("alpha", "beta", "gamma"))
    user = make_user("keeper")
    grant(user, Role.VIEWER, alpha, beta, namespaces=["shop"])
    grant(user, Role.VIEWER, beta, gamma, namespaces=["bank"])
    grant(user, Role.OPERATOR, gamma)
    signed_in(user).get(f"{API}/query", {"query": "up"})
    assert [sent(fleet, name) for name in ("alpha", "beta", "gamma")] == [
        ['up{namespace="shop"}'],
        ['up{namespace=~"bank|shop"}'],
        ["up"],
    ]


def test_nobody_is_given_the_answer_that_was_kept_for_another(fleet: Fleet, api: APIClient) -> None:
    fleet.add("alpha", everything())
    at = {"query": "up", "time": "1769860800"}
    keepers = [held_to("shop"), held_to("bank", name="another"), held_to("shop", name="third")]
    for client in (api, *keepers, api):
        client.get(f"{API}/query", at)
    assert sent(fleet) == ["up", 'up{namespace="shop"}', 'up{namespace="bank"}']


@pytest.mark.parametrize("query", ["info(up)", "sum by (job) (info(up))"])
def test_what_reads_beyond_its_selectors_is_refused(fleet: Fleet, query: str) -> None:
    fleet.add("alpha", everything())
    response: Any = held_to("shop").post(f"{REST}/query", {"query": query}, format="json")
    assert response.status_code == 400
    assert "beyond your rights" in response.json()["error"]["message"]
    assert fleet.asked() == {}


def rule(namespace: str, *alerts: str) -> dict[str, Any]:
    labels = {"namespace": namespace} if namespace else {}
    firing = [alert(one) for one in alerts]
    return {"name": "Down", "query": "up == 0", "labels": labels, "alerts": firing}


def alert(namespace: str) -> dict[str, Any]:
    return {"labels": {"alertname": "Down", "namespace": namespace}, "state": "firing"}


def with_rules(*groups: list[dict[str, Any]]) -> dict[str, Answer]:
    named = [{"name": f"g{n}", "file": "f", "rules": rules} for n, rules in enumerate(groups)]
    return {
        "/api/v1/rules": said({"groups": named}),
        "/api/v1/alerts": said({"alerts": [alert("shop"), alert("bank"), {"labels": {}}]}),
    }


def test_of_rules_and_alerts_only_those_of_the_namespaces_are_told(
    fleet: Fleet, api: APIClient
) -> None:
    fleet.add("alpha", with_rules([rule("shop", "shop", "bank"), rule("bank")], [rule("")]))
    # They are kept as they came: who asks first must not decide what the next one sees.
    assert len(api.get(f"{API}/rules").json()["data"]["groups"]) == 2
    keeper = held_to("shop")
    told: Any = keeper.get(f"{API}/rules").json()
    [group] = told["data"]["groups"]
    [left] = group["rules"]
    assert [one["labels"]["namespace"] for one in left["alerts"]] == ["shop"]
    assert "you see shop of this cluster" in told["warnings"][0]
    alerts: Any = keeper.get(f"{API}/alerts").json()
    assert [one["labels"]["namespace"] for one in alerts["data"]["alerts"]] == ["shop"]
    assert len(api.get(f"{API}/alerts").json()["data"]["alerts"]) == 3


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"status":"success","data":[1]}', b"\xff"])
def test_rules_that_cannot_be_cut_are_not_passed_on(fleet: Fleet, body: bytes) -> None:
    fleet.add("alpha", {"/api/v1/rules": (200, body)})
    assert held_to("shop").get(f"{API}/rules").status_code == 503


def test_metadata_is_of_a_whole_cluster(fleet: Fleet) -> None:
    gauge = [{"type": "gauge", "help": "", "unit": ""}]
    answers: dict[str, Answer] = {"/api/v1/metadata": said({"up": gauge})}
    alpha, beta = fleet.add("alpha", answers), fleet.add("beta", answers)
    user = make_user("keeper")
    grant(user, Role.VIEWER, alpha, namespaces=["shop"])
    refused: Any = signed_in(user).get(f"{REST}/metadata")
    assert refused.status_code == 403
    assert "you see shop of this one" in refused.json()["error"]["message"]
    assert signed_in(user).get(f"{API}/metadata").json()["errorType"] == "forbidden"
    grant(user, Role.VIEWER, beta)
    told: Any = signed_in(user).get(f"{REST}/metadata").json()
    assert (told["items"], told["clusters_succeeded"]) == ({"up": gauge}, 1)
    assert "you see shop of this one" in told["warnings"][0]
    assert fleet.asked() == {"beta": ["/api/v1/metadata"]}


def indicator_of(cluster: Cluster) -> None:
    at = datetime.now(UTC).replace(second=0, microsecond=0)
    indicator = Indicator.objects.get(name="cpu-percent")
    keeping.store(at, [Found(cluster.pk, cluster.name, indicator, 42.0)])


def test_indicators_are_kept_back_and_say_why(fleet: Fleet) -> None:
    alpha, beta = fleet.add("alpha"), fleet.add("beta")
    for cluster in (alpha, beta):
        indicator_of(cluster)
    user = make_user("keeper")
    grant(user, Role.VIEWER, alpha, namespaces=["shop", "bank"])
    grant(user, Role.VIEWER, beta)
    page: Any = signed_in(user).get("/api/v1/indicators", {"page_size": "100"}).json()
    values = next(one["values"] for one in page["items"] if one["name"] == "cpu-percent")
    assert [(one["value"], one["state"]) for one in values] == [(None, "UNKNOWN"), (42.0, "OK")]
    assert [one["remark"] for one in values] == [
        "An indicator is of a whole cluster, and of this one you see bank, shop.",
        "",
    ]
    named = {"cluster_id": str(alpha.pk)}
    line: Any = signed_in(user).get("/api/v1/indicators/cpu-percent", named).json()["series"][0]
    assert line["points"] == []
    assert "you see bank, shop" in line["remark"]


def test_nobody_asks_for_a_person_what_was_not_chosen_for_them(fleet: Fleet, admin: User) -> None:
    connection = connect(fleet.add("alpha", everything()))
    with pytest.raises(TypeError, match="chosen for them"):
        async_to_sync(asking.get)(connection, source.WORDS, "labels", {}, 5)
    assert fleet.asked() == {}
