"""Who is asked, who is left out and why, and how much one person may ask at once."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from apps import lasting_loop
from apps.accounts.models import User
from apps.clusters.connection import Connection
from apps.clusters.models import CheckSchedule, Cluster
from apps.clusters.models.cluster import State
from apps.clusters.models.grant import Rights, Role
from apps.http import Upstream
from apps.observability.errors import TooManyQueries
from apps.observability.federation import seats, targets, wishes
from apps.observability.federation.fan_out import Flow, ask_each
from apps.observability.federation.outcome import Answer, Failure, Target
from apps.observability.federation.seats import Table
from apps.observability.federation.wishes import Wishes
from tests.factories import grant, make_cluster, make_user


def one(name: str) -> Connection:
    return Connection(uuid4(), name, "SPOKE", Upstream("https://a.test"), {})


async def answer(target: Connection) -> str:
    return target.name


@pytest.mark.django_db
def test_a_cluster_found_offline_just_now_is_skipped_unless_it_is_to_be_asked(admin: User) -> None:
    make_cluster("well")
    away, stale = make_cluster("away"), make_cluster("stale")
    Cluster.objects.exclude(name="well").update(state=State.OFFLINE)
    now = timezone.now()
    found_offline(away.pk, now - timedelta(seconds=20))
    found_offline(stale.pk, now - timedelta(hours=1))

    def statuses(*, ask_offline: bool) -> list[str]:
        with wishes.granted(Wishes(ask_offline=ask_offline)):
            chosen = targets.choose(admin, ())
        asked = ask_each(chosen, answer, deadline=5, at_once=8)
        return [outcome.status for outcome in lasting_loop.submit(asked).result(30)]

    assert statuses(ask_offline=False) == ["SKIPPED", "SUCCESS", "SUCCESS"]
    assert statuses(ask_offline=True) == ["SUCCESS"] * 3


@pytest.mark.django_db
def test_whose_grants_changed_between_two_looks_is_held_to_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_cluster("one")
    ada = make_user("ada")
    grant(ada, Role.VIEWER, everywhere=True, namespaces=["red"])
    # What is read first is of the moment before the grant.
    monkeypatch.setattr(Rights, "of", lambda _: Rights(superuser=False, grants=()))
    [chosen] = targets.choose(ada, ())
    assert isinstance(chosen, Target)
    assert chosen.namespaces == frozenset()


def found_offline(cluster_id: UUID, moment: object) -> None:
    CheckSchedule.objects.filter(cluster_id=cluster_id).update(checked_at=moment)


def test_one_person_holds_a_share_and_leaves_seats_to_others() -> None:
    async def scene() -> list[bool]:
        table = Table(4, 2)
        for _ in range(2):
            assert table.take_at_once("ada")
        third = asyncio.create_task(table.wait("ada"))
        await asyncio.sleep(0)
        assert table.take_at_once("bob")
        waits = not third.done()
        table.leave("ada")
        await third
        return [waits, table.taken == 3]

    assert lasting_loop.submit(scene()).result(30) == [True, True]


def test_a_seat_that_was_waited_for_and_given_up_is_free_again() -> None:
    async def scene() -> int:
        table = Table(1, 1)
        assert table.take_at_once("ada")
        waiting = [asyncio.create_task(table.wait(who)) for who in ("bob", "eve")]
        await asyncio.sleep(0)
        table.leave("ada")
        for one_waiting in waiting:
            one_waiting.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return table.taken

    assert lasting_loop.submit(scene()).result(30) == 0


def test_too_many_questions_of_one_person_are_refused_and_nobody_elses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seats, "WAIT_SECONDS", 0.01)

    async def scene() -> tuple[list[str], type[Exception]]:
        go_on = asyncio.Event()

        async def slowly(target: Connection) -> str:
            await go_on.wait()
            return target.name

        four = [
            asyncio.create_task(ask_each([one("a")], slowly, deadline=9, at_once=1, asker="ada"))
            for _ in range(4)
        ]
        await asyncio.sleep(0)
        refused: type[Exception] = Exception
        try:
            await ask_each([one("b")], answer, deadline=9, at_once=1, asker="ada")
        except TooManyQueries as error:
            refused = type(error)
        others = await ask_each([one("c")], answer, deadline=9, at_once=1, asker="bob")
        go_on.set()
        found = [outcome for each in await asyncio.gather(*four) for outcome in each]
        return [outcome.status for outcome in (*found, *others)], refused

    assert lasting_loop.submit(scene()).result(30) == (["SUCCESS"] * 5, TooManyQueries)


def test_a_flow_that_is_refused_says_so_to_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats, "WAIT_SECONDS", 0.01)

    async def for_ever(target: Connection) -> str:
        await asyncio.sleep(3600)
        return target.name

    flows = [Flow([one("a")], for_ever, deadline=60, at_once=1, asker="eve") for _ in range(4)]
    last = Flow([one("a")], answer, deadline=60, at_once=1, asker="eve")
    with pytest.raises(TooManyQueries):
        last.take()
    for flow in flows:
        flow.close()


def test_what_failed_has_the_status_of_its_reason() -> None:
    codes = ("SKIPPED", "QUERY_TIMEOUT", "CLUSTER_UNREACHABLE")
    found = [Failure(one("a"), code, "", 0).status for code in codes]
    assert found == ["SKIPPED", "TIMEOUT", "ERROR"]
    assert Answer(one("a"), "x", 0).status == "SUCCESS"


def test_of_large_answers_only_so_many_are_held_while_their_reader_is_slow() -> None:
    landed: list[str] = []
    most = read = 0

    async def land(target: Connection) -> str:
        nonlocal most
        berth = seats.berth.get()
        assert berth is not None
        await berth()
        landed.append(target.name)
        most = max(most, len(landed) - read)
        return target.name

    flow = Flow([one(f"c{n}") for n in range(100)], land, deadline=60, at_once=100)
    while taken := flow.take():
        read += len(taken)
    assert read == 100
    # What was read is let go only when the next is asked for.
    assert 1 < most <= seats.MOST_LARGE


def test_a_place_for_a_large_answer_that_was_given_up_is_free_again() -> None:
    async def scene() -> bool:
        places = asyncio.Semaphore(1)
        first, second = seats.Landing(places), seats.Landing(places)
        await first.take()
        waiting = asyncio.create_task(second.take())
        await asyncio.sleep(0)
        second.leave()
        first.leave()
        await waiting
        return places.locked()

    assert lasting_loop.submit(scene()).result(30) is False
