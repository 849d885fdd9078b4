"""Rounds of GPUs, over the wire: what is asked of whom, how often, and what is kept."""

import json
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from apps.clusters.models import Cluster
from apps.observability.actions.gpus import collecting
from apps.observability.collect import gpu_interest, gpu_series
from apps.observability.collect.gpu_rounds import Heard, NodeRead
from apps.observability.federation import upstreams
from apps.observability.gpus.reading import NVIDIA_SMI, GpuProcess, NodeReading
from apps.observability.models import GpuCard, GpuFeed, GpuNode, GpuSample
from apps.streaming.envelope import Event
from tests.factories import make_cluster
from tests.fakes.upstream import Upstream, prometheus, serve
from tests.observability.gpus.cards import TRAIN, card, reading

pytestmark = pytest.mark.django_db
LABELS = {"Hostname": "n1", "gpu": "0", "modelName": "NVIDIA A100", "exported_pod": TRAIN.pod}
UUID = card(0).uuid or ""


@pytest.fixture(autouse=True)
def nothing_known_of_before() -> Any:
    upstreams.forget()
    yield
    upstreams.forget()


def samples(watts: float = 400.0, age: float = 4.0, count: int = 8) -> list[dict[str, Any]]:
    now = timezone.now().timestamp()
    labels = LABELS | {"UUID": UUID, "exported_namespace": TRAIN.namespace}
    temperature = {"__name__": "DCGM_FI_DEV_GPU_TEMP", **labels}
    found = [
        (temperature, "61"),
        ({"__name__": "DCGM_FI_DEV_POWER_USAGE", **labels}, str(watts)),
        ({"__name__": "DCGM_FI_DEV_GPU_UTIL", **labels}, "90"),
        ({gpu_series.AT: "1", **labels}, f"{now - age:.3f}"),
        ({gpu_series.SAMPLES: "1"}, str(count)),
    ]
    return [{"metric": metric, "value": [now, value]} for metric, value in found]


def by_series() -> int:
    return async_to_sync(collecting.by_series)()


def make_due() -> None:
    GpuFeed.objects.update(asked_at=timezone.now() - timedelta(minutes=1))


def queries(server: Upstream) -> int:
    return len([one for one in server.requests if one.path == "/api/v1/query"])


def test_one_query_brings_a_clusters_cards_with_the_time_of_their_scrape() -> None:
    with serve(prometheus(samples())) as server:
        cluster = make_cluster("gpu-oregon", prometheus_url=server.url)
        assert by_series() == 1
        assert queries(server) == 1
        asked = server.requests[0].body
    assert "DCGM_FI_PROF_GR_ENGINE_ACTIVE" in asked
    feed = GpuFeed.objects.get(pk=cluster.pk)
    assert (feed.source, feed.interval_seconds, feed.problem) == ("DCGM", 15, "")
    row = GpuCard.objects.get()
    assert (row.uuid, row.power_draw_watts, row.namespaces) == (UUID, 400.0, ["ml-train"])
    assert timedelta(seconds=3) < timezone.now() - row.changed_at < timedelta(seconds=60)


def test_a_cluster_is_asked_as_often_as_its_series_are_scraped() -> None:
    with serve(prometheus(samples(count=2))) as server:
        make_cluster("gpu-oregon", prometheus_url=server.url)
        by_series()
        by_series()
        assert (queries(server), GpuFeed.objects.get().interval_seconds) == (1, 60)
        GpuFeed.objects.update(asked_at=timezone.now() - timedelta(seconds=40))
        assert (by_series(), queries(server)) == (0, 1)
        GpuFeed.objects.update(asked_at=timezone.now() - timedelta(seconds=58))
        assert (by_series(), queries(server)) == (1, 2)


def test_a_cluster_without_gpus_is_seldom_asked_and_none_is_made_up() -> None:
    with serve(prometheus([])) as server:
        make_cluster("edge", prometheus_url=server.url)
        by_series()
        make_due()
        by_series()
        assert queries(server) == 1
    assert (GpuNode.objects.count(), GpuFeed.objects.get().source) == (0, "")


def test_where_kubernetes_has_gpus_their_series_are_looked_for_each_minute() -> None:
    with serve(prometheus([])) as server:
        cluster = make_cluster("gpu-oregon", prometheus_url=server.url)
        Cluster.objects.filter(pk=cluster.pk).update(capabilities={"has_gpu_nodes": True})
        by_series()
        GpuFeed.objects.update(asked_at=timezone.now() - timedelta(seconds=50))
        assert (by_series(), queries(server)) == (0, 1)
        server.answers |= prometheus(samples())
        make_due()
        assert (by_series(), queries(server)) == (1, 2)
    assert GpuFeed.objects.get().source == "DCGM"


