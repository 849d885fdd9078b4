"""What a round stores of GPUs: rows only for what changed, history for all, one event a node."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.clusters.models import Cluster
from apps.observability.actions.gpus import storing
from apps.observability.actions.gpus.storing import Stored
from apps.observability.contract_gpus import GpuNodeView
from apps.observability.gpus import stored
from apps.observability.gpus.reading import NVIDIA_SMI, Gpu, GpuProcess, NodeReading
from apps.observability.models import GpuCard, GpuFeed, GpuNode, GpuSample
from apps.observability.models.gpu import is_stale
from apps.streaming.envelope import Event, body_of
from tests.factories import make_cluster
from tests.observability.gpus.cards import SERVE, TRAIN, at, card, heard, part, reading

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> Cluster:
    return make_cluster("gpu-oregon")


@pytest.fixture
def told(published: list[Event], django_capture_on_commit_callbacks: Any, cluster: Cluster) -> Any:
    """Store one reading of the cluster's nodes; return what was stored and what was told."""

    def store(
        seconds: float, nodes: dict[str, NodeReading], **said: Any
    ) -> tuple[Stored, list[GpuNodeView]]:
        del published[:]
        with django_capture_on_commit_callbacks(execute=True):
            found = storing.store([heard(cluster, seconds, nodes, **said)])
        return found, [GpuNodeView(**orjson.loads(body_of(one))["payload"]) for one in published]

    return store


