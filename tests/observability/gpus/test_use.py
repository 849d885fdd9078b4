"""What was given away and what was used, energy and cost, against a day reckoned by hand."""

import pytest

from apps.observability.gpus import energy, use
from apps.observability.gpus.energy import Energy
from apps.observability.gpus.reading import Gpu, Holder, MigInstance
from apps.observability.gpus.use import Hours, Seen, Share

A, B = Holder("serving", "llm-0"), Holder("research", "notebook-1")
DAY, MINUTE = 86_400, 60


def part(number: int, profile: str, busy: float | None, *holders: Holder) -> MigInstance:
    return MigInstance(
        number,
        0,
        profile=profile,
        memory_total_mb=10_000,
        memory_used_mb=100,
        utilization_gpu_percent=busy,
        holders=holders,
    )


SLICED = Gpu(
    uuid="GPU-1",
    name="NVIDIA H100 80GB HBM3",
    memory_total_mb=81559,
    power_draw_watts=300.0,
    mig_enabled=True,
    mig_instances=(
        part(2, "3g.40gb", 70.0, A),
        part(3, "2g.20gb", 0.0, B),
        part(9, "1g.10gb", 0.0),
    ),
)


def test_a_whole_card_is_one_share() -> None:
    gpu = Gpu(uuid="GPU-1", memory_total_mb=100, memory_used_mb=5, utilization_gpu_percent=40.0)
    assert use.shares(gpu) == (Share("GPU-1", 1.0, 40.0, 0.05, ()),)
    assert use.allocated(gpu) == 0.0
    assert use.shares(gpu)[0].holds_memory is True


def test_slices_weigh_by_their_sevenths_and_the_card_is_counted_once() -> None:
    assert [one.weight for one in use.shares(SLICED)] == pytest.approx([3 / 7, 2 / 7, 1 / 7])
    assert use.busy_percent(SLICED) == pytest.approx(30.0)
    assert use.allocated(SLICED) == pytest.approx(5 / 7)


def test_the_slices_of_an_a30_are_fourths_and_compute_instances_have_their_own() -> None:
    a30 = Gpu(name="NVIDIA A30", mig_enabled=True, mig_instances=(part(1, "2g.12gb", 0.0),))
    assert use.shares(a30)[0].weight == 0.5
    split = Gpu(
        name="H100",
        mig_enabled=True,
        mig_instances=tuple(part(1, "1c.3g.40gb", 0.0) for _ in range(3)),
    )
    assert sum(one.weight for one in use.shares(split)) == pytest.approx(3 / 7)


def test_slices_without_a_profile_weigh_by_memory_and_never_more_than_the_card() -> None:
    bare = MigInstance(1, 0, memory_total_mb=20_000)
    gpu = Gpu(uuid="GPU-1", memory_total_mb=80_000, mig_instances=(bare,))
    assert use.shares(gpu)[0].weight == 0.25
    many = Gpu(uuid="GPU-1", memory_total_mb=80_000, mig_instances=(bare,) * 5)
    assert sum(one.weight for one in use.shares(many)) == pytest.approx(1.0)


def test_the_use_of_a_card_is_unknown_where_that_of_a_slice_is() -> None:
    gpu = Gpu(name="H100", mig_instances=(part(2, "3g.40gb", 70.0), part(3, "2g.20gb", None)))
    assert use.busy_percent(gpu) is None
    assert use.shares(gpu)[1].is_idle is None
    assert use.busy_percent(Gpu(mig_enabled=True, utilization_gpu_percent=5.0)) is None


def states(busy: float | None, *holders: Holder, weight: float = 1.0) -> list[Seen]:
    share = Share("GPU-1", weight, busy, None, holders)
    return [Seen(float(at), share) for at in range(0, DAY + 1, MINUTE)]