def test_series_that_vanish_are_told_of_and_leave_what_was_known() -> None:
    with serve(prometheus(samples())) as server:
        make_cluster("gpu-oregon", prometheus_url=server.url)
        by_series()
        server.answers |= prometheus([])
        make_due()
        by_series()
    feed = GpuFeed.objects.get()
    node = GpuNode.objects.with_times().get()
    assert "no longer there" in feed.problem
    assert (feed.source, GpuCard.objects.get().missing_since) == ("DCGM", None)
    assert node.last_updated is not None
    assert feed.read_at is not None
    assert node.last_updated < feed.read_at


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((503, "busy"), "503"),
        ((200, {"status": "success", "data": {"resultType": "vector", "result": [[1]]}}), "vector"),
        ((200, {"status": "error", "errorType": "bad_data", "error": "no"}), "no"),
    ],
)
def test_what_fails_is_said_in_words_and_costs_no_other_cluster(answer: Any, words: str) -> None:
    with serve({"/api/v1/query": answer}) as broken, serve(prometheus(samples())) as well:
        bad = make_cluster("broken", prometheus_url=broken.url)
        make_cluster("well", prometheus_url=well.url)
        assert by_series() == 1
    assert words in GpuFeed.objects.get(pk=bad.pk).problem
    assert GpuNode.objects.count() == 1


def test_a_series_that_is_damaged_costs_nothing_but_itself() -> None:
    said = json.loads(json.dumps(samples()))
    said[1]["value"][1] = "NaN"
    said[2]["value"][1] = "9223372036854775794"
    with serve(prometheus(said)) as server:
        make_cluster("gpu-oregon", prometheus_url=server.url)
        by_series()
    row = GpuCard.objects.get()
    assert (row.power_draw_watts, row.utilization_gpu_percent, row.temperature_celsius) == (
        None,
        None,
        61,
    )


def due_for_commands() -> list[str]:
    return [target.name for target in collecting._due_for_commands()]


def test_nvidia_smi_is_asked_where_dcgm_tells_nothing_or_nothing_any_more() -> None:
    gpus = {"has_gpu_nodes": True}
    with serve(prometheus(samples())) as server:
        told = make_cluster("told", prometheus_url=server.url)
        by_series()
    silent = make_cluster("silent")
    make_cluster("none")
    Cluster.objects.filter(pk__in=[told.pk, silent.pk]).update(capabilities=gpus)
    assert due_for_commands() == ["silent"]
    long_ago = timezone.now() - timedelta(minutes=6)
    GpuFeed.objects.update(read_at=long_ago)
    GpuNode.objects.update(read_at=None)
    assert sorted(due_for_commands()) == ["silent", "told"]


def test_a_look_adds_the_processes_that_dcgm_does_not_know_and_series_keep_them() -> None:
    with serve(prometheus(samples())) as server:
        cluster = make_cluster("gpu-oregon", prometheus_url=server.url)
        by_series()
        gpu_interest.look(cluster.pk, "n1")
        assert gpu_interest.looked_at() == [(cluster.pk, "n1")]
        process = GpuProcess(7, "python", 900, holder=TRAIN)
        said = reading(
            card(0, processes=(process,), power_draw_watts=1.0, holders=()), source=NVIDIA_SMI
        )
        now = timezone.now()
        node = NodeRead("n1", said, now)
        look = Heard(cluster.pk, cluster.name, now, NVIDIA_SMI, (node,), whole=False)
        collecting.keep([look])
        seen = GpuCard.objects.get()
        assert (seen.power_draw_watts, seen.parts["processes"][0]["pid"]) == (400.0, 7)
        server.answers |= prometheus(samples(watts=410.0))
        make_due()
        by_series()
    row = GpuCard.objects.get()
    assert (row.power_draw_watts, row.parts["processes"][0]["pid"]) == (410.0, 7)
    assert (GpuFeed.objects.get().source, GpuNode.objects.get().source) == ("DCGM", "DCGM")


