"""The filtered list as a file: the same clusters, in the same order, and nothing secret."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.api.filters import narrow
from apps.clusters.models import Cluster
from tests.conftest import signed_in
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db

URL = "/api/v1/clusters"
EXPORT = f"{URL}/export"


@pytest.fixture
def three(db: None) -> None:
    make_cluster("alpha", labels={"team": "red"}, region="eu", token="not-to-be-seen")
    make_cluster("beta", environment="LAB", labels={"team": "blue"}, region="=1+1")
    make_cluster("gamma", platform="MICROSHIFT", labels={"team": "blue"}, enabled=False)


def read_csv(response: Any) -> list[dict[str, str]]:
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.content.decode(), newline="")))


@pytest.mark.parametrize(
    "query", ["", "region=eu", "label=team=blue&ordering=-name", "search=a&enabled=true"]
)
def test_a_file_holds_exactly_the_filtered_list(api: APIClient, three: None, query: str) -> None:
    listed = [item["name"] for item in api.get(f"{URL}?{query}").json()["items"]]
    assert [row["name"] for row in read_csv(api.get(f"{EXPORT}?{query}"))] == listed
    rows = api.get(f"{EXPORT}?{query}&format=json").json()
    assert [row["name"] for row in rows] == listed


def test_what_is_unknown_is_sorted_last_in_both_directions(api: APIClient, three: None) -> None:
    def order(ordering: str) -> list[str]:
        found = narrow(Cluster.objects.all(), QueryDict(f"ordering={ordering}"))
        return [one.name for one in found]

    for name, count in {"alpha": 2, "beta": 16}.items():
        Cluster.objects.filter(name=name).update(capabilities={"gpu_count": count})

    assert order("gpu_count") == ["alpha", "beta", "gamma"]
    assert order("-gpu_count") == ["beta", "alpha", "gamma"]
    assert order("last_seen_at,-name") == order("-last_seen_at,-name") == ["gamma", "beta", "alpha"]


def test_a_file_is_downloaded_under_its_name_whatever_a_browser_would_rather_have(
    api: APIClient, three: None
) -> None:
    for form in ("csv", "json"):
        response = api.get(f"{EXPORT}?format={form}", headers={"Accept": "image/avif"})
        assert response.status_code == 200
        assert response["Content-Disposition"] == f'attachment; filename="clusters.{form}"'


def test_a_cell_is_no_formula_and_no_cell_is_a_secret(api: APIClient, three: None) -> None:
    response = api.get(EXPORT)
    assert read_csv(response)[1]["region"] == "'=1+1"
    files = response.content + api.get(f"{EXPORT}?format=json").content
    assert b"not-to-be-seen" not in files


@pytest.mark.parametrize("query", ["format=xml", "page=1", "page_size=5", "colour=red"])
def test_what_a_file_does_not_know_is_refused(api: APIClient, query: str) -> None:
    response = api.get(f"{EXPORT}?{query}")
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(query.partition("=")[0])


def test_a_file_holds_what_its_reader_may_see(viewer_of_blue: User, three: None) -> None:
    rows = read_csv(signed_in(viewer_of_blue).get(EXPORT))
    assert [row["name"] for row in rows] == ["beta", "gamma"]


def test_a_file_costs_the_same_queries_for_any_number_of_clusters(api: APIClient) -> None:
    def queries_for(count: int) -> int:
        for number in range(count):
            make_cluster(f"c-{count}-{number}", token="t")
        with CaptureQueriesContext(connection) as queries:
            assert api.get(EXPORT).status_code == 200
        return len(queries)

    assert queries_for(3) == queries_for(40)
