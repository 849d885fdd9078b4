"""Alerts as files: exactly those of the filters, and nothing that a spreadsheet would run."""

import csv
import io
import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.observability.api import alert_exports
from apps.observability.contract_alerts import AlertView
from apps.observability.queries.alerts import looking_back
from apps.observability.queries.alerts.exporting import COLUMNS
from tests.conftest import signed_in
from tests.contract import conftest as contract
from tests.contract.conftest import Platform
from tests.factories import make_cluster
from tests.observability.alerts.inbox import URL, fire, read, refused

pytestmark = pytest.mark.django_db
platform, server = contract.platform, contract.server
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "=cmd|' /C calc'!A0"]


@pytest.fixture
def red() -> Cluster:
    return make_cluster("red-1", labels={"team": "red"})


def rows(api: APIClient, **query: Any) -> list[dict[str, str]]:
    text = api.get(f"{URL}/export", query).getvalue().decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_file_holds_what_the_list_does_in_its_order(api: APIClient, red: Cluster) -> None:
    for number in range(25):
        severity = ("critical", "warning", "info")[number % 3]
        fire(red, f"Alert{number}", ago=number, severity=severity, team="a,b")
    fire(red, "Over", over_after=1)
    query: dict[str, Any] = {"severity": ["CRITICAL", "INFO"], "ordering": "alertname"}
    listed = read(api, page_size=100, **query)["items"]
    response = api.get(f"{URL}/export", {"format": "json", **query})
    assert response["Content-Disposition"] == 'attachment; filename="alerts.json"'
    assert json.loads(response.getvalue()) == listed
    found = rows(api, **query)
    assert [one["id"] for one in found] == [one["id"] for one in listed]
    assert set(COLUMNS) == AlertView.model_fields.keys()
    assert "team=a,b" in found[0]["labels"]
    assert [one["alertname"] for one in rows(api, state="RESOLVED")] == ["Over"]
    assert json.loads(api.get(f"{URL}/export?format=json&severity=INFO&search=no").getvalue()) == []


def test_what_a_cluster_wrote_is_no_formula(api: APIClient, red: Cluster) -> None:
    for formula in FORMULAS:
        fire(red, formula, annotations={"summary": formula})
    for row in rows(api):
        for cell in row.values():
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")), row


def test_all_that_matches_is_in_the_file_or_none(
    api: APIClient, red: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking_back, "MOST", 1)
    for number in range(3):
        fire(red, f"Alert{number}", over_after=1)
    assert len(rows(api, state="RESOLVED")) == 3
    monkeypatch.setattr(alert_exports, "MOST_ROWS", 2)
    status, message = refused(api, "/export", state="RESOLVED")
    assert (status, message.partition(":")[0]) == (400, "since")
    assert refused(api, "/export", format="xlsx")[0] == 400


def test_people_get_what_they_see(operator_of_red: Any, red: Cluster) -> None:
    fire(red, "Red")
    fire(make_cluster("blue-1"), "Blue")
    assert [one["alertname"] for one in rows(signed_in(operator_of_red))] == ["Red"]


@pytest.mark.django_db(transaction=True)
def test_a_running_server_sends_it_as_it_is_read(platform: Platform) -> None:
    cluster = make_cluster("red-1")
    for number in range(450):
        fire(cluster, f"Alert{number}")
    for form, lines in (("csv", 451), ("json", 450)):
        answer = platform.session.get(f"{platform.url}{URL}/export", params={"format": form})
        assert (answer.status_code, len(answer.text.splitlines())) == (200, lines)
        assert answer.headers["Transfer-Encoding"] == "chunked"