def look_at(cluster: Cluster, said: NodeReading, name: str = "n1") -> None:
    now = timezone.now()
    node = NodeRead(name, said, now)
    collecting.keep([Heard(cluster.pk, cluster.name, now, NVIDIA_SMI, (node,), whole=False)])


def blank(why: str) -> NodeReading:
    return NodeReading(NVIDIA_SMI, node_name="n1", errors=(why,))


def test_a_look_that_may_not_ask_says_so_once_and_takes_nothing_from_the_series(
    published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    told: list[list[str]] = []

    def after(work: Any, *given: Any) -> None:
        del published[:]
        with django_capture_on_commit_callbacks(execute=True):
            work(*given)
        told.append([one.event_type for one in published])

    with serve(prometheus(samples())) as server:
        cluster = make_cluster("gpu-oregon", prometheus_url=server.url)
        after(by_series)
        gpu_interest.look(cluster.pk, "n1")
        for _ in range(2):
            after(look_at, cluster, blank("Our token may not run commands"))
            make_due()
            after(by_series)
        node = GpuNode.objects.get()
        assert (node.source, node.errors) == ("DCGM", ["Our token may not run commands"])
        assert (GpuFeed.objects.get().source, GpuFeed.objects.get().problem) == ("DCGM", "")
        assert told == [["GPU_UPDATE"], ["GPU_UPDATE"], [], [], []]
        assert GpuCard.objects.get().power_draw_watts == 400.0


def test_a_look_that_comes_to_nothing_leaves_what_was_said_a_moment_ago() -> None:
    with serve(prometheus(samples())) as server:
        cluster = make_cluster("gpu-oregon", prometheus_url=server.url)
        by_series()
        gpu_interest.look(cluster.pk, "n1")
        process = GpuProcess(7, "python", 900, holder=TRAIN)
        look_at(cluster, reading(card(0, processes=(process,)), source=NVIDIA_SMI))
        look_at(cluster, blank("nvidia-smi did not end"))
        make_due()
        by_series()
    assert GpuCard.objects.get().parts["processes"][0]["pid"] == 7
    assert GpuNode.objects.get().errors == []


def test_history_of_a_node_of_dcgms_is_its_series_alone_while_somebody_looks() -> None:
    with serve(prometheus(samples())) as server:
        cluster = make_cluster("gpu-oregon", prometheus_url=server.url)
        by_series()
    assert GpuSample.objects.count() == 1
    GpuSample.objects.all().delete()
    look_at(cluster, reading(card(0), source=NVIDIA_SMI))
    assert GpuSample.objects.count() == 0


def test_a_look_makes_no_node_and_no_cluster_suffers_from_one() -> None:
    cluster = make_cluster("gpu-oregon")
    now = timezone.now()
    first = NodeRead("n1", reading(card(0), source=NVIDIA_SMI), now)
    collecting.keep([Heard(cluster.pk, cluster.name, now, NVIDIA_SMI, (first,))])
    look_at(cluster, reading(card(1), source=NVIDIA_SMI), "n2")
    look_at(cluster, blank("no"), "n3")
    assert [node.node_name for node in GpuNode.objects.all()] == ["n1"]
    gpu_interest.look(cluster.pk, "n1")
    assert async_to_sync(collecting.of_looked_at)() == 1
    assert GpuFeed.objects.get().problem == ""
    assert GpuNode.objects.get().errors != []


def test_a_round_of_commands_that_fails_is_told_and_is_no_round_of_series() -> None:
    cluster = make_cluster("gpu-oregon", api_server_url="https://127.0.0.1:1")
    Cluster.objects.update(capabilities={"has_gpu_nodes": True})
    async_to_sync(collecting.by_commands)()
    feed = GpuFeed.objects.get(pk=cluster.pk)
    assert feed.problem
    assert (feed.asked_at, feed.read_at) == (None, None)


def test_a_cluster_of_nvidia_smis_is_not_told_of_series_it_never_had() -> None:
    with serve(prometheus([])) as server:
        cluster = make_cluster("gpu-oregon", prometheus_url=server.url)
        now = timezone.now()
        node = NodeRead("n1", reading(card(0), source=NVIDIA_SMI), now)
        heard = Heard(cluster.pk, cluster.name, now, NVIDIA_SMI, (node,), interval_seconds=30)
        collecting.keep([heard])
        by_series()
    feed = GpuFeed.objects.get()
    assert (feed.source, feed.interval_seconds, feed.problem) == ("NVIDIA_SMI", 30, "")
    assert feed.asked_at is not None
