"""A fleet's questions are sent in one go; what comes of them is what would come of each alone."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from apps import lasting_loop
from apps.accounts.models import User
from apps.http import Begun
from apps.observability.arithmetic.values import Grid
from apps.observability.federation import ahead, cached, seats, upstreams
from apps.observability.queries import fleet
from tests.embedded.conftest import wait_until
from tests.factories import make_cluster
from tests.fakes.upstream import Behaviour, Raw, Upstream, prometheus, serve

pytestmark = pytest.mark.django_db

NAMES = ("a", "b", "c")


@pytest.fixture
def upstream(settings: Any) -> Iterator[dict[str, Upstream]]:
    upstreams.forget()
    with ExitStack() as stack:
        found = {}
        for name in NAMES:
            sample = {"metric": {"__name__": "up", "job": name}, "value": [60, "1"]}
            found[name] = stack.enter_context(serve(prometheus([sample])))
            make_cluster(name, prometheus_url=found[name].url)
        yield found
    upstreams.forget()


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Begun]:
    """What was sent ahead."""
    seen: list[Begun] = []
    begin = vars(upstreams)["begin"]

    def noting(*asked: Any) -> Begun | None:
        one: Begun | None = begin(*asked)
        seen.extend([one] if one else [])
        return one

    monkeypatch.setattr(upstreams, "begin", noting)
    return seen


def ask(user: User, moment: float, text: str = "up", timeout: float = 20.0) -> fleet.Worked:
    found = fleet.ask(user, fleet.FleetQuery(text, Grid(moment, moment, 0.0), timeout))
    if isinstance(found, fleet.Worked):
        return found
    found.hold()
    parts = b"".join((found.held(), *found.rest()))
    return fleet.Worked("vector", parts, found.coverage)


def nothing_is_left() -> bool:
    async def counted() -> bool:
        return not seats._tables

    return lasting_loop.submit(counted()).result(30)


def test_by_kept_connections_all_are_sent_ahead_and_answer_as_before(
    admin: User, upstream: dict[str, Upstream], begun: list[Begun]
) -> None:
    first = ask(admin, 100)
    assert (first.coverage.answered, len(begun)) == (3, 0)
    second = ask(admin, 200)
    assert (second.coverage.answered, len(begun)) == (3, 3)
    assert sorted(second.result) == sorted(first.result)
    assert [len(one.requests) for one in upstream.values()] == [2, 2, 2]
    assert [one.connections for one in upstream.values()] == [1, 1, 1]
    wait_until(nothing_is_left)


def test_a_leaf_of_a_sum_is_sent_ahead_too(
    admin: User, upstream: dict[str, Upstream], begun: list[Begun]
) -> None:
    ask(admin, 100)
    for one in upstream.values():
        now = {"metric": {}, "value": [200, "1"]}
        one.answers.update(prometheus([now]))
    found = ask(admin, 200, "sum(up)")
    assert (found.coverage.answered, len(begun)) == (3, 3)
    assert b'"3"' in found.result


def test_one_that_hangs_up_after_the_question_is_asked_again(
    admin: User, upstream: dict[str, Upstream], begun: list[Begun]
) -> None:
    upstream["b"].served_by_one = 1
    ask(admin, 100)
    found = ask(admin, 200)
    assert (found.coverage.answered, len(begun)) == (3, 3)
    assert upstream["b"].connections == 2


def test_one_that_spoke_unasked_is_not_sent_to_by_that_connection(
    admin: User, upstream: dict[str, Upstream], begun: list[Begun]
) -> None:
    said = b'{"status":"success","data":{"resultType":"vector","result":[]}}'
    whole = b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(said) + said
    upstream["b"].answers["/api/v1/query"] = Raw(whole + whole)
    ask(admin, 100)
    assert ask(admin, 200).coverage.answered == 3
    assert len(begun) == 2
    assert upstream["b"].connections == 2


def test_one_that_hangs_fails_alone_and_in_time(
    admin: User, upstream: dict[str, Upstream], begun: list[Begun]
) -> None:
    ask(admin, 100)
    upstream["c"].answers["/api/v1/query"] = Behaviour.HANG
    found = ask(admin, 200, timeout=0.5)
    assert len(begun) == 3
    assert found.coverage.answered == 2
    assert [(one.connection.name, one.code) for one in found.coverage.failures] == [
        ("c", "QUERY_TIMEOUT")
    ]
    wait_until(nothing_is_left)


def test_what_is_known_already_is_not_asked_at_all(
    admin: User, upstream: dict[str, Upstream], begun: list[Begun]
) -> None:
    ask(admin, 100)
    assert ask(admin, 100).coverage.answered == 3
    assert [len(one.requests) for one in upstream.values()] == [1, 1, 1]
    assert begun == []


def test_one_that_is_away_is_sent_nothing(
    admin: User, upstream: dict[str, Upstream], begun: list[Begun], settings: Any
) -> None:
    settings.BREAKER_FAILURES = 1
    ask(admin, 100)
    upstream["a"].answers["/api/v1/query"] = Raw(b"nonsense\r\n\r\n", "close")
    ask(admin, 200)
    asked = len(upstream["a"].requests)
    found = ask(admin, 300)
    assert [one.code for one in found.coverage.failures] == ["SKIPPED"]
    assert len(upstream["a"].requests) == asked


def test_a_question_that_is_closed_takes_back_what_it_sent(
    admin: User, upstream: dict[str, Upstream], begun: list[Begun]
) -> None:
    ask(admin, 100)
    for one in upstream.values():
        one.answers["/api/v1/query"] = Behaviour.HANG
    found = fleet.ask(admin, fleet.FleetQuery("up", Grid(200, 200, 0.0), 20))
    assert not isinstance(found, fleet.Worked)

    wait_until(lambda: len(begun) == len(NAMES))
    found.close()
    wait_until(lambda: not cached._flights and nothing_is_left())


def test_a_fault_of_sending_ahead_costs_nobody_an_answer(
    admin: User, upstream: dict[str, Upstream], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(ahead, "_named", broken)
    assert ask(admin, 100).coverage.answered == 3
