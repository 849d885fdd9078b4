"""So many requests a minute, and so many at once: for each person, at every door alike."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import time_machine
from django.conf import settings as live
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from aiops.settings import common
from apps.accounts import limits
from apps.accounts.models import ApiToken, User
from tests.conftest import signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db

CLUSTERS = "/api/v1/clusters"
QUERY = "/api/v1/metrics/query"
FLEET = "/prometheus/api/v1/labels"


@pytest.fixture(autouse=True)
def patient_with_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A loaded machine is not a Redis that is away."""
    monkeypatch.setattr(limits, "BUDGET", 30.0)
    monkeypatch.setattr(limits, "_link", limits._Link())
    limits._script.cache_clear()
    yield
    limits._script.cache_clear()


@pytest.fixture
def strict(settings: Any) -> Any:
    """As slow as it can be: nothing flows in while a test runs."""
    settings.LIMITS = {"requests": (0.001, 3), "queries": (0.001, 2), "installation": None}
    return settings


def statuses(api: APIClient, times: int, path: str = CLUSTERS) -> list[int]:
    return [api.get(path).status_code for _ in range(times)]


def test_what_is_more_than_the_limit_is_told_to_come_again(api: APIClient, strict: Any) -> None:
    assert statuses(api, 3) == [200] * 3
    response = api.get(CLUSTERS)
    assert response.status_code == 429
    error = response.json()["error"]
    assert error["code"] == "RATE_LIMITED"
    assert "3 at once" in error["message"]
    # A token in 60,000 seconds.
    assert 59_000 < int(response["Retry-After"]) <= 60_001
    assert response["X-RateLimit-Remaining"] == "0"


def test_each_answer_tells_what_is_left(api: APIClient, settings: Any) -> None:
    settings.LIMITS = {"requests": (0.001, 3)}
    told = [api.get(CLUSTERS) for _ in range(2)]
    assert [one["X-RateLimit-Remaining"] for one in told] == ["2", "1"]
    assert [one["X-RateLimit-Limit"] for one in told] == ["0.001"] * 2
    assert 119_000 < int(told[1]["X-RateLimit-Reset"]) <= 120_000


def test_a_refusal_of_another_kind_counts_and_tells_as_well(api: APIClient, strict: Any) -> None:
    missing = api.get(f"{CLUSTERS}/by-name/nowhere")
    assert (missing.status_code, missing["X-RateLimit-Remaining"]) == (404, "2")


def test_one_person_takes_nothing_from_another(
    api: APIClient, viewer_of_blue: User, strict: Any
) -> None:
    assert statuses(api, 4)[-1] == 429
    assert statuses(signed_in(viewer_of_blue), 1) == [200]


def test_a_session_and_tokens_of_one_person_share_a_limit(admin: User, strict: Any) -> None:
    _, token = ApiToken.issue(admin, "one")
    with_token = APIClient(headers={"Authorization": f"Bearer {token}"})
    assert statuses(signed_in(admin), 3) == [200] * 3
    assert statuses(with_token, 1) == [429]


def test_queries_have_a_limit_of_their_own(api: APIClient, strict: Any) -> None:
    strict.LIMITS = strict.LIMITS | {"requests": (0.001, 50)}
    asked = [api.post(QUERY, {"query": "up"}, format="json") for _ in range(3)]
    assert [one.status_code for one in asked] == [200, 200, 429]
    assert "queries" in asked[2].json()["error"]["message"]
    ranges = api.post(f"{QUERY}_range", {"query": "up"}, format="json")
    assert ranges.status_code == 429
    rest = api.get(CLUSTERS)
    # Whoever was refused for too many queries has not spent a request.
    assert (rest.status_code, rest["X-RateLimit-Remaining"]) == (200, "47")


def test_the_fleet_as_one_prometheus_says_so_in_its_own_form(api: APIClient, strict: Any) -> None:
    assert api.get(FLEET)["X-RateLimit-Remaining"] == "2"
    statuses(api, 2, FLEET)
    response = api.get(FLEET)
    assert response.status_code == 429
    body = json.loads(response.content)
    assert (body["status"], body["errorType"]) == ("error", "unavailable")
    assert 59_000 < int(response["Retry-After"]) <= 60_000
    assert response["X-RateLimit-Remaining"] == "0"


def test_all_together_have_a_limit(api: APIClient, viewer_of_blue: User, settings: Any) -> None:
    settings.LIMITS = {"installation": (0.001, 2)}
    assert statuses(api, 2) == [200] * 2
    response = signed_in(viewer_of_blue).get(CLUSTERS)
    assert response.status_code == 429
    assert response.json()["error"]["message"].startswith("All people together")


def test_a_bucket_fills_up_as_time_goes_by(settings: Any) -> None:
    # A million a second: more comes back between two calls than is taken.
    settings.LIMITS = {"requests": (60_000_000, 2)}
    told = [limits.spend({"requests": "one"})[0] for _ in range(10)]
    assert not any(one.refused for one in told)
    settings.LIMITS = {"requests": (0.001, 2)}
    told = [limits.spend({"requests": "another"})[0] for _ in range(3)]
    assert [one.refused for one in told] == [False, False, True]


def test_another_clock_of_ours_changes_nothing(settings: Any) -> None:
    settings.LIMITS = {"requests": (0.001, 1)}
    assert not limits.spend({"requests": "one"})[0].refused
    with time_machine.travel("2036-01-01"):
        assert limits.spend({"requests": "one"})[0].refused


def test_a_bucket_that_is_full_again_is_forgotten(settings: Any) -> None:
    settings.LIMITS = {"requests": (600, 50)}
    limits.spend({"requests": "one"})
    with redis.Redis.from_url(live.LIMITS_REDIS_URL) as server:
        assert 0 < server.pttl("limit:requests:one") <= 6000


def test_without_redis_everybody_is_let_through_and_counted(
    api: APIClient, strict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict.LIMITS_REDIS_URL = "redis://127.0.0.1:1/1"
    before = uncounted()
    told = [api.get(CLUSTERS) for _ in range(5)]
    assert [one.status_code for one in told] == [200] * 5
    assert "X-RateLimit-Limit" not in told[0]
    assert uncounted() - before == 5


def test_a_silent_redis_is_asked_once_and_then_left_alone(
    strict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BUDGET", 0.05)
    limits._script.cache_clear()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        strict.LIMITS_REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/1"
        before = uncounted()
        assert [limits.spend({"requests": "one"}) for _ in range(3)] == [[], [], []]
        assert uncounted() - before == 3
        silent.settimeout(5)
        silent.accept()[0].close()
        silent.settimeout(0)
        with pytest.raises(BlockingIOError):
            silent.accept()


def uncounted() -> float:
    return REGISTRY.get_sample_value("aiops_limit_unavailable_total") or 0.0


def test_a_real_installation_has_the_limits_of_the_contract() -> None:
    assert common.LIMITS == {
        "requests": (300.0, 50.0),
        "queries": (60.0, 10.0),
        "installation": (60_000.0, 1_000.0),
    }


def test_a_person_may_send_fifty_at_once_by_default(settings: Any) -> None:
    settings.LIMITS = common.LIMITS
    user = make_user("eager")
    api = signed_in(user)
    told = [api.get(CLUSTERS) for _ in range(50)]
    assert {one.status_code for one in told} == {200}
    assert {one["X-RateLimit-Limit"] for one in told} == {"300"}
