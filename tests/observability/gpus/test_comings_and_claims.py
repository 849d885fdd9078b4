"""Cards that come, go and move; who holds them, since when, and since when for nothing."""

from typing import Any

import pytest

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.actions.gpus import storing, tidying
from apps.observability.gpus import stored
from apps.observability.gpus.owners import owner_of
from apps.observability.gpus.reading import NVIDIA_SMI, GpuProcess, Holder
from apps.observability.gpus.use import given_to_processes
from apps.observability.models import GpuCard, GpuChange, GpuClaim, GpuNode
from tests.factories import grant, make_cluster, make_user
from tests.observability.gpus.cards import SERVE, TRAIN, at, card, heard, part, reading

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> Cluster:
    return make_cluster("gpu-oregon", labels={"team": "red"})


@pytest.fixture
def read(cluster: Cluster) -> Any:
    def store(seconds: float, **nodes: Any) -> None:
        said = {name: reading(*gpus) for name, gpus in nodes.items()}
        storing.store([heard(cluster, seconds, said)])

    return store


def changes() -> list[tuple[str, str, str, str]]:
    rows = GpuChange.objects.order_by("id")
    return [(row.kind, row.node_name, row.uuid[4:12], row.before) for row in rows]


def test_a_card_is_gone_once_it_was_missing_for_long_and_returns(read: Any) -> None:
    read(0, n1=[card(0), card(1)])
    read(15, n1=[card(0)])
    assert GpuCard.objects.get(index=1).missing_since == at(15)
    read(30, n1=[card(0), card(1)])
    assert GpuCard.objects.get(index=1).missing_since is None
    for seconds in (45, 60, 345, 360):
        read(seconds, n1=[card(0)])
    gone = GpuCard.objects.get(index=1)
    assert (gone.gone_at, GpuCard.objects.present().count()) == (at(45), 1)
    read(400, n1=[card(0), card(1)])
    assert changes() == [
        ("APPEARED", "n1", "00000000", ""),
        ("APPEARED", "n1", "00000001", ""),
        ("GONE", "n1", "00000001", ""),
        ("RETURNED", "n1", "00000001", ""),
    ]
    assert [row.at for row in GpuChange.objects.filter(kind="GONE")] == [at(45)]
    assert GpuCard.objects.present().count() == 2


def test_a_card_that_is_put_into_another_node_has_moved(read: Any) -> None:
    read(0, n1=[card(0), card(1)], n2=[card(2)])
    read(15, n1=[card(0)], n2=[card(2)])
    read(30, n1=[card(0)], n2=[card(2), card(1)])
    assert changes()[3:] == [("MOVED", "n2", "00000001", "n1")]
    assert [row.node.node_name for row in GpuCard.objects.present().filter(index=1)] == ["n2"]


def test_a_node_that_got_another_name_has_its_cards_moved(read: Any) -> None:
    read(0, n1=[card(0)])
    read(15, n9=[card(0)])
    assert changes()[1:] == [("MOVED", "n9", "00000000", "n1")]


def test_two_cards_of_one_uuid_are_two_and_none_has_moved(read: Any) -> None:
    read(0, n1=[card(0)], n2=[card(0)])
    read(15, n1=[card(0)], n2=[card(0)])
    assert [kind for kind, *_ in changes()] == ["APPEARED", "APPEARED"]
    assert GpuCard.objects.present().count() == 2


def test_what_another_cluster_tells_of_a_card_takes_it_from_nobody(
    cluster: Cluster, read: Any
) -> None:
    """Nor does it say there, to whoever may not look here, what its node was called."""
    other = make_cluster("edge-tokyo")
    read(0, n1=[card(0), card(1)])
    read(15, n1=[card(0)])
    for seconds in (20, 35):
        storing.store([heard(other, seconds, {"e1": reading(card(1), card(0))})])
    assert GpuChange.objects.filter(cluster=other).values_list(
        "kind", "before"
    ).distinct().get() == (
        "APPEARED",
        "",
    )
    assert [row.gone_at for row in GpuCard.objects.filter(cluster=cluster)] == [None, None]
    read(400, n1=[card(0)])
    assert changes()[-1][:2] == ("GONE", "n1")