def test_a_day_reckoned_by_hand() -> None:
    """A holds a card for 24 h at 25 %, B a slice of 2/7 idle, and both share a card at 50 %."""
    hours = [
        use.tally(states(25.0, A), longest_gap=120),
        use.tally(states(0.0, B, weight=2 / 7), longest_gap=120),
        use.tally(states(50.0, A, B), longest_gap=120),
    ]
    found = use.by_namespace(hours)
    assert found["serving"].held == pytest.approx(24 + 12)
    assert found["serving"].used == pytest.approx(6 + 6)
    assert found["serving"].wasted == pytest.approx(18 + 6)
    assert found["research"].held == pytest.approx(24 * 2 / 7 + 12)
    assert found["research"].wasted == pytest.approx(24 * 2 / 7 + 6)
    whole = sum((one for per in hours for one in per.values()), Hours())
    assert whole.held == pytest.approx(24 + 24 * 2 / 7 + 24)
    assert whole.wasted == pytest.approx(18 + 24 * 2 / 7 + 12)


def test_what_was_not_measured_is_neither_used_nor_wasted_and_gaps_are_nobodys() -> None:
    (unknown,) = use.tally(states(None, A), longest_gap=120).values()
    assert (unknown.held, unknown.unmeasured) == pytest.approx((24.0, 24.0))
    assert (unknown.used, unknown.wasted) == (0.0, 0.0)
    seen = states(0.0, A)
    assert use.tally([seen[0], seen[-1]], longest_gap=120) == {}
    assert use.tally(states(0.0), longest_gap=120) == {}


def test_idle_since_the_last_use_or_the_last_doubt() -> None:
    def at(moment: float, busy: float | None, *holders: Holder) -> Seen:
        return Seen(moment, Share("GPU-1", 1.0, busy, None, holders))

    quiet = [at(0, 50, A), at(60, 0, A), at(120, 0.5, A), at(180, 0, A)]
    assert use.idle_since(quiet, 120) == 60
    assert use.idle_since([*quiet, at(240, 30, A)], 120) is None
    assert use.idle_since([*quiet, at(240, 0, B)], 120) == 240
    assert use.idle_since([*quiet, at(900, 0, A)], 120) == 900
    assert use.idle_since([at(0, 0, A), at(60, None, A), at(120, 0, A)], 120) == 120
    assert use.idle_since([at(0, 0)], 120) is None
    assert use.idle_since([], 120) is None


def test_energy_is_the_area_under_the_power() -> None:
    """100 W rising evenly to 300 W over an hour is 0.2 kWh; a steady 500 W for a day is 12 kWh."""
    assert energy.from_power([(0, 100.0), (3600, 300.0)], 3600) == Energy(0.2, 3600)
    steady = [(float(at), 500.0) for at in range(0, DAY + 1, MINUTE)]
    assert energy.from_power(steady, 120).kwh == pytest.approx(12.0)


def test_gaps_are_not_bridged() -> None:
    samples = [(0.0, 360.0), (100.0, 360.0), (10_000.0, 360.0), (10_100.0, None), (10_200.0, 360.0)]
    assert energy.from_power(samples, 120) == Energy(0.01, 100)
    assert energy.from_power([(5.0, 1.0), (5.0, 1.0)], 120) == Energy()


def test_a_counter_that_begins_anew_loses_nothing_it_has_counted_since() -> None:
    samples = [(0.0, 1_000_000.0), (60.0, 2_800_000.0), (120.0, 1_800_000.0), (180.0, 3_600_000.0)]
    assert energy.from_counter(samples, 120) == Energy(1.5, 180)
    assert energy.from_counter([(0.0, 0.0), (500.0, 9e9)], 120) == Energy()


def test_the_power_of_a_board_is_counted_once_for_all_its_slices() -> None:
    samples = [(0.0, SLICED.power_draw_watts), (3600.0, SLICED.power_draw_watts)]
    fleet = energy.of_fleet({"GPU-1": samples, "GPU-2": samples}, 3600)
    assert fleet.kwh == pytest.approx(0.6)
    one = energy.of_fleet({"GPU-1": samples}, 3600)
    weights = [share.weight for share in use.shares(SLICED)]
    parts = [energy.attributed(one, weight, sum(weights)).kwh for weight in weights]
    assert sum(parts) == pytest.approx(one.kwh)
    assert parts[0] == pytest.approx(0.15)
    assert energy.attributed(one, 0.0, 0.0).kwh == 0.0
