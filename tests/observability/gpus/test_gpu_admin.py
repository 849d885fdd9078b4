"""GPUs in the admin, to look at only, by whoever may see their cluster."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.actions.gpus import storing
from apps.observability.gpus.reading import GpuProcess, Holder, NodeReading
from apps.observability.models import GpuCard, GpuClaim, GpuFeed, GpuNode
from tests.factories import make_cluster, make_user
from tests.observability.gpus.cards import SERVE, TRAIN, card, heard, part, reading

pytestmark = pytest.mark.django_db

ADMIN = "/admin/observability"
NODES, CARDS, CLAIMS, CHANGES, FEEDS = (
    f"{ADMIN}/{one}/" for one in ("gpunode", "gpucard", "gpuclaim", "gpuchange", "gpufeed")
)
LISTS = (NODES, CARDS, CLAIMS, CHANGES, FEEDS)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def browser(admin: User) -> Client:
    return browser_of(admin)


@pytest.fixture
def staff(db: None) -> User:
    """Somebody to whom Django's permissions open all these pages, and no grant anything in them."""
    user = make_user("staff", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=["observability", "clusters"])
    )
    return user


@pytest.fixture
def red() -> Cluster:
    return make_cluster("red-1")


def put(cluster: Cluster, seconds: float = 0, **nodes: NodeReading) -> None:
    storing.store([heard(cluster, seconds, nodes)])


def page_of(browser: Client, url: str) -> str:
    response = browser.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return response.content.decode()


def shown(browser: Client, url: str) -> list[str]:
    return [str(one) for one in browser.get(url).context["cl"].result_list]


def of(row: Any, below: str = "change/") -> str:
    return f"{ADMIN}/{type(row)._meta.model_name}/{row.pk}/{below}"


def test_the_lists_cost_the_same_for_any_number_of_cards(browser: Client) -> None:
    urls = [*LISTS, f"{NODES}?reading=stale&health=well", f"{CARDS}?presence=all", f"{CLAIMS}?q=n"]
    urls[5] = f"{NODES}?reading=stale&health=ok"

    def questions() -> list[int]:
        found = []
        for url in urls:
            with CaptureQueriesContext(connection) as captured:
                page_of(browser, url)
            found.append(len(captured))
        return found

    put(make_cluster("red-0"), n0=reading(card(0), card(1)))
    few = questions()
    for number in range(1, 6):
        cards = [card(number * 10 + one, holders=(TRAIN, SERVE)) for one in range(6)]
        put(make_cluster(f"red-{number}"), n1=reading(*cards), n2=reading(card(number * 10 + 8)))
    assert questions() == few
    assert max(few) <= 7


def test_the_pages_cost_the_same_for_any_number_of_cards(browser: Client, red: Cluster) -> None:
    def questions(node: str) -> list[int]:
        row = GpuNode.objects.get(node_name=node)
        first = row.cards.order_by("pk")[0]
        found = []
        for page in (of(row), of(first)):
            with CaptureQueriesContext(connection) as captured:
                page_of(browser, page)
            found.append(len(captured))
        return found

    processes = tuple(GpuProcess(pid, "python", 10, holder=TRAIN) for pid in range(9))
    put(red, n1=reading(card(0)), n2=reading(*(card(1 + one) for one in range(8))))
    put(red, 15, n2=reading(*(card(1 + one, processes=processes) for one in range(8))))
    # The first time Django looks up what it keeps of the tables.
    questions("n1")
    few = questions("n1")
    assert questions("n2") == few
    assert max(few) <= 8


def test_the_json_of_cards_is_not_read_for_lists(browser: Client, red: Cluster) -> None:
    put(red, n1=reading(card(0)))
    for url in (CARDS, CLAIMS, NODES, of(GpuNode.objects.get())):
        with CaptureQueriesContext(connection) as captured:
            page_of(browser, url)
        assert not any('"parts"' in one["sql"] for one in captured), url


