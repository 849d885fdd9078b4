"""When an upstream is left alone, and how it is found to be back."""

from apps.observability.federation.breaker import Admitted, Breaker, Refused, Rules, State

RULES = Rules(failures=3, first_wait=10, longest=40)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def made() -> tuple[Breaker, Clock]:
    clock = Clock()
    return Breaker(RULES, clock, lambda: 0.5), clock


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        admitted = breaker.admit()
        assert isinstance(admitted, Admitted)
        breaker.fail(admitted)


def test_it_opens_after_failures_in_a_row_and_not_for_scattered_ones() -> None:
    breaker, _ = made()
    fail(breaker, 2)
    breaker.succeed()
    fail(breaker, 2)
    assert isinstance(breaker.admit(), Admitted)
    fail(breaker)
    assert breaker.state == State.OPEN


def test_it_says_since_when_it_refuses_and_when_it_tries_next() -> None:
    breaker, clock = made()
    fail(breaker, 3)
    clock.now = 4
    refused = breaker.admit()
    assert refused == Refused(since=4, tried_in=6, failures=3)
    assert isinstance(refused, Refused)
    assert refused.reason == "left alone for 4 s after 3 failures in a row, and tried next in 6 s"


def test_one_alone_tries_it_and_its_success_lets_all_in() -> None:
    breaker, clock = made()
    fail(breaker, 3)
    clock.now = 10
    assert breaker.admit() == Admitted(probe=True)
    others = [breaker.admit() for _ in range(5)]
    assert all(isinstance(one, Refused) for one in others)
    breaker.succeed()
    assert [breaker.admit() for _ in range(3)] == [Admitted(probe=False)] * 3


def test_a_failed_try_waits_twice_as_long_up_to_the_longest() -> None:
    breaker, clock = made()
    fail(breaker, 3)
    waits = []
    for _ in range(4):
        refused = breaker.admit()
        assert isinstance(refused, Refused)
        waits.append(refused.tried_in)
        clock.now += refused.tried_in
        fail(breaker)
    assert waits == [10, 20, 40, 40]


def test_a_try_that_was_given_up_leaves_the_next_one_to_try() -> None:
    breaker, clock = made()
    fail(breaker, 3)
    clock.now = 10
    probe = breaker.admit()
    assert isinstance(probe, Admitted)
    breaker.drop(probe)
    assert breaker.admit() == Admitted(probe=True)


def test_late_failures_of_before_it_opened_change_nothing() -> None:
    breaker, clock = made()
    late = breaker.admit()
    assert isinstance(late, Admitted)
    fail(breaker, 3)
    clock.now = 10
    assert breaker.admit() == Admitted(probe=True)
    breaker.fail(late)
    assert breaker.state == State.PROBING


def test_the_waits_are_spread_by_chance() -> None:
    waits = []
    for chance in (0.0, 1.0):
        breaker = Breaker(RULES, Clock(), lambda chance=chance: chance)  # type: ignore[misc]
        fail(breaker, 3)
        refused = breaker.admit()
        assert isinstance(refused, Refused)
        waits.append(refused.tried_in)
    assert waits == [7.5, 12.5]
