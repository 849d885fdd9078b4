"""The fleet's GPUs added up: each card once, what is not told is null, and nobody silent unsaid."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.contract_gpu_answers import GpuSummary
from apps.observability.gpus.reading import NVIDIA_SMI, Gpu
from apps.observability.models import GpuFeed
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability.gpus.cards import SERVE, TRAIN, card, part, reading
from tests.observability.gpus.told import sliced, store

pytestmark = pytest.mark.django_db
URL = "/api/v1/gpu/summary"


@pytest.fixture
def cluster() -> Cluster:
    return make_cluster("gpu-oregon", labels={"team": "red"})


def summary(api: APIClient, **query: Any) -> Any:
    response = api.get(URL, query)
    assert response.status_code == 200, response.content
    GpuSummary.model_validate_json(response.content)
    return response.json()


def test_each_card_is_counted_once_however_it_is_divided(api: APIClient, cluster: Cluster) -> None:
    cards = [
        card(0),
        card(1, holders=(), utilization_gpu_percent=0.0),
        card(2, holders=(TRAIN, SERVE), utilization_gpu_percent=0.0),
        sliced(3),
        card(4, name="Tesla T4", holders=(), power_limit_watts=None, power_draw_watts=30.0),
    ]
    store(cluster, {"n1": cards[:3], "n2": cards[3:]})
    found = summary(api)
    assert (found["gpus"], found["nodes"], found["stale_nodes"]) == (5, 2, 0)
    assert found["allocated"] == pytest.approx(2 + 3 / 7, abs=0.001)
    counted = ("free", "idle", "shared", "in_slices", "lost", "missing", "stale")
    assert [found[name] for name in counted] == [2, 1, 1, 1, 0, 0, 0]
    assert found["busy_percent"] == pytest.approx((80 + 0 + 0 + 42.9 + 80) / 5, abs=0.1)
    assert (found["busy_measured"], found["power_measured"]) == (5, 5)
    # The slices' memory is the card's: it is in no sum a second time.
    assert (found["memory_used_mb"], found["memory_total_mb"]) == (5 * 40000, 5 * 81559)
    assert (found["power_draw_watts"], found["power_limit_watts"]) == (2030.0, None)
    h100, t4 = found["by_model"]
    assert (h100["model"], h100["gpus"], h100["power_limit_watts"]) == (cards[0].name, 4, 2800.0)
    assert (t4["model"], t4["gpus"], t4["power_draw_watts"]) == ("Tesla T4", 1, 30.0)
    assert found["by_mig_profile"] == [
        {
            "model": cards[0].name,
            "profile": "3g.40gb",
            "slices": 2,
            "allocated": 1,
            "idle": 0,
            "shared": 0,
            "busy_percent": 50.0,
            "busy_measured": 2,
            "memory_used_mb": 2000,
            "memory_total_mb": 80896,
        }
    ]


def test_what_no_card_tells_is_null_and_not_nothing(api: APIClient, cluster: Cluster) -> None:
    store(cluster, {"n1": [Gpu(uuid="GPU-bare", index=0, memory_total_mb=81559)]})
    found = summary(api)
    assert found["gpus"] == 1
    silent = ("busy_percent", "memory_used_mb", "memory_total_mb", "power_draw_watts")
    assert [found[name] for name in (*silent, "power_limit_watts")] == [None] * 5
    assert (found["busy_measured"], found["power_measured"], found["idle"]) == (0, 0, 0)
    assert found["by_model"][0]["model"] is None
    store(cluster, {"n1": [card(0, memory_used_mb=None), card(1)]})
    found = summary(api)
    assert (found["memory_used_mb"], found["memory_total_mb"]) == (40000, 81559)


def test_an_empty_fleet_is_zero_cards(api: APIClient) -> None:
    found = summary(api)
    assert (found["gpus"], found["busy_percent"], found["by_cluster"]) == (0, None, [])
    assert found["coverage"]["clusters"] == 0


def test_health_is_counted_by_its_worst_and_findings_by_their_cards(
    api: APIClient, cluster: Cluster
) -> None:
    cards = [
        card(0),
        card(1, xid_errors=(79,)),
        card(2, xid_errors=(79, 13)),
        card(3, failure="GPU is lost"),
        card(4, xid_errors=(13,)),
    ]
    store(cluster, {"n1": reading(*cards, lost=("00000000:99:00.0", "00000000:13:00.0"))})
    found = summary(api)
    assert found["by_health"] == {"CRITICAL": 4, "WARNING": 0, "INFO": 1, "OK": 1}
    # Of one address nothing else is known; the other is that of a card that is there.
    assert (found["lost"], found["gpus"]) == (4, 5)
    [red] = found["by_cluster"]
    assert (red["by_health"], red["lost"]) == (found["by_health"], 4)
    assert found["by_model"][0]["by_health"]["CRITICAL"] == 3
    assert found["findings"] == [
        {"code": "XID_79", "severity": "CRITICAL", "gpus": 2},
        {"code": "NO_ANSWER", "severity": "CRITICAL", "gpus": 1},
        {"code": "XID_13", "severity": "INFO", "gpus": 2},
    ]


def test_what_is_not_read_any_more_is_counted_and_in_no_figure(
    api: APIClient, cluster: Cluster
) -> None:
    other = make_cluster("edge-tokyo")
    store(other, {"e1": [card(9, xid_errors=(79,))]}, ago=600, source=NVIDIA_SMI)
    store(cluster, {"n1": [card(0), card(1)]}, ago=15)
    store(cluster, {"n1": [card(0)]})
    found = summary(api)
    assert (found["gpus"], found["stale"], found["missing"]) == (2, 1, 1)
    assert (found["nodes"], found["stale_nodes"]) == (2, 1)
    assert (found["allocated"], found["power_draw_watts"]) == (1.0, 500.0)
    assert (found["memory_used_mb"], found["memory_total_mb"]) == (40000, 81559)
    assert found["by_health"]["CRITICAL"] == 1
    tokyo, oregon = found["by_cluster"]
    assert (tokyo["cluster_name"], tokyo["coverage"], tokyo["source"]) == (
        "edge-tokyo",
        "STALE",
        "NVIDIA_SMI",
    )
    assert "not read any more" in tokyo["problem"]
    assert (tokyo["power_draw_watts"], oregon["power_draw_watts"]) == (None, 500.0)
    assert (oregon["coverage"], oregon["problem"]) == ("READ", "")


def test_clusters_that_tell_nothing_are_named_with_the_reason(
    api: APIClient, cluster: Cluster
) -> None:
    store(cluster, {"n1": [card(0)]}, problem="Node n2 could not be read.")
    silent, failing, _, without = (
        make_cluster(name) for name in ("silent", "failing", "unknown", "without")
    )
    has = {"has_gpu_nodes": True, "gpu_count": 8}
    Cluster.objects.filter(pk__in=[silent.pk, failing.pk]).update(capabilities=has)
    Cluster.objects.filter(pk=without.pk).update(capabilities={"has_gpu_nodes": False})
    GpuFeed.objects.create(cluster=failing, problem="Prometheus answers 403.")
    found = summary(api)
    assert found["coverage"] == {
        "clusters": 5,
        "read": 1,
        "stale": 0,
        "silent": 2,
        "unknown": 1,
        "without_gpus": 1,
    }
    rows = {one["cluster_name"]: one for one in found["by_cluster"]}
    assert list(rows) == ["failing", "gpu-oregon", "silent", "unknown"]
    assert rows["gpu-oregon"]["problem"] == "Node n2 could not be read."
    assert rows["failing"]["problem"] == "Prometheus answers 403."
    assert "neither the DCGM exporter's series" in rows["silent"]["problem"]
    assert (rows["silent"]["gpus"], rows["silent"]["gpus_in_kubernetes"]) == (0, 8)
    assert (rows["unknown"]["coverage"], rows["unknown"]["source"]) == ("UNKNOWN", None)


@pytest.mark.parametrize(
    ("cards", "metrics"),
    [
        ([card(0), sliced(1)], []),
        ([card(0, utilization_gpu_percent=None), card(1)], []),
        ([card(0, utilization_gpu_percent=None)], ["DCGM_FI_DEV_GPU_UTIL"]),
        (
            [sliced(0, mig_instances=(part(1, utilization_gpu_percent=None),))],
            ["DCGM_FI_PROF_GR_ENGINE_ACTIVE"],
        ),
        ([sliced(0, mig_instances=())], []),
        ([card(0, power_draw_watts=None)], ["DCGM_FI_DEV_POWER_USAGE"]),
        ([card(0, memory_used_mb=None)], ["DCGM_FI_DEV_FB_USED"]),
        ([card(0, temperature_celsius=None)], ["DCGM_FI_DEV_GPU_TEMP"]),
        (
            [card(0, xid_errors=None, throttle_reasons=None)],
            ["DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_CLOCKS_EVENT_REASONS"],
        ),
    ],
)
def test_the_metrics_that_an_exporter_is_without_are_told_with_the_line_that_adds_them(
    api: APIClient, cluster: Cluster, cards: list[Gpu], metrics: list[str]
) -> None:
    store(cluster, {"n1": cards})
    missing = summary(api)["by_cluster"][0]["missing_metrics"]
    assert [one["metric"] for one in missing] == metrics
    assert all(one["csv_line"].startswith(f"{one['metric']}, gauge, ") for one in missing)


def test_nvidia_smi_is_short_of_no_metric(api: APIClient, cluster: Cluster) -> None:
    store(cluster, {"n1": [card(0, xid_errors=None)]}, source=NVIDIA_SMI)
    assert summary(api)["by_cluster"][0]["missing_metrics"] == []


def test_the_sums_are_of_what_one_sees_and_names(api: APIClient, cluster: Cluster) -> None:
    other = make_cluster("edge-tokyo", labels={"team": "blue"})
    store(cluster, {"n1": [card(0)]})
    store(other, {"e1": [card(1), card(2)]})
    blue, stranger = make_user("blue"), make_user("stranger")
    grant(blue, Role.VIEWER, label_selector={"team": "blue"}, namespaces=["none"])
    assert summary(api)["gpus"] == 3
    assert summary(api, cluster_id=str(cluster.pk))["gpus"] == 1
    assert summary(api, label="team=blue")["gpus"] == 2
    assert summary(signed_in(blue))["gpus"] == 2
    assert summary(signed_in(stranger))["gpus"] == 0
    hidden = signed_in(blue).get(URL, {"cluster_id": str(cluster.pk)})
    assert hidden.json()["error"]["code"] == "CLUSTER_NOT_FOUND"
    empty = api.get(URL, {"cluster_id": str(make_cluster("no-gpus").pk)})
    assert (empty.status_code, empty.json()["error"]["code"]) == (404, "NO_GPU_NODES")
    assert api.get(URL, {"model": "T4"}).status_code == 400


def test_more_cards_take_no_more_questions(api: APIClient, cluster: Cluster) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            summary(api)
        return len(seen)

    store(cluster, {"n0": [card(0), sliced(1)]})
    before = asked()
    store(make_cluster("edge-tokyo"), {f"n{n}": [card(n), sliced(n + 9)] for n in range(5)})
    assert asked() == before