def test_the_page_of_a_node_has_its_cards_and_who_holds_them(browser: Client, red: Cluster) -> None:
    lost = "00000000:3B:00.0"
    hot = card(0, xid_errors=(79,), temperature_celsius=None)
    said = reading(hot, card(1, holders=()), lost=(lost,), errors=("It took <b>20</b> seconds",))
    put(red, n1=said)
    first, second = GpuCard.objects.order_by("index")
    page = page_of(browser, of(GpuNode.objects.get()))
    assert f'<a href="{of(first)}">GPU 0, NVIDIA H100 80GB HBM3</a>' in page
    assert f'<a href="{of(second)}">GPU 1, NVIDIA H100 80GB HBM3</a>' in page
    assert '<span class="badge badge-bad">critical</span>' in page
    assert "39.1 of 79.6 GiB" in page
    assert "500 of 700 W" in page
    assert f'<a href="{of(GpuClaim.objects.get())}">ml-train/train-6c9f7b8d5c-x2k4z</a>' in page
    assert "It took &lt;b&gt;20&lt;/b&gt; seconds" in page
    assert lost in page
    assert "Seen for the first time" in page
    assert f"/admin/clusters/cluster/{red.pk}/change/" in page
    listed = page_of(browser, NODES)
    assert "2, 1 silent" in listed
    assert f"{NODES}?cluster={red.pk}" in page_of(
        browser, f"/admin/clusters/cluster/{red.pk}/change/"
    )


def test_what_is_not_read_any_more_is_stale(browser: Client, red: Cluster) -> None:
    now = timezone.now()
    put(red, n1=reading(card(0)))
    put(make_cluster("blue-1"), n2=reading(card(1)))
    GpuFeed.objects.filter(cluster=red).update(read_at=now)
    GpuFeed.objects.exclude(cluster=red).update(read_at=now - timedelta(minutes=9))
    stale = '<span class="badge badge-warn">stale</span>'
    for row in (GpuNode.objects.get(node_name="n1"), GpuCard.objects.get(index=0)):
        assert stale not in page_of(browser, of(row))
    for row in (GpuNode.objects.get(node_name="n2"), GpuCard.objects.get(index=1)):
        assert stale in page_of(browser, of(row))
    assert shown(browser, f"{NODES}?reading=stale") == ["n2"]
    assert shown(browser, f"{NODES}?reading=fresh") == ["n1"]
    GpuFeed.objects.exclude(cluster=red).update(read_at=None)
    assert shown(browser, f"{NODES}?reading=stale") == ["n2"]
    assert stale in page_of(browser, FEEDS)


def test_the_page_of_a_card_says_what_is_wrong_and_what_to_do(
    browser: Client, red: Cluster
) -> None:
    slices = (part(1, compute_instance_id=0), part(2, holders=()))
    process = GpuProcess(4711, "python <train>", 900, holder=SERVE)
    sliced = card(1, mig_enabled=True, mig_instances=slices, processes=(process,), holders=())
    put(red, n1=reading(card(0, xid_errors=(79,)), sliced))
    hurt, whole = GpuCard.objects.order_by("index")
    page = page_of(browser, of(hurt))
    assert "XID 79: The GPU has fallen off the bus." in page
    assert "<strong>Drain the node and reboot it" in page
    assert f'<a href="{of(hurt.node)}">n1</a>' in page
    assert f"{CHANGES}?uuid={hurt.uuid}" in page
    page = page_of(browser, of(whole))
    assert "Nothing is known to be wrong with it." in page
    assert "<td>1/0</td>" in page
    assert "3g.40gb" in page
    assert "ml-serve/serve-0" in page
    assert "python &lt;train&gt;" in page
    assert "in slices" in page


