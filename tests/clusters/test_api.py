"""The registry over REST."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.actions import health
from apps.clusters.health import Verdict
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import State
from apps.streaming.envelope import Event
from tests.conftest import signed_in
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db

URL = "/api/v1/clusters"
BODY = {
    "name": "hub-frankfurt",
    "display_name": "Hub Frankfurt",
    "api_server_url": "https://api.hub.example.net:6443",
    "cluster_type": "HUB",
    "platform": "OPENSHIFT",
    "environment": "PRODUCTION",
    "region": "eu-central",
    "labels": {"team": "red"},
    "endpoints": {"prometheus_url": "https://prometheus.hub.example.net"},
}


def register(api: APIClient, **change: Any) -> Any:
    return api.post(URL, BODY | change, format="json")


def test_a_registered_cluster_reads_back_as_it_was_sent(api: APIClient) -> None:
    response = register(api)
    assert response.status_code == 201
    sent = response.json()
    assert api.get(f"{URL}/{sent['id']}").json() == sent
    assert api.get(f"{URL}/by-name/hub-frankfurt").json() == sent
    assert {key: sent[key] for key in BODY if key != "endpoints"} == {
        key: value for key, value in BODY.items() if key != "endpoints"
    }
    assert sent["endpoints"]["prometheus_url"] == "https://prometheus.hub.example.net"
    assert sent["endpoints"]["loki_url"] is None
    assert sent["status"]["state"] == "UNKNOWN"
    assert sent["permissions"] == ["view", "operate", "admin"]


def test_both_forms_of_a_path_answer_and_nothing_is_redirected(api: APIClient) -> None:
    assert api.post(f"{URL}/", BODY, format="json").status_code == 201
    assert api.get(f"{URL}/").status_code == 200


def test_a_taken_name_is_a_conflict(api: APIClient) -> None:
    register(api)
    response = register(api)
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "CLUSTER_ALREADY_EXISTS"


@pytest.mark.parametrize("name", ["ab", "-hub", "hub-", "Hub", "a" * 64, "h ub", "hüb"])
def test_a_name_that_is_no_name_is_refused(api: APIClient, name: str) -> None:
    response = register(api, name=name)
    assert response.status_code == 400
    assert response.json()["error"]["code"] in {"INVALID_CLUSTER_NAME", "VALIDATION_FAILED"}
    assert not Cluster.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"api_server_url": "http://api.example.net"}, "api_server_url"),
        ({"api_server_url": "ftp://api.example.net"}, "api_server_url"),
        ({"api_server_url": "https://user:secret@api.example.net"}, "api_server_url"),
        ({"api_server_url": "https://api.example.net/?a=b"}, "api_server_url"),
        ({"api_server_url": "https://api.example.net:0"}, "api_server_url"),
        ({"api_server_url": "https://10.0.0.256:6443"}, "api_server_url"),
        ({"api_server_url": "https://[::1]x:1"}, "api_server_url"),
        ({"api_server_url": "https://169.254.169.254"}, "api_server_url"),
        ({"api_server_url": "https://[::ffff:169.254.169.254]"}, "api_server_url"),
        ({"api_server_url": "https://0.0.0.0"}, "api_server_url"),
        ({"api_server_url": "https://api.example.net:99999"}, "api_server_url"),
        ({"cluster_type": "MOON"}, "cluster_type"),
        ({"environment": "production"}, "environment"),
        ({"labels": {"a b": "c"}}, "labels"),
        ({"labels": {"team": "red blue"}}, "labels"),
        ({"labels": {"team": 1}}, "labels.team"),
        ({"labels": []}, "labels"),
        ({"endpoints": {"prometheus_url": "gopher://x"}}, "endpoints.prometheus_url"),
        ({"display_name": "x" * 129}, "display_name"),
        ({"credentials": {}}, "credentials.token"),
    ],
)
def test_a_bad_field_is_named(api: APIClient, change: Any, field: str) -> None:
    response = register(api, **change)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["code"] == "VALIDATION_FAILED"
    assert error["message"].startswith(f"{field}:")
    assert not Cluster.objects.exists()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "2130706433"]
)
def test_an_address_of_this_machine_is_refused_unless_that_is_allowed(
    api: APIClient, settings: Any, host: str
) -> None:
    settings.ALLOW_LOOPBACK_UPSTREAMS = False
    for change in (
        {"api_server_url": f"https://{host}:6443"},
        {"endpoints": {"prometheus_url": f"http://{host}:9090"}},
    ):
        response = register(api, **change)
        assert response.status_code == 400
        assert "No cluster can be at this address" in response.json()["error"]["message"]
    assert not Cluster.objects.exists()


def test_our_own_database_and_redis_are_no_clusters(api: APIClient) -> None:
    ports = (settings.DATABASES["default"]["PORT"], urlsplit(settings.EVENTS_REDIS_URL).port)
    for port in ports:
        response = register(api, endpoints={"loki_url": f"http://127.0.0.1:{port}"})
        assert response.status_code == 400
        assert "own database or Redis" in response.json()["error"]["message"]


@pytest.mark.parametrize("bundle", ["no pem", "-----BEGIN CERTIFICATE-----\u2026"])
def test_a_bad_ca_bundle_is_refused_and_nothing_is_registered(api: APIClient, bundle: str) -> None:
    response = register(api, credentials={"token": "t", "ca_bundle": bundle})
    assert response.json()["error"]["code"] == "CREDENTIALS_INVALID"
    assert not Cluster.objects.exists()


def test_a_patch_changes_what_it_names_and_leaves_the_rest(api: APIClient) -> None:
    sent = register(api).json()
    body = {"region": "eu-west", "endpoints": {"loki_url": "https://loki.example.net"}}
    changed = api.patch(f"{URL}/{sent['id']}", body, format="json").json()
    assert changed["region"] == "eu-west"
    assert changed["endpoints"] == sent["endpoints"] | {"loki_url": "https://loki.example.net"}
    assert changed["display_name"] == "Hub Frankfurt"


def test_renaming_to_a_taken_name_is_a_conflict(api: APIClient) -> None:
    register(api)
    other = make_cluster("other")
    response = api.patch(f"{URL}/{other.pk}", {"name": "hub-frankfurt"}, format="json")
    assert (response.status_code, response.json()["error"]["code"]) == (
        409,
        "CLUSTER_ALREADY_EXISTS",
    )


@pytest.mark.parametrize("field", ["api_server_url", "prometheus_url"])
def test_a_stored_token_does_not_follow_its_address_to_another_host(
    api: APIClient, field: str
) -> None:
    cluster = make_cluster("hub", token="stored", prometheus_url="https://p.example.net/a")
    url = f"{URL}/{cluster.pk}"
    there = "https://elsewhere.example.net"
    move: Any = {field: there} if field == "api_server_url" else {"endpoints": {field: there}}
    refused = api.patch(url, move, format="json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "CREDENTIALS_INVALID")
    assert getattr(Cluster.objects.get(), field) != there
    anew = {"token": "new", "prometheus_token": "new"}
    assert api.patch(url, move | {"credentials": anew}, format="json").status_code == 200
    assert getattr(Cluster.objects.get(), field) == there


def test_a_stored_token_stays_where_only_the_path_changes(api: APIClient) -> None:
    cluster = make_cluster("hub", token="stored", prometheus_url="https://p.example.net/a")
    body = {"endpoints": {"prometheus_url": "https://p.example.net/b"}}
    assert api.patch(f"{URL}/{cluster.pk}", body, format="json").status_code == 200


@pytest.mark.parametrize("token", ["a b", "a\nb", "tökén", "a\u2026"])
def test_a_token_that_no_header_could_carry_is_refused(api: APIClient, token: str) -> None:
    response = register(api, credentials={"token": token})
    assert response.json()["error"]["code"] == "CREDENTIALS_INVALID"
    assert token not in response.content.decode()


def test_a_put_takes_away_what_it_does_not_name(api: APIClient) -> None:
    sent = register(api).json()
    body = {key: value for key, value in BODY.items() if key != "endpoints"}
    del body["region"], body["labels"]
    changed = api.put(f"{URL}/{sent['id']}", body, format="json").json()
    assert changed["endpoints"]["prometheus_url"] is None
    assert (changed["region"], changed["labels"]) == ("", {})


def test_every_change_is_told_and_a_change_of_nothing_is_not(
    api: APIClient, published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        cluster_id = register(api, credentials={"token": "t"}).json()["id"]
        for region in ("x", "x"):
            api.patch(f"{URL}/{cluster_id}", {"region": region}, format="json")
        assert api.delete(f"{URL}/{cluster_id}").status_code == 204
    assert [event.event_type for event in published] == [
        "CLUSTER_CREDENTIALS_UPDATED",
        "CLUSTER_REGISTERED",
        "CLUSTER_UPDATED",
        "CLUSTER_DELETED",
    ]
    assert api.get(f"{URL}/{cluster_id}").status_code == 404


def test_a_refresh_makes_the_check_due(api: APIClient) -> None:
    cluster = make_cluster("hub")
    health.claim_due(10)
    assert health.claim_due(10) == []
    response = api.post(f"{URL}/{cluster.pk}/refresh")
    assert (response.status_code, response.json()) == (202, {"status": "queued"})
    assert len(health.claim_due(10)) == 1


def test_a_refresh_starts_a_round_at_once(
    api: APIClient, django_capture_on_commit_callbacks: Any
) -> None:
    cluster = make_cluster("hub")
    with django_capture_on_commit_callbacks(execute=True):
        api.post(f"{URL}/{cluster.pk}/refresh")
    with redis.Redis.from_url(settings.EVENTS_REDIS_URL) as server:
        assert b"clusters.check_due" in server.lrange("poll", 0, -1)[0]


def test_past_checks_come_newest_first_and_since_a_time(api: APIClient) -> None:
    cluster = make_cluster("hub")
    moments = [timezone.now() - timedelta(minutes=minutes) for minutes in (30, 20, 10)]
    for moment in moments:
        health.record(cluster.pk, Verdict(moment, State.ONLINE, 100, "", 5, {"api_server": True}))
    url = f"{URL}/{cluster.pk}/health-history"
    times = [item["checked_at"] for item in api.get(url).json()["items"]]
    assert times == sorted(times, reverse=True)
    assert len(times) == 3
    recent = api.get(url, {"since": moments[1].isoformat()}).json()
    assert recent["total"] == 2
    span = {"since": moments[0].isoformat(), "until": moments[2].isoformat()}
    assert api.get(url, span).json()["total"] == 2
    for end in ("since", "until"):
        assert api.get(url, {end: "2026-01-31T12:00:00+22:40"}).status_code == 200
        for nonsense in ("monday", "2026-01-31T12:00:00", "0001-01-01T00:00:00+23:00"):
            refused = api.get(url, {end: nonsense}).json()["error"]
            assert refused["message"].startswith(end)


def test_the_status_alone_can_be_asked(api: APIClient) -> None:
    cluster = make_cluster("hub", cluster_type="EDGE")
    body = api.get(f"{URL}/{cluster.pk}/status").json()
    assert (body["state"], body["check_interval_seconds"]) == ("UNKNOWN", 60.0)


def names(response: Any) -> list[str]:
    return [item["name"] for item in response.json()["items"]]


@pytest.fixture
def three(db: None) -> None:
    make_cluster("alpha", cluster_type="HUB", labels={"team": "red", "tier": "1"}, region="eu")
    make_cluster("beta", environment="LAB", labels={"team": "red"}, enabled=False)
    make_cluster("gamma", platform="MICROSHIFT", display_name="Third of them")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["alpha", "beta", "gamma"]),
        ("cluster_type=HUB", ["alpha"]),
        ("cluster_type=HUB&cluster_type=SPOKE", ["alpha", "beta", "gamma"]),
        ("environment=LAB", ["beta"]),
        ("platform=MICROSHIFT", ["gamma"]),
        ("enabled=false", ["beta"]),
        ("state=UNKNOWN", ["alpha", "beta", "gamma"]),
        ("state=ONLINE", []),
        ("region=eu", ["alpha"]),
        ("label=team=red", ["alpha", "beta"]),
        ("label=team=red&label=tier=1", ["alpha"]),
        ("label=tier", ["alpha"]),
        ("label=tier=", []),
        ("connectivity=DISCONNECTED", ["alpha", "beta", "gamma"]),
        ("connectivity=CONNECTED", []),
        ("name=beta", ["beta"]),
        ("ordering=-enabled,-name,-name", ["gamma", "alpha", "beta"]),
        ("search=third", ["gamma"]),
        ("ordering=-name", ["gamma", "beta", "alpha"]),
        ("page=2&page_size=2", ["gamma"]),
    ],
)
def test_the_list_is_narrowed_and_ordered(
    api: APIClient, three: None, query: str, expected: list[str]
) -> None:
    assert names(api.get(f"{URL}?{query}")) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cluster_type=MOON", "cluster_type"),
        ("enabled=perhaps", "enabled"),
        ("label=", "label"),
        ("label==red", "label"),
        ("connectivity=SOMEWHAT", "connectivity"),
        ("ordering=password", "ordering"),
        ("colour=red", "colour"),
        ("page_size=101", "page_size"),
        ("page_size=0", "page_size"),
        (f"page_size={'1' * 5000}", "page_size"),
        ("search=%00", "search"),
        ("label=a=%00", "label"),
        ("name=%00", "name"),
    ],
)
def test_an_unknown_filter_or_value_is_refused_by_name(
    api: APIClient, query: str, field: str
) -> None:
    response = api.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(field)


def test_a_page_says_how_many_there_are(api: APIClient, three: None) -> None:
    body = api.get(f"{URL}?page_size=2").json()
    assert {key: body[key] for key in ("total", "page", "page_size", "total_pages")} == {
        "total": 3,
        "page": 1,
        "page_size": 2,
        "total_pages": 2,
    }


@pytest.mark.parametrize("who", ["admin", "viewer"])
def test_the_list_costs_the_same_for_any_number_of_clusters(
    who: str, admin: User, viewer_of_blue: User
) -> None:
    client = signed_in(admin if who == "admin" else viewer_of_blue)

    def queries_for(count: int) -> int:
        for number in range(count):
            make_cluster(f"c-{count}-{number}", labels={"team": "blue"})
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{URL}?page_size=100").status_code == 200
        return len(queries)

    assert queries_for(3) == queries_for(40)


def test_the_summary_counts_what_the_person_may_see(viewer_of_blue: User) -> None:
    make_cluster("blue-1", labels={"team": "blue"}, cluster_type="HUB")
    make_cluster("blue-2", labels={"team": "blue"}, environment="LAB")
    make_cluster("red-1", labels={"team": "red"})
    cluster = Cluster.objects.get(name="blue-1")
    health.record(
        cluster.pk, Verdict(timezone.now(), State.DEGRADED, 80, "x", 5, {"api_server": True})
    )
    body = signed_in(viewer_of_blue).get("/api/v1/fleet/summary").json()
    assert body["total_clusters"] == 2
    assert body["by_state"] == {
        "ONLINE": 0,
        "DEGRADED": 1,
        "OFFLINE": 0,
        "UNKNOWN": 1,
        "PROVISIONING": 0,
    }
    assert body["by_type"]["HUB"] == 1
    assert body["by_environment"]["LAB"] == 1
    assert body["avg_health_score"] == 80.0


def test_who_am_i(operator_of_red: User) -> None:
    body = signed_in(operator_of_red).get("/api/v1/me").json()
    assert (body["username"], body["role"], body["is_staff"]) == ("red-operator", "OPERATOR", False)
