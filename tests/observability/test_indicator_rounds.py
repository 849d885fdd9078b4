"""A round of indicators goes out by the same way as what people ask."""

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from apps.observability.actions import collecting
from apps.observability.federation import upstreams
from apps.observability.models import IndicatorSample
from tests.factories import make_cluster
from tests.fakes.upstream import Behaviour, prometheus, serve

pytestmark = pytest.mark.django_db
VALUE = {"metric": {"aiops_indicator": "cpu-percent"}, "value": [1, "42"]}


@pytest.fixture(autouse=True)
def nothing_known_of_before(settings: Any) -> Iterator[None]:
    settings.BREAKER_FAILURES, settings.BREAKER_FIRST_WAIT = 2, 3600
    upstreams.forget()
    yield
    upstreams.forget()


def collect() -> int:
    return async_to_sync(collecting.collect)()


def test_a_cluster_that_fails_again_and_again_is_left_alone_by_the_rounds() -> None:
    with serve({"/api/v1/query": Behaviour.CUT}) as broken, serve(prometheus([VALUE])) as well:
        make_cluster("broken", prometheus_url=broken.url)
        make_cluster("well", prometheus_url=well.url)
        for _ in range(2):
            collect()
        asked = len(broken.requests)
        collect()
        assert (len(broken.requests), len(well.requests)) == (asked, 3)
    assert IndicatorSample.objects.get().value == 42


def test_what_a_round_has_found_out_spares_people_the_wait(api: APIClient) -> None:
    with serve({"/api/v1/query": Behaviour.CUT}) as broken:
        make_cluster("broken", prometheus_url=broken.url)
        for _ in range(2):
            collect()
        asked = len(broken.requests)
        body = {"query": "up"}
        response: Any = api.post("/api/v1/metrics/query", body, format="json")
        assert "left alone" in response.json()["error"]["message"]
        assert len(broken.requests) == asked