def test_the_cards_of_a_node_that_has_left_are_gone_after_a_day(
    cluster: Cluster, read: Any, time_machine: Any
) -> None:
    read(0, n1=[card(0)], n2=[card(1), card(2)])
    read(15, n1=[card(0)], n2=[card(1)])
    for seconds in (30, 23 * 3600):
        read(seconds, n1=[card(0)])
    time_machine.move_to(at(23 * 3600 + 60))
    tidying.tidy()
    assert GpuCard.objects.present().count() == 3
    for seconds in (24 * 3600 + 60, 25 * 3600):
        read(seconds, n1=[card(0)])
    time_machine.move_to(at(25 * 3600 + 60))
    for _ in range(2):
        tidying.tidy()
    assert [row.index for row in GpuCard.objects.present()] == [0]
    gone = GpuChange.objects.filter(kind="GONE").order_by("uuid")
    assert [(row.node_name, row.uuid[4:12], row.at) for row in gone] == [
        ("n2", "00000001", at(15)),
        ("n2", "00000002", at(15)),
    ]
    ended = GpuClaim.objects.exclude(until=None).order_by("card__index")
    assert [(one.card.index, one.until) for one in ended] == [(1, at(15)), (2, at(15))]
    read(26 * 3600, n1=[card(0)], n2=[card(1)])
    assert changes()[-1][:3] == ("RETURNED", "n2", "00000001")
    assert [row.pod for row in GpuClaim.objects.open().filter(card__index=1)] == [TRAIN.pod]


def test_nobody_has_left_a_cluster_that_is_not_read(read: Any, time_machine: Any) -> None:
    read(0, n1=[card(0)], n2=[card(1)])
    read(15, n1=[card(0)])
    time_machine.move_to(at(5 * 86_400))
    tidying.tidy()
    assert GpuCard.objects.present().count() == 2


def test_another_driver_is_a_change_of_the_node(cluster: Cluster) -> None:
    for seconds, driver in ((0, "550.90.07"), (15, "570.1.1"), (30, None), (45, "570.1.1")):
        said = {"n1": reading(card(0), driver_version=driver)}
        storing.store([heard(cluster, seconds, said)])
    found = GpuChange.objects.filter(kind="DRIVER_CHANGED").values_list("before", "after")
    assert list(found) == [("550.90.07", "570.1.1")]


def claims() -> list[tuple[str, Any, Any, Any]]:
    rows = GpuClaim.objects.order_by("since", "pod")
    return [(row.pod, row.since, row.until, row.idle_since) for row in rows]


def test_a_claim_begins_rests_works_again_and_ends(read: Any) -> None:
    read(0, n1=[card(0)])
    [claim] = GpuClaim.objects.all()
    assert (claim.namespace, claim.owner, claim.weight) == ("ml-train", "train", 1.0)
    assert (claim.unit, claim.holds_memory) == (GpuCard.objects.get().pk * 256, True)
    read(15, n1=[card(0, utilization_gpu_percent=0.0)])
    read(30, n1=[card(0, utilization_gpu_percent=0.0)])
    assert claims() == [(TRAIN.pod, at(0), None, at(15))]
    read(45, n1=[card(0)])
    assert claims() == [(TRAIN.pod, at(0), None, None)]
    read(60, n1=[card(0, holders=(SERVE,), utilization_gpu_percent=None)])
    assert claims() == [(TRAIN.pod, at(0), at(60), None), (SERVE.pod, at(60), None, None)]
    read(75, n1=[card(0, holders=())])
    assert claims()[1] == (SERVE.pod, at(60), at(75), None)


def test_what_nobody_saw_is_not_counted_as_rest(read: Any) -> None:
    idle = card(0, utilization_gpu_percent=0.0)
    read(0, n1=[idle])
    read(45, n1=[idle])
    assert claims() == [(TRAIN.pod, at(0), None, at(0))]
    read(91, n1=[idle])
    assert claims() == [(TRAIN.pod, at(0), None, at(91))]


def test_slices_are_claimed_by_their_size_and_shared_cards_by_many(read: Any) -> None:
    sliced = card(
        0,
        mig_enabled=True,
        utilization_gpu_percent=None,
        mig_instances=(part(1), part(2, holders=(TRAIN,), profile="4g.40gb")),
        holders=(),
    )
    read(0, n1=[sliced, card(1, holders=(SERVE, TRAIN))])
    ids = {row.index: row.pk for row in GpuCard.objects.all()}
    found = GpuClaim.objects.order_by("unit", "pod")
    assert [(row.unit, row.pod, row.profile, row.holders) for row in found] == [
        (ids[0] * 256 + 17, SERVE.pod, "3g.40gb", 1),
        (ids[0] * 256 + 33, TRAIN.pod, "4g.40gb", 1),
        (ids[1] * 256, SERVE.pod, "", 2),
        (ids[1] * 256, TRAIN.pod, "", 2),
    ]
    assert [row.weight for row in found] == [pytest.approx(3 / 7), pytest.approx(4 / 7), 1, 1]
    assert GpuCard.objects.get(index=0).allocated == pytest.approx(1.0)
    assert (GpuCard.objects.get(index=1).shared, GpuCard.objects.get(index=0).shared) == (
        True,
        False,
    )


