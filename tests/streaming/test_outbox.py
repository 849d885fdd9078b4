"""Of values that matter as long as they are the newest, a client that is behind gets no other."""

from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability import events as observed
from apps.observability.models import Indicator
from apps.observability.models.reading import State
from apps.streaming import log
from apps.streaming.envelope import Logged
from apps.streaming.outbox import CAPACITY, Outbox
from tests.factories import grant, make_user
from tests.streaming.browser import browser_of, tell

GPU = str(uuid4())


def update(number: int, of: str = "cpu", cluster: str = GPU) -> Logged:
    return Logged(f"1-{number}", "METRIC_UPDATE", cluster, False, f"{number}", of)


def plain(number: int) -> Logged:
    return Logged(f"1-{number}", "CLUSTER_UPDATED", GPU, False, f"{number}")


async def taken(*events: Logged) -> list[str]:
    """Return what a client takes who was away while these came."""
    outbox = Outbox()
    for event in events:
        outbox.put_event(event)
    outbox.put_event(plain(999))
    frames: list[str] = []
    while (frame := await outbox.take()) != "999":
        frames.append(frame)
    return frames


async def test_the_newest_is_told_in_its_own_place() -> None:
    assert await taken(update(1), plain(2), update(3), plain(4)) == ["2", "3", "4"]


async def test_other_indicators_and_other_clusters_are_told_beside_it() -> None:
    others = (update(2, of="memory"), update(3, cluster="another"), plain(4), plain(5))
    assert await taken(update(1), *others, update(6)) == ["2", "3", "4", "5", "6"]


async def test_what_is_superseded_makes_room_and_no_gap() -> None:
    plains = [plain(number) for number in range(CAPACITY - 2)]
    updates = [update(1000 + number) for number in range(500)]
    frames = await taken(*plains, *updates)
    assert frames == [*(str(number) for number in range(CAPACITY - 2)), "1499"]


@pytest.mark.django_db(transaction=True)
class TestAtTheSocket:
    async def tell_of(self, cluster: Cluster, value: float, name: str = "cpu-percent") -> str:
        event = observed.metric_update(
            Indicator(name=name, unit="%"), (cluster.pk, cluster.name), value, None, State.WARNING
        )
        return await sync_to_async(log.append)(event)

    async def test_who_comes_back_is_told_the_newest_value_of_each_indicator(
        self, admin: User, red: Cluster
    ) -> None:
        last = await tell(red)
        for value in (90.0, 91.0, 92.0):
            await self.tell_of(red, value)
            await self.tell_of(red, value, "memory-percent")
        async with await browser_of(admin) as browser:
            await browser.receive()
            await browser.subscribe(last_event_id=last)
            events = [(await browser.receive())["event"] for _ in range(2)]
            assert [one["payload"]["metric_name"] for one in events] == [
                "cpu-percent",
                "memory-percent",
            ]
            assert {one["payload"]["value"] for one in events} == {92.0}

    async def test_figures_of_a_whole_cluster_are_nothing_for_who_holds_namespaces(
        self, red: Cluster
    ) -> None:
        user = await sync_to_async(make_user)("keeper")
        await sync_to_async(grant)(user, Role.VIEWER, red, namespaces=["shop"])
        async with await browser_of(user) as browser:
            await browser.receive()
            await browser.subscribe()
            await self.tell_of(red, 97.0)
            await tell(red)
            assert (await browser.receive())["event"]["event_type"] == "CLUSTER_UPDATED"