def xmins() -> list[Any]:
    """What PostgreSQL has written since: a row that is written anew has another transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid, xmin FROM observability_gpucard ORDER BY id")
        cards = cursor.fetchall()
        cursor.execute("SELECT ctid, xmin FROM observability_gpunode ORDER BY id")
        nodes = cursor.fetchall()
        cursor.execute("SELECT ctid, xmin FROM observability_gpuclaim ORDER BY id")
        return [cards, nodes, cursor.fetchall()]


def test_a_reading_comes_back_out_of_its_row_as_it_went_in(told: Any) -> None:
    process = GpuProcess(7, "python", 900, "COMPUTE", holder=TRAIN, gpu_instance_id=1)
    gpus = (
        card(0, xid_errors=None, mig_enabled=None, mig_instances=None, processes=None),
        card(1, mig_enabled=True, utilization_gpu_percent=None, mig_instances=(part(1),)),
        card(2, processes=(process,), throttle_reasons=("hw_slowdown",), xid_errors=(79, 94)),
        Gpu(uuid="GPU-bare", pcie_replays=0, ecc_enabled=False, processes=()),
    )
    told(0, {"n1": reading(*gpus)})
    assert {stored.gpu(row) for row in GpuCard.objects.all()} == {*gpus}


def test_what_reads_as_before_is_not_written_and_not_told_but_is_not_stale(told: Any) -> None:
    nodes = {"n1": reading(card(0), card(1)), "n2": reading(card(2))}
    found, events = told(0, nodes)
    assert (found.nodes, found.cards, found.claims, found.samples) == (2, 3, 3, 2)
    assert [len(event.gpus) for event in events] == [2, 1]
    before = xmins()
    found, events = told(15, nodes)
    assert (found.nodes, found.cards, found.claims, found.samples) == (0, 0, 0, 2)
    assert (events, xmins()) == ([], before)
    node = GpuNode.objects.with_times().get(node_name="n1")
    assert node.last_updated == at(15)
    assert not is_stale(node.last_updated, node.interval, at(60))
    assert is_stale(node.last_updated, node.interval, at(61))


@pytest.mark.parametrize(
    ("said", "written", "is_told"),
    [
        ({"power_draw_watts": 500.04}, 0, False),
        ({"utilization_gpu_percent": 80.04}, 0, False),
        ({"power_draw_watts": 510.0}, 1, False),
        ({"power_draw_watts": 535.0}, 1, True),
        ({"utilization_gpu_percent": 84.9}, 1, False),
        ({"utilization_gpu_percent": 85.0}, 1, True),
        ({"utilization_gpu_percent": None}, 1, True),
        ({"memory_used_mb": 40001}, 1, False),
        ({"memory_used_mb": 41000}, 1, True),
        ({"temperature_celsius": 61}, 1, False),
        ({"temperature_celsius": 62}, 1, True),
        ({"energy_joules": 5.0}, 0, False),
        ({"sm_clock_mhz": 1980}, 1, False),
        ({"throttle_reasons": ("hw_thermal_slowdown",)}, 1, True),
        ({"xid_errors": (79,)}, 1, True),
        ({"holders": (SERVE,)}, 1, True),
        ({"processes": (GpuProcess(7),)}, 1, True),
    ],
)
def test_noise_is_not_written_and_small_steps_are_not_told(
    told: Any, said: dict[str, Any], written: int, is_told: bool
) -> None:
    told(0, {"n1": reading(card(0), card(1))})
    found, events = told(15, {"n1": reading(card(0, **said), card(1))})
    assert (found.cards, bool(events)) == (written, is_told)


def test_small_steps_add_up_to_news(told: Any) -> None:
    told(0, {"n1": reading(card(0))})
    steps = [
        bool(told(15 * n, {"n1": reading(card(0, temperature_celsius=60 + n))})[1])
        for n in range(1, 5)
    ]
    assert steps == [False, True, False, True]


def test_a_card_that_begins_to_rest_is_told_of_though_the_step_is_small(told: Any) -> None:
    told(0, {"n1": reading(card(0, utilization_gpu_percent=1.5))})
    _, events = told(15, {"n1": reading(card(0, utilization_gpu_percent=0.5))})
    assert [event.gpus[0].busy_percent for event in events] == [0.5]


def test_a_card_that_is_not_there_any_more_is_told_of_once(told: Any) -> None:
    told(0, {"n1": reading(card(0), card(1))})
    steps = [told(15 * n, {"n1": reading(card(0))})[1] for n in range(1, 25)]
    assert [[gpu.index for gpu in event.gpus] for events in steps for event in events] == [[0]]
    assert GpuCard.objects.get(index=1).gone_at == at(15)
    assert [len(event.gpus) for event in told(400, {"n1": reading(card(0), card(1))})[1]] == [2]


def test_a_round_that_began_earlier_changes_nothing_when_it_comes_later(told: Any) -> None:
    told(15, {"n1": reading(card(0)), "n2": reading(card(1))})
    before = xmins()
    found, events = told(0, {"n1": reading(card(0, power_draw_watts=1.0))})
    assert (found, events, xmins()) == (Stored(), [], before)
    assert told(15, {"n1": reading(card(0, power_draw_watts=1.0))})[0].cards == 1


def test_a_look_is_newer_than_the_round_that_began_before_it(told: Any) -> None:
    def said(watts: float) -> dict[str, NodeReading]:
        return {"n1": reading(card(0, power_draw_watts=watts), source=NVIDIA_SMI)}

    told(0, said(100.0))
    told(35, said(200.0), whole=False)
    told(30, said(300.0))
    assert GpuCard.objects.get().power_draw_watts == 200.0
    assert GpuNode.objects.with_times().get().last_updated == at(35)
    told(60, said(400.0))
    assert GpuCard.objects.get().power_draw_watts == 400.0
    assert GpuNode.objects.with_times().get().last_updated == at(60)


def test_the_event_tells_health_in_words_and_what_is_wrong_with_the_node(told: Any) -> None:
    _, [event] = told(0, {"n1": reading(card(0, xid_errors=(79,)), errors=("one row cut",))})
    [shown] = event.gpus
    assert (shown.health, shown.driver_version, event.errors) == (
        "CRITICAL",
        "550.90.07",
        ["one row cut"],
    )
    assert "fallen off the bus" in shown.findings[0].words
    row = GpuCard.objects.get()
    assert (row.severity, row.findings[0]["code"]) == (3, "XID_79")


def test_an_event_with_thousands_of_processes_still_fits_a_message(
    told: Any, published: list[Event]
) -> None:
    many = tuple(GpuProcess(n, "python" * 20, n, holder=TRAIN) for n in range(1, 400))
    _, [event] = told(0, {"n1": reading(*(card(n, processes=many) for n in range(8)))})
    assert len(body_of(published[0])) < 64 * 1024
    [first, *_] = event.gpus
    assert first.processes is not None
    assert first.processes_left_out + len(first.processes) == 399
    assert first.processes[0].used_memory_mb == 399
    assert len(stored.gpu(GpuCard.objects.all()[0]).processes or ()) == 399


def test_a_node_that_was_not_to_be_had_keeps_the_time_of_its_last_reading(told: Any) -> None:
    both = {"n1": reading(card(0)), "n2": reading(card(1))}
    told(0, both)
    told(15, {"n1": both["n1"]})
    times = {one.node_name: one.last_updated for one in GpuNode.objects.with_times()}
    assert times == {"n1": at(15), "n2": at(0)}
    told(30, both)
    times = {one.node_name: one.last_updated for one in GpuNode.objects.with_times()}
    assert times == {"n1": at(30), "n2": at(30)}


def test_a_node_that_only_says_why_not_keeps_what_was_known_of_it(told: Any) -> None:
    told(0, {"n1": reading(card(0), source=NVIDIA_SMI)})
    failed = reading(source=NVIDIA_SMI, driver_version=None, errors=("no driver pod",))
    found, [event] = told(30, {"n1": failed})
    assert (found.nodes, found.cards, found.samples) == (1, 0, 0)
    node = GpuNode.objects.with_times().get()
    assert (node.last_updated, node.errors) == (at(0), ["no driver pod"])
    assert node.driver_version == "550.90.07"
    assert (GpuCard.objects.get().missing_since, event.errors) == (None, ["no driver pod"])


def test_a_cluster_that_does_not_answer_makes_nothing_newer(told: Any, cluster: Cluster) -> None:
    told(0, {"n1": reading(card(0))})
    told(15, {}, source=None, problem="Prometheus answers 503")
    feed = GpuFeed.objects.get()
    assert (feed.read_at, feed.asked_at, feed.problem) == (
        at(0),
        at(15),
        "Prometheus answers 503",
    )
    assert feed.source == "DCGM"
    assert GpuNode.objects.with_times().get().last_updated == at(0)


def test_a_node_that_is_looked_at_is_newer_than_its_cluster(told: Any) -> None:
    nodes = {"n1": reading(card(0)), "n2": reading(card(1))}
    told(0, nodes)
    told(5, {"n1": nodes["n1"]}, whole=False)
    times = {one.node_name: one.last_updated for one in GpuNode.objects.with_times()}
    assert times == {"n1": at(5), "n2": at(0)}


def test_history_has_each_reading_once_with_slices_by_their_numbers(told: Any) -> None:
    sliced = card(0, mig_enabled=True, utilization_gpu_percent=None, mig_instances=(part(2),))
    nodes = {"n1": reading(sliced, card(1, power_draw_watts=None))}
    for seconds in (0, 7, 15):
        told(seconds, nodes)
    first, second = GpuSample.objects.order_by("at")
    assert (first.at, second.at) == (at(0), at(15))
    ids = {row.index: row.pk for row in GpuCard.objects.all()}
    units = [ids[0] * 256, ids[0] * 256 + 1 + 2 * 16, ids[1] * 256]
    assert first.units == units
    assert first.busy == [pytest.approx(50 * 3 / 7, abs=0.1), 50.0, 80.0]
    assert first.memory_used_mb == [40000, 1000, 40000]
    assert first.power_watts == [500.0, None, None]
    assert first.temperature_celsius == [60, None, 60]


def test_a_card_that_the_driver_cannot_reach_stays_and_is_failing(told: Any) -> None:
    told(0, {"n1": reading(card(0), card(1), source=NVIDIA_SMI)})
    without = reading(card(0), source=NVIDIA_SMI, lost=(card(1).bus_id,), errors=("silent",))
    _, [event] = told(30, {"n1": without})
    assert [one.health for one in event.gpus] == ["OK", "CRITICAL"]
    row = GpuCard.objects.get(index=1)
    assert (row.findings[0]["code"], row.power_draw_watts, row.missing_since) == (
        "NO_ANSWER",
        None,
        None,
    )
    assert stored.gpu(row).holders == (TRAIN,)
    assert told(60, {"n1": without})[0].cards == 0
    told(90, {"n1": reading(card(0), card(1), source=NVIDIA_SMI)})
    assert GpuCard.objects.get(index=1).severity == 0


def test_a_card_whose_uuid_was_damaged_is_known_by_its_address(told: Any) -> None:
    told(0, {"n1": reading(card(0))})
    told(15, {"n1": reading(card(0, uuid=None))})
    assert GpuCard.objects.count() == 1


def test_a_cluster_that_was_deleted_meanwhile_is_left_out(cluster: Cluster) -> None:
    nodes = {"n1": reading(card(0))}
    gone = heard(cluster, 0, nodes)
    Cluster.objects.filter(pk=cluster.pk).delete()
    assert storing.store([gone]) == Stored()
    assert GpuNode.objects.count() == 0


def statements(heards: Sequence[Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        storing.store(heards)
    return len(seen)


def test_so_many_nodes_more_take_no_statement_more(cluster: Cluster) -> None:
    few = {f"n{n}": reading(card(n)) for n in range(2)}
    many = {f"n{n}": reading(card(n)) for n in range(40)}
    storing.store([heard(cluster, 0, many)])
    changed = [
        {name: replace(one, gpus=(replace(one.gpus[0], power_draw_watts=watts),))}
        for name, one in many.items()
        for watts in (300.0,)
    ]
    moved = {name: one for part in changed for name, one in part.items()}
    first = statements([heard(cluster, 15, {name: moved[name] for name in few}, whole=False)])
    assert statements([heard(cluster, 30, moved, whole=False)]) <= first
