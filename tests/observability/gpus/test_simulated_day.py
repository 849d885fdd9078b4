"""A day of the simulated GPU cluster: hours by its script, use and energy by its waves' integrals.

The integrals are known in closed form, and are the simulator's own: nothing here is reckoned by
what is tested.
"""

from datetime import timedelta

import pytest
from django.db.models import Sum

from apps.observability.actions.gpus import rows, storing, summing
from apps.observability.collect.gpu_rounds import Heard, NodeRead
from apps.observability.gpus.reading import DCGM
from apps.observability.models import GpuCard, GpuHours, GpuSpan
from apps.observability.models.gpu_history import UNITS
from apps.simulator import load, sites
from apps.simulator.rhythm import Wave
from apps.simulator.world import Card, Cluster, MigSlice, Node
from tests.factories import make_cluster
from tests.observability.gpus.cards import START, at
from tests.observability.gpus.test_sources_agree import EPOCH, by_dcgm, moment_of

pytestmark = pytest.mark.django_db
DAY, STEP = 86_400, 60
BEGUN = START.timestamp()
WEIGHTS = {"1g.10gb": 1 / 7, "3g.40gb": 3 / 7}
FIGURES = ("held", "used", "wasted", "unmeasured", "kwh")
Part = MigSlice | None


def parts_of(card: Card) -> list[Part]:
    return [*card.slices] or [None]


def use_of(world: Cluster, node: Node, card: Card, part: Part) -> Wave:
    return load.of_card(world, node, card, part.instance if part else None)


def mean(wave: Wave) -> float:
    return wave.since(BEGUN)(BEGUN + DAY) / DAY


def told(world: Cluster) -> None:
    """Store how the day begins and ends as it is read, and what its waves were in between."""
    cluster = make_cluster(world.name)
    for seconds in (0, DAY):
        moment = moment_of(world, (), BEGUN + seconds)
        reads = tuple(NodeRead(n.name, by_dcgm(moment, n), at(seconds)) for n in world.nodes)
        storing.store([Heard(cluster.pk, cluster.name, at(seconds), DCGM, reads, 60, True)])
    ids = {card.uuid: (card.node_id, card.pk * UNITS) for card in GpuCard.objects.all()}
    for node in world.nodes:
        units: list[int] = []
        waves: list[tuple[Wave | None, Wave | None]] = []
        for card in node.cards:
            node_id, unit = ids[card.uuid]
            whole = None if card.slices else use_of(world, node, card, None)
            units.append(unit)
            waves.append((whole, load.of_power(world, node, card)))
            for part in card.slices:
                units.append(unit + 1 + part.instance * 16)
                waves.append((use_of(world, node, card, part), None))
        blank = [None] * len(units)
        made = []
        for seconds in range(STEP, DAY, STEP):
            t = BEGUN + seconds
            busy = [None if use is None else 100 * use.at(t) for use, _ in waves]
            power = [None if watts is None else watts.at(t) for _, watts in waves]
            made.append((node_id, at(seconds), units, busy, blank, power, blank))
        rows.write_samples(made)
    while summing.sum_up(at(DAY) + timedelta(minutes=6)):
        pass


def test_the_day_of_the_simulated_cluster_is_that_of_its_script() -> None:
    world = sites.fleet("tests", EPOCH)["gpu-oregon"]
    told(world)
    sums = (Sum(name) for name in FIGURES)
    hours = GpuHours.objects.values_list("namespace", "owner").annotate(*sums)
    found = {(one[0], one[1]): dict(zip(FIGURES, one[2:], strict=True)) for one in hours}
    hours_are_those_of_the_script(found)
    use_and_energy_are_those_of_the_waves(world, found)
    boards_are_counted_once(world, found)


Found = dict[tuple[str, str], dict[str, float]]


def hours_are_those_of_the_script(found: Found) -> None:
    # 2 pods x 4 cards x 24 h = 192; a job with 8 cards: 192; 2 pods x 2 cards: 96; 2 x 1: 48;
    # 4 slices of 1/7: 4 / 7 x 24 = 13.714286; 2 notebooks with 3/7: 6 / 7 x 24 = 20.571429.
    held = {
        ("inference", "vllm-llama-3-3-70b"): 192.0,
        ("research", "finetune-nemotron"): 192.0,
        ("inference", "vllm-qwen3-32b"): 96.0,
        ("inference", "vllm-mistral-small"): 48.0,
        ("inference", "vllm-bge-m3"): 13.714286,
        ("research", "notebook"): 20.571429,
    }
    assert {owner: one["held"] for owner, one in found.items()} == pytest.approx(held, rel=1e-6)
    # 562.285714 of 32 cards x 24 h = 768: never more than there is.
    assert sum(one["held"] for one in found.values()) == pytest.approx(562.285714, rel=1e-6)
    for one in found.values():
        assert one["unmeasured"] == 0.0
        assert one["used"] + one["wasted"] == pytest.approx(one["held"])


def use_and_energy_are_those_of_the_waves(world: Cluster, found: Found) -> None:
    """Used = weight x mean use x 24 h; energy = weight x mean watts x 24 h / 1000."""
    used: dict[tuple[str, str], float] = {}
    kwh: dict[tuple[str, str], float] = {}
    for node in world.nodes:
        for card in node.cards:
            for part in parts_of(card):
                pod = load.holder(world, node, card, part.instance if part else None)
                if pod is None:
                    continue
                owner = (pod.namespace, pod.labels["app"])
                weight = WEIGHTS[part.profile] if part else 1.0
                its = weight * mean(use_of(world, node, card, part)) * 24
                used[owner] = used.get(owner, 0.0) + its
                watts = mean(load.of_power(world, node, card))
                kwh[owner] = kwh.get(owner, 0.0) + weight * watts * 24 / 1000
    # A reading each minute, of use that swings within minutes.
    assert {owner: one["used"] for owner, one in found.items()} == pytest.approx(used, rel=2e-3)
    assert {owner: one["kwh"] for owner, one in found.items()} == pytest.approx(kwh, rel=2e-3)
    # The job is at 90 % or near it the whole day: 192 h x 0.9 = 172.8.
    assert found["research", "finetune-nemotron"]["used"] == pytest.approx(172.8, rel=0.06)


def boards_are_counted_once(world: Cluster, found: Found) -> None:
    drawn: dict[int, float] = {}
    for units, joules in GpuSpan.objects.values_list("units", "joules"):
        for unit, its in zip(units, joules, strict=True):
            drawn[unit] = drawn.get(unit, 0.0) + (its or 0.0) / 3.6e6
    uuids = {card.pk * UNITS: card.uuid for card in GpuCard.objects.all()}
    boards = {uuids[unit]: kwh for unit, kwh in drawn.items() if unit in uuids}
    assert sum(kwh for unit, kwh in drawn.items() if unit not in uuids) == 0.0
    expected = {
        card.uuid: mean(load.of_power(world, node, card)) * 24 / 1000
        for node in world.nodes
        for card in node.cards
    }
    assert boards == pytest.approx(expected, rel=2e-3)
    # A card that nobody holds rests at 72 W: 1.728 kWh. Of 32 there are two on the third node; on
    # the fourth two whole ones, and two in sevenths that nobody has.
    resting = [kwh for kwh in boards.values() if kwh == pytest.approx(1.728, rel=1e-5)]
    assert len(resting) == 6
    assert sum(one["kwh"] for one in found.values()) < sum(boards.values())