def test_cards_are_found_by_health_use_presence_and_words(browser: Client, red: Cluster) -> None:
    idle = card(1, utilization_gpu_percent=0.0)
    put(red, n1=reading(card(0, xid_errors=(79,)), idle, card(2, holders=())))
    put(make_cluster("blue-1"), n2=reading(card(3, holders=(TRAIN, SERVE), name="NVIDIA A10")))
    GpuCard.objects.filter(index=2).update(gone_at=timezone.now(), missing_since=timezone.now())
    uuids = {one.index: one.uuid for one in GpuCard.objects.all()}
    assert shown(browser, CARDS)[0] == uuids[0]
    for query, found in (
        ("", {0, 1, 3}),
        ("presence=all", {0, 1, 2, 3}),
        ("presence=gone", {2}),
        ("health=critical", {0}),
        ("use=idle", {1}),
        ("use=shared", {3}),
        ("use=free&presence=all", {2}),
        ("q=blue", {3}),
        (f"q={uuids[1]}", {1}),
        ("name=NVIDIA+A10", {3}),
        (f"cluster={red.pk}", {0, 1}),
    ):
        assert set(shown(browser, f"{CARDS}?{query}")) == {uuids[one] for one in found}, query
    assert shown(browser, f"{NODES}?health=critical") == ["n1"]


@pytest.mark.parametrize("query", ["cluster=red", "cluster=%00", "health=x", "reading=x", "use=x"])
def test_nonsense_in_the_address_leads_back_to_the_list(browser: Client, query: str) -> None:
    for url in (NODES, CARDS):
        assert browser.get(f"{url}?{query}", follow=True).status_code == 200


def test_what_is_held_for_nothing_comes_first(browser: Client, red: Cluster) -> None:
    put(red, n1=reading(card(0), card(1, holders=(SERVE,)), card(2, holders=(Holder("a", "b-0"),))))
    now = timezone.now()
    lazy = GpuClaim.objects.get(namespace="ml-serve")
    GpuClaim.objects.filter(pk=lazy.pk).update(
        idle_since=now - timedelta(days=2), holds_memory=True
    )
    GpuClaim.objects.filter(namespace="a").update(until=now, idle_since=now - timedelta(days=3))
    pods = [one.pod for one in browser.get(CLAIMS).context["cl"].result_list]
    assert pods == ["serve-0", "train-6c9f7b8d5c-x2k4z"]
    page = page_of(browser, f"{CLAIMS}?hold=idle")
    assert "ml-serve/serve-0" in page
    assert "train-6c9f7b8d5c-x2k4z" not in page
    assert f"idle since {now - timedelta(days=2):%Y-%m-%d %H:%M}" in page
    assert "keeps memory" in page
    assert f'<a href="{of(lazy.card)}">GPU 1</a>' in page
    assert "b-0" in page_of(browser, f"{CLAIMS}?hold=ended")
    assert len(shown(browser, f"{CLAIMS}?hold=all")) == 3
    assert "kept" in page_of(browser, of(lazy))


def test_a_change_leads_to_the_cards_of_its_uuid(browser: Client, red: Cluster) -> None:
    put(red, n1=reading(card(0)))
    put(red, 15, n1=reading(card(0), driver_version="560.1"))
    uuid = GpuCard.objects.get().uuid
    page = page_of(browser, CHANGES)
    assert f'href="{CARDS}?uuid={uuid}&amp;presence=all"' in page
    assert "550.90.07 to 560.1" in page
    assert shown(browser, f"{CARDS}?uuid={uuid}&presence=all") == [uuid]
    assert len(shown(browser, f"{CHANGES}?uuid={uuid}")) == 1


def test_why_a_cluster_is_not_read_is_said_in_words(browser: Client, red: Cluster) -> None:
    put(red, n1=reading(card(0)))
    GpuFeed.objects.create(cluster=make_cluster("blue-1"), problem="Nobody may <b>exec</b>")
    page = page_of(browser, FEEDS)
    assert page.index("blue-1") < page.index("red-1</a></th>")
    assert "Nobody may &lt;b&gt;exec&lt;/b&gt;" in page
    assert "nothing was ever read" in page
    assert len(shown(browser, f"{FEEDS}?problem=some")) == 1
    assert f"{NODES}?cluster={red.pk}" in page_of(browser, of(GpuFeed.objects.get(cluster=red)))
