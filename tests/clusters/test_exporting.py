"""A CSV file of clusters: the API's fields, and nothing that a spreadsheet would run."""

import csv
import io
from typing import Any

import pytest
from pydantic import BaseModel

from apps.clusters.contract import Capabilities, ClusterEndpoints, ClusterStatus, ClusterView
from apps.clusters.contract import describe as describe_cluster
from apps.clusters.exporting import COLUMNS, write_csv
from apps.clusters.models import Cluster
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db

PARTS: dict[str, type[BaseModel]] = {
    "": ClusterView,
    "status": ClusterStatus,
    "capabilities": Capabilities,
    "endpoints": ClusterEndpoints,
}


def export(**fields: Any) -> dict[str, str]:
    cluster = make_cluster("hub-one", token="the-secret", **fields)
    lines = write_csv([describe_cluster(cluster)])
    (row,) = csv.DictReader(io.StringIO("".join(lines)))
    return row


def test_a_line_holds_the_fields_of_the_api() -> None:
    row = export(
        region="eu", labels={"team": "red", "tier": "gold"}, prometheus_url="https://p.example.net"
    )
    expected = {
        "name": "hub-one",
        "region": "eu",
        "labels": "team=red, tier=gold",
        "enabled": "true",
        "status.state": "UNKNOWN",
        "status.health_score": "0",
        "status.latency_ms": "",
        "capabilities.gpu_count": "",
        "endpoints.prometheus_url": "https://p.example.net",
        "endpoints.loki_url": "",
    }
    assert {name: row[name] for name in expected} == expected


def test_what_was_discovered_is_in_the_line() -> None:
    cluster = make_cluster("hub-one")
    found = dict.fromkeys(Capabilities.model_fields, None) | {
        "gpu_count": 8,
        "gpu_types": ["H100", "L4"],
        "cnf_types": [],
        "has_gpu_nodes": True,
        "evidence": {},
        "suggested_endpoints": {},
    }
    found.pop("discovered_at")
    Cluster.objects.update(capabilities=found)
    cluster.refresh_from_db()
    (row,) = csv.DictReader(io.StringIO("".join(write_csv([describe_cluster(cluster)]))))
    assert (row["capabilities.gpu_count"], row["capabilities.gpu_types"]) == ("8", "H100, L4")
    assert row["capabilities.has_gpu_nodes"] == "true"
    assert row["capabilities.has_loki"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\t\t@", "\uff1d"])
def test_no_cell_begins_as_a_formula(start: str) -> None:
    name = f"{start}HYPERLINK(1)"
    assert export(display_name=name)["display_name"] == f"'{name}"


@pytest.mark.parametrize("name", ['a "quoted", comma', "two\nlines", "Ünïcode ✓", "a=b"])
def test_other_text_comes_back_as_it_was(name: str) -> None:
    assert export(display_name=name)["display_name"] == name


def test_nothing_of_credentials_is_exported() -> None:
    row = export()
    assert not [name for name in row if "credential" in name or "token" in name]
    assert "the-secret" not in str(row)


def test_every_column_is_a_field_of_the_api() -> None:
    for column in COLUMNS:
        part, _, name = column.rpartition(".")
        assert name in PARTS[part].model_fields, column
