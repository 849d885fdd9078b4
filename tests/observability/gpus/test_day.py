"""A day of GPUs whose waste, energy and cost are reckoned by hand, and one of the simulated fleet.

What is expected is worked out in the comments, from the figures of the day alone.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from apps.clusters.models import Cluster
from apps.observability.actions.gpus import rows, storing, summing
from apps.observability.gpus import prices
from apps.observability.gpus.reading import Gpu
from apps.observability.models import GpuHours, GpuModelPrice, GpuPricing, GpuSample, GpuSpan
from tests.factories import make_cluster
from tests.observability.gpus.cards import SERVE, TRAIN, at, card, heard, part, reading

pytestmark = pytest.mark.django_db
HOUR = 3600
DAY = 24 * HOUR
H100, A100 = "NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-80GB"


@pytest.fixture
def cluster() -> Cluster:
    return make_cluster("gpu-oregon")


def tell(cluster: Cluster, node: str, begin: int, end: int, *gpus: Gpu) -> None:
    """Read the same of a node each minute, from `begin` until before `end`, in seconds.

    The first and the last time as it is in life. In between only the history is written, which is
    all that such a reading adds.
    """
    for seconds in (begin, end - 60):
        storing.store([heard(cluster, seconds, {node: reading(*gpus)})])
    sample = GpuSample.objects.get(node__node_name=node, at=at(begin))
    values = (
        sample.units,
        sample.busy,
        sample.memory_used_mb,
        sample.power_watts,
        sample.temperature_celsius,
    )
    between = range(begin + 60, end - 60, 60)
    rows.write_samples([(sample.node_id, at(seconds), *values) for seconds in between])


def add_up(end: int) -> None:
    while summing.sum_up(at(end) + timedelta(minutes=6)):
        pass


def owners() -> dict[tuple[str, str], Any]:
    """Held, used, wasted, unmeasured and kWh by owner and model."""
    names = ("held", "used", "wasted", "unmeasured", "kwh")
    sums = (Sum(name) for name in names)
    return {
        (owner, model): pytest.approx(dict(zip(names, figures, strict=True)), rel=1e-6)
        for owner, model, *figures in GpuHours.objects.values_list("owner", "model").annotate(*sums)
    }


def kwh_of_boards() -> float:
    joules = GpuSpan.objects.values_list("joules", flat=True)
    return sum(one or 0.0 for its in joules for one in its) / 3.6e6


def cards_of_the_day(moment: int) -> list[Gpu]:
    """Five cards at a time of the day: what changes, does so after 6 and after 12 hours."""
    works, later = moment < 6 * HOUR, moment >= 12 * HOUR
    return [
        # Whole and one's own: 80 % at 600 W for 6 hours, then held for nothing at 100 W.
        card(
            0,
            utilization_gpu_percent=80.0 if works else 0.0,
            power_draw_watts=600.0 if works else 100.0,
        ),
        # In slices, 350 W: three sevenths at 50 %; four sevenths free, from noon on held and idle.
        card(
            1,
            mig_enabled=True,
            utilization_gpu_percent=None,
            holders=(),
            power_draw_watts=350.0,
            mig_instances=(
                part(1, profile="3g.40gb", utilization_gpu_percent=50.0, holders=(SERVE,)),
                part(
                    2,
                    profile="4g.40gb",
                    utilization_gpu_percent=0.0,
                    holders=(TRAIN,) if later else (),
                ),
            ),
        ),
        # Shared in turns by two: 40 %, 500 W.
        card(2, utilization_gpu_percent=40.0, power_draw_watts=500.0, holders=(SERVE, TRAIN)),
        # Nobody's, 60 W.
        card(3, name=A100, utilization_gpu_percent=0.0, power_draw_watts=60.0, holders=()),
        # Held, and it says neither its use nor its power.
        card(4, name=A100, utilization_gpu_percent=None, power_draw_watts=None, holders=(SERVE,)),
    ]


@pytest.fixture
def day(cluster: Cluster) -> None:
    for begin, end in ((0, 6), (6, 12), (12, 24)):
        tell(cluster, "n1", begin * HOUR, end * HOUR, *cards_of_the_day(begin * HOUR))
    # The last minute ends with the first reading of the next day.
    storing.store([heard(cluster, DAY, {"n1": reading(*cards_of_the_day(DAY))})])
    add_up(DAY)


def test_a_day_is_what_one_reckons_by_hand(day: None) -> None:
    """One test, since a day takes seconds to add up."""
    each_owner_has_his_hours_and_his_energy()
    boards_are_counted_once_however_they_are_divided()
    it_costs_what_its_hours_and_energy_cost()


def each_owner_has_his_hours_and_his_energy() -> None:
    # train on H100:
    #   card 0: held 24 h; used 6 h x 0.8 = 4.8; wasted 19.2
    #   card 1: 4/7 for 12 h: held 48/7 = 6.857143, all of it wasted
    #   card 2: half of 24 h = 12; used 12 x 0.4 = 4.8; wasted 7.2
    #   held 24 + 48/7 + 12 = 42.857143; used 9.6; wasted 19.2 + 6.857143 + 7.2 = 33.257143
    #   card 0 drew 600 W for 5 h 59 min = 3590 Wh, fell from 600 to 100 W within a minute
    #   = 350 W / 60 = 5.833333 Wh, and 100 W for 18 h = 1800 Wh: 5.395833 kWh
    #   card 1: 350 W x 12 h = 4.2 kWh, of it 4/7 = 2.4; card 2: 500 W x 24 h = 12 kWh, half: 6
    #   5.395833 + 2.4 + 6 = 13.795833 kWh
    # serve on H100:
    #   card 1: 3/7 of 24 h = 10.285714, half used: 5.142857; card 2: 12, used 4.8, wasted 7.2
    #   held 22.285714; used 9.942857; wasted 12.342857
    #   card 1: 350 W x 24 h = 8.4 kWh, of it 3/7 = 3.6; card 2: 6; 9.6 kWh
    # serve on A100: 24 h that nobody measured, and no energy that anybody knows of.
    assert owners() == {
        ("train", H100): {
            "held": 42.857143,
            "used": 9.6,
            "wasted": 33.257143,
            "unmeasured": 0.0,
            "kwh": 13.795833,
        },
        ("serve", H100): {
            "held": 22.285714,
            "used": 9.942857,
            "wasted": 12.342857,
            "unmeasured": 0.0,
            "kwh": 9.6,
        },
        ("serve", A100): {"held": 24.0, "used": 0.0, "wasted": 0.0, "unmeasured": 24.0, "kwh": 0.0},
    }


def boards_are_counted_once_however_they_are_divided() -> None:
    # Boards: 5.395833 + 8.4 + 12 + 1.44 (60 W x 24 h) = 27.235833 kWh; card 4 says nothing.
    assert kwh_of_boards() == pytest.approx(27.235833, rel=1e-6)
    # Of it somebody's: 13.795833 + 9.6 = 23.395833. Nobody's: 2.4 of the free slice, 1.44 of
    # the free card.
    its = GpuHours.objects.aggregate(kwh=Sum("kwh"), held=Sum("held"))
    assert its["kwh"] == pytest.approx(27.235833 - 2.4 - 1.44, rel=1e-6)
    # Held of 5 cards x 24 h = 120: all but card 3 (24) and 4/7 of card 1 for 12 h (6.857143).
    assert its["held"] == pytest.approx(120 - 24 - 6.857143, rel=1e-6)


def it_costs_what_its_hours_and_energy_cost() -> None:
    GpuPricing.objects.create(currency="EUR", per_gpu_hour=Decimal(2), per_kwh=Decimal("0.25"))
    GpuModelPrice.objects.create(model="H100", per_gpu_hour=Decimal(4))
    known = prices.made_of(GpuPricing.objects.with_models().first())

    def cost(owner: str, of: str) -> float | None:
        found = GpuHours.objects.filter(owner=owner).values("model").annotate(sum=Sum(of))
        return prices.cost_of_hours({one["model"]: one["sum"] for one in found}, known)

    # train: 42.857143 h x 4 = 171.428571, of it wasted 33.257143 x 4 = 133.028571
    assert cost("train", "held") == pytest.approx(171.428571, rel=1e-6)
    assert cost("train", "wasted") == pytest.approx(133.028571, rel=1e-6)
    # serve: 22.285714 x 4 + 24 x 2 = 137.142857, of it wasted 12.342857 x 4 = 49.371429
    assert cost("serve", "held") == pytest.approx(137.142857, rel=1e-6)
    assert cost("serve", "wasted") == pytest.approx(49.371429, rel=1e-6)
    # 23.395833 kWh x 0.25 = 5.848958
    kwh = GpuHours.objects.aggregate(kwh=Sum("kwh"))["kwh"]
    assert prices.cost_of_energy(kwh, known) == pytest.approx(5.848958, rel=1e-6)
