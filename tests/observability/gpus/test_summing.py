"""Samples added up: spans for charts, hours of who held what, and energy; and what is forgotten."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.actions.gpus import storing, summing, tidying
from apps.observability.models import (
    GpuCard,
    GpuChange,
    GpuClaim,
    GpuHours,
    GpuNode,
    GpuSample,
    GpuSpan,
)
from tests.factories import grant, make_cluster, make_user
from tests.observability.gpus.cards import SERVE, TRAIN, at, card, heard, part, reading

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> Cluster:
    return make_cluster("gpu-oregon", labels={"team": "red"})


@pytest.fixture
def read(cluster: Cluster) -> Any:
    def store(seconds: float, *gpus: Any) -> None:
        storing.store([heard(cluster, seconds, {"n1": reading(*gpus)})])

    return store


def owners() -> dict[str, tuple[float, ...]]:
    return {
        row.owner: tuple(
            round(one, 6) for one in (row.held, row.used, row.wasted, row.unmeasured, row.kwh)
        )
        for row in GpuHours.objects.all()
    }


def test_five_minutes_of_one_card_come_to_what_one_counts_by_hand(read: Any) -> None:
    """Held for 300 s at 80 % and 600 W: 1/12 h, 1/15 h of it used, 600 W x 300 s = 0.05 kWh."""
    for seconds in range(0, 315, 15):
        read(seconds, card(0, power_draw_watts=600.0))
    assert summing.sum_up(at(370)) == 1
    span = GpuSpan.objects.get()
    assert (span.at, span.busy, span.power_watts) == (at(0), [80.0], [600.0])
    # The way to the next span's first sample is added with that span.
    assert (span.joules, span.seconds) == ([600.0 * 285], [285.0])
    assert owners() == {
        "train": tuple(round(one * 285 / 300, 6) for one in (1 / 12, 0.8 / 12, 0.2 / 12, 0.0, 0.05))
    }
    for seconds in range(315, 615, 15):
        read(seconds, card(0, power_draw_watts=600.0))
    assert summing.sum_up(at(670)) == 1
    assert owners()["train"][0] == pytest.approx(585 / 3600, abs=1e-6)
    assert owners()["train"][4] == pytest.approx(600 * 585 / 3.6e6, abs=1e-6)


def test_nothing_is_added_twice_nor_before_it_is_over(read: Any) -> None:
    for seconds in (0, 15, 30):
        read(seconds, card(0))
    assert summing.sum_up(at(300)) == 0
    assert (summing.sum_up(at(360)), summing.sum_up(at(360))) == (1, 0)
    assert GpuSpan.objects.count() == 1
    assert owners()["train"][0] == pytest.approx(30 / 3600, abs=1e-6)


def test_what_is_held_and_not_used_is_wasted_and_what_nobody_measures_is_neither(
    read: Any,
) -> None:
    for seconds in (0, 60):
        read(
            seconds,
            card(0, utilization_gpu_percent=0.0),
            card(1, utilization_gpu_percent=None, holders=(SERVE,)),
            card(2, holders=()),
        )
    summing.sum_up(at(360))
    minute = round(1 / 60, 6)
    assert {name: sums[:4] for name, sums in owners().items()} == {
        "train": (minute, 0.0, minute, 0.0),
        "serve": (minute, 0.0, 0.0, minute),
    }


def test_slices_and_shared_cards_are_counted_once(read: Any) -> None:
    """A card in 3 + 4 of 7 slices is one card, and one that two share is one as well."""
    sliced = card(
        0,
        mig_enabled=True,
        utilization_gpu_percent=None,
        mig_instances=(part(1), part(2, holders=(TRAIN,), profile="4g.40gb")),
        holders=(),
        power_draw_watts=700.0,
    )
    shared = card(1, holders=(SERVE, TRAIN), power_draw_watts=None)
    for seconds in (0, 60):
        read(seconds, sliced, shared)
    summing.sum_up(at(360))
    found = owners()
    assert found["serve"][0] == pytest.approx((3 / 7 + 1 / 2) / 60, abs=1e-6)
    assert found["train"][0] == pytest.approx((4 / 7 + 1 / 2) / 60, abs=1e-6)
    assert found["serve"][0] + found["train"][0] == pytest.approx(2 / 60, abs=1e-5)
    assert found["serve"][1] == pytest.approx((3 / 7 * 0.5 + 0.5 * 0.8) / 60, abs=1e-6)
    energy = 700 * 60 / 3.6e6
    assert found["serve"][4] == pytest.approx(energy * 3 / 7, abs=1e-6)
    assert found["train"][4] == pytest.approx(energy * 4 / 7, abs=1e-6)


def test_a_slice_that_is_cut_anew_under_its_number_weighs_what_it_does_then(read: Any) -> None:
    """60 s of 3/7 for the one, and 60 s of 1/7 for the other, within the same 5 minutes."""

    def cut(profile: str, holder: Any) -> Any:
        its = part(1, profile=profile, holders=(holder,))
        return card(0, mig_enabled=True, mig_instances=(its,), holders=())

    for seconds in (0, 30):
        read(seconds, cut("3g.40gb", TRAIN))
    for seconds in (60, 90, 120):
        read(seconds, cut("1g.10gb", SERVE))
    summing.sum_up(at(360))
    assert {name: round(sums[0] * 60, 4) for name, sums in owners().items()} == {
        "train": round(3 / 7, 4),
        "serve": round(1 / 7, 4),
    }


def test_a_gap_is_counted_to_nobody(read: Any) -> None:
    for seconds in (0, 15, 200, 215):
        read(seconds, card(0))
    summing.sum_up(at(360))
    assert owners()["train"][0] == pytest.approx(30 / 3600, abs=1e-6)
    assert GpuSpan.objects.get().seconds == [30.0]


def test_each_has_the_hours_from_when_it_held_until_it_gave_back(read: Any) -> None:
    read(0, card(0))
    read(30, card(0))
    read(60, card(0, holders=(SERVE,)))
    read(90, card(0, holders=()))
    read(120, card(0, holders=()))
    summing.sum_up(at(360))
    assert {name: round(sums[0] * 3600) for name, sums in owners().items()} == {
        "train": 60,
        "serve": 30,
    }


def test_hours_are_kept_by_the_model_of_the_cards_for_their_prices(read: Any) -> None:
    """Of two cards of one owner each has its minute, also when more is added to the hour."""
    for seconds in (0, 60):
        read(seconds, card(0), card(1, name="NVIDIA A100-SXM4-80GB"), card(2, name=None))
    summing.sum_up(at(360))
    for seconds in (300, 360):
        read(seconds, card(0), card(1, name="NVIDIA A100-SXM4-80GB"), card(2, name=None))
    summing.sum_up(at(660))
    assert {row.model: (row.owner, round(row.held * 60, 4)) for row in GpuHours.objects.all()} == {
        "NVIDIA H100 80GB HBM3": ("train", 2.0),
        "NVIDIA A100-SXM4-80GB": ("train", 2.0),
        "": ("train", 2.0),
    }


def test_hours_are_seen_by_namespace(cluster: Cluster, read: Any) -> None:
    for seconds in (0, 60):
        read(seconds, card(0), card(1, holders=(SERVE,)))
    summing.sum_up(at(360))
    held = make_user("held")
    grant(held, Role.VIEWER, label_selector={"team": "red"}, namespaces=["ml-serve"])
    assert [row.owner for row in GpuHours.objects.visible_to(held)] == ["serve"]


def test_days_are_made_ahead_and_what_is_old_is_forgotten(cluster: Cluster, settings: Any) -> None:
    settings.GPU_HISTORY_DAYS = 2
    now = timezone.now()
    long_ago = datetime.combine(now.date() - timedelta(days=5), datetime.min.time(), UTC)
    node = GpuNode.objects.create(
        cluster=cluster, node_name="n1", source="DCGM", first_seen_at=now, changed_at=now
    )
    for moment in (long_ago, now):
        GpuSample.objects.create(
            node=node,
            at=moment,
            units=[1],
            busy=[1.0],
            memory_used_mb=[1],
            power_watts=[1.0],
            temperature_celsius=[1],
        )
        GpuChange.objects.create(cluster=cluster, at=moment, kind="GONE", node_name="n1")
    tidying.tidy()
    assert [row.at for row in GpuSample.objects.all()] == [now]
    assert [row.at for row in GpuChange.objects.all()] == [now]


def test_what_is_left_of_a_deleted_cluster_is_swept(cluster: Cluster, read: Any) -> None:
    for seconds in (0, 15):
        read(seconds, card(0))
    summing.sum_up(at(360))
    cluster.delete()
    tidying.tidy()
    for model in (GpuNode, GpuCard, GpuClaim, GpuChange, GpuHours):
        assert model.objects.count() == 0
