"""Cards that nobody is seen on go to the pods that ask for them; what is a guess says so."""

from dataclasses import replace

import pytest

from apps.observability.gpus import requests
from apps.observability.gpus.reading import Gpu, Holder, MigInstance
from apps.observability.gpus.requests import Request, given_to_requests
from tests.observability.gpus.cards import card, part

A, B, C = (Holder("ml", f"pod-{name}", "main") for name in "abc")
GPU, SHARED, MIG = "nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-3g.40gb"


def free(*numbers: int) -> list[Gpu]:
    return [card(number, holders=(), memory_used_mb=0) for number in numbers]


def held(gpus: tuple[Gpu, ...]) -> list[list[tuple[str, bool]]]:
    return [[(one.pod, one.certain) for one in gpu.holders] for gpu in gpus]


def slices(gpu: Gpu) -> list[list[tuple[str, bool]]]:
    return [[(one.pod, one.certain) for one in its.holders] for its in gpu.mig_instances or ()]


def test_one_pod_that_asks_for_the_whole_node_is_certain() -> None:
    found = given_to_requests(free(0, 1), [Request(A, GPU, 2)])
    assert held(found) == [[("pod-a", True)], [("pod-a", True)]]


def test_which_cards_a_pod_has_of_more_is_a_guess_and_how_many_is_not() -> None:
    found = given_to_requests(free(0, 1, 2), [Request(A, GPU, 2)])
    assert held(found) == [[("pod-a", False)], [("pod-a", False)], []]


def test_the_cards_whose_memory_is_used_are_the_likely_ones() -> None:
    gpus = [*free(0), replace(free(1)[0], memory_used_mb=70_000)]
    assert held(given_to_requests(gpus, [Request(A, GPU, 1)])) == [[], [("pod-a", False)]]


def test_of_several_pods_that_cover_the_node_each_card_is_held_and_by_whom_is_a_guess() -> None:
    found = given_to_requests(free(0, 1, 2), [Request(B, GPU, 1), Request(A, GPU, 2)])
    assert held(found) == [[("pod-a", False)], [("pod-a", False)], [("pod-b", False)]]


def test_what_a_pod_is_seen_on_counts_first_and_makes_the_rest_certain() -> None:
    gpus = free(0, 1, 2)
    gpus[1] = card(1, holders=(replace(A, container=""),))
    found = given_to_requests(gpus, [Request(A, GPU, 1), Request(B, GPU, 2)])
    assert held(found) == [[("pod-b", True)], [("pod-a", True)], [("pod-b", True)]]
    # Another container of the same pod has its own.
    other = Holder("ml", "pod-a", "side")
    gpus = [card(0, holders=(A,)), *free(1)]
    found = given_to_requests(gpus, [Request(A, GPU, 1), Request(other, GPU, 1)])
    assert [[one.container for one in gpu.holders] for gpu in found] == [["main"], ["side"]]


@pytest.mark.parametrize("resource", [GPU, SHARED])
def test_more_pods_than_cards_take_turns(resource: str) -> None:
    found = given_to_requests(free(0), [Request(one, resource, 1) for one in (A, B, C)])
    assert held(found) == [[("pod-a", True), ("pod-b", True), ("pod-c", True)]]
    found = given_to_requests(free(0, 1), [Request(one, resource, 1) for one in (A, B, C)])
    assert held(found) == [[("pod-a", False), ("pod-c", False)], [("pod-b", False)]]
    # Who runs on it, and who waits beside him.
    found = given_to_requests(
        [card(0, holders=(A,))], [Request(A, resource, 1), Request(B, GPU, 1)]
    )
    assert held(found) == [[("pod-a", True), ("pod-b", True)]]


def test_a_card_that_is_lost_makes_nobody_take_turns() -> None:
    found = given_to_requests(free(0, 1), [Request(A, GPU, 3)], unseen=1)
    assert held(found) == [[("pod-a", True)], [("pod-a", True)]]


def test_slices_go_by_their_profiles_and_cards_by_their_own_name() -> None:
    sliced = card(
        0,
        holders=(),
        mig_instances=(
            part(1, holders=()),
            part(2, holders=(), profile="1g.10gb+me"),
            part(3, holders=(C,), profile="1g.10gb"),
        ),
    )
    asked = [
        Request(A, MIG, 1),
        Request(B, "nvidia.com/mig-1g.10gb.me", 1),
        Request(C, GPU, 1),
        Request(C, "nvidia.com/mig-1g.10gb", 1),
    ]
    found = given_to_requests([sliced, *free(1)], asked)
    assert slices(found[0]) == [[("pod-a", True)], [("pod-b", True)], [("pod-c", True)]]
    assert held(found[1:]) == [[("pod-c", True)]]


def test_where_all_cards_are_in_slices_a_slice_goes_by_the_name_of_a_card() -> None:
    parts = tuple(part(number, holders=()) for number in (1, 2))
    (found,) = given_to_requests([card(0, holders=(), mig_instances=parts)], [Request(A, GPU, 1)])
    assert slices(found) == [[("pod-a", False)], []]


def test_what_nobody_asks_for_is_free_and_what_fits_nothing_changes_nothing() -> None:
    gpus = tuple(free(0, 1))
    assert given_to_requests(gpus, []) == gpus
    assert given_to_requests(gpus, [Request(A, MIG, 1)]) == gpus
    assert given_to_requests((), [Request(A, GPU, 8)]) == ()
    assert requests.has_free(gpus)
    assert not requests.has_free([card(0)])
    assert requests.has_free([Gpu(mig_instances=(MigInstance(holders=(A,)), MigInstance()))])