def test_the_claim_on_a_card_that_is_gone_ends_when_it_went(read: Any) -> None:
    read(0, n1=[card(0), card(1)])
    for seconds in (15, 315):
        assert [until for _, _, until, _ in claims()] == [None, None]
        read(seconds, n1=[card(0)])
    ended = GpuClaim.objects.exclude(until=None).get()
    assert (ended.card.index, ended.until) == (1, at(15))


def test_who_runs_is_taken_for_who_holds_where_nobody_tells_more() -> None:
    ours = GpuProcess(7, holder=TRAIN, gpu_instance_id=1, compute_instance_id=0)
    whole = card(0, holders=(), processes=(ours, GpuProcess(8)))
    assert given_to_processes(whole).holders == (TRAIN,)
    assert given_to_processes(card(0, processes=(ours,), holders=(SERVE,))).holders == (SERVE,)
    parts = tuple(part(n, holders=(), compute_instance_id=0) for n in (1, 2))
    sliced = given_to_processes(card(0, holders=(), processes=(ours,), mig_instances=parts))
    assert [one.holders for one in sliced.mig_instances or ()] == [(TRAIN,), ()]
    assert sliced.holders == ()


@pytest.mark.parametrize(
    ("pod", "owner"),
    [
        ("train-6c9f7b8d5c-x2k4z", "train"),
        ("my-long-train-7f9c8d6b5d-zz2k4", "my-long-train"),
        ("serve-0", "serve"),
        ("serve-large-12", "serve-large"),
        ("sweep-3-x2k4z", "sweep"),
        ("exporter-x2k4z", "exporter"),
        ("notebook", "notebook"),
        ("notebook-alice", "notebook-alice"),
        ("model-gpt", "model-gpt"),
        ("x2k4z", "x2k4z"),
        ("0", "0"),
    ],
)
def test_a_pods_owner_is_told_by_its_name(pod: str, owner: str) -> None:
    assert owner_of(pod) == owner


def test_who_is_held_to_namespaces_sees_cards_and_only_claims_of_these(
    cluster: Cluster, read: Any
) -> None:
    other = make_cluster("edge-tokyo", labels={"team": "blue"})
    storing.store([heard(other, 0, {"e1": reading(card(9), source=NVIDIA_SMI)})])
    read(0, n1=[card(0), card(1, holders=(SERVE,))])
    held = make_user("held")
    grant(held, Role.VIEWER, label_selector={"team": "red"}, namespaces=["ml-serve"])
    assert [node.node_name for node in GpuNode.objects.visible_to(held)] == ["n1"]
    assert GpuCard.objects.visible_to(held).count() == 2
    assert GpuChange.objects.visible_to(held).count() == 2
    assert [claim.pod for claim in GpuClaim.objects.visible_to(held).open()] == [SERVE.pod]
    whole, nobody = make_user("whole"), make_user("nobody")
    grant(whole, Role.VIEWER, label_selector={"team": "red"})
    assert GpuClaim.objects.visible_to(whole).count() == 2
    assert GpuClaim.objects.visible_to(nobody).count() == 0
    assert GpuNode.objects.visible_to(nobody).count() == 0


def test_what_is_of_other_namespaces_is_taken_out_before_it_is_shown() -> None:
    mine = GpuProcess(7, holder=SERVE)
    whole = card(
        0,
        holders=(SERVE, TRAIN),
        processes=(mine, GpuProcess(8, holder=TRAIN), GpuProcess(9)),
        mig_instances=(part(1, holders=(Holder("x", "y"), SERVE)),),
    )
    assert stored.narrowed(whole, None) is whole
    seen = stored.narrowed(whole, {"ml-serve"})
    assert (seen.holders, seen.processes) == ((SERVE,), (mine,))
    assert [one.holders for one in seen.mig_instances or ()] == [(SERVE,)]
    assert stored.narrowed(card(0), set()).processes is None
