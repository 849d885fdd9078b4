"""Who sees which GPUs in the admin, and that nobody changes them there."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.gpus.reading import GpuProcess
from apps.observability.models import GpuCard, GpuChange, GpuClaim, GpuFeed, GpuNode
from tests.factories import grant, make_cluster, make_user
from tests.observability.gpus.cards import SERVE, TRAIN, card, part, reading
from tests.observability.gpus.test_gpu_admin import (
    CLAIMS,
    LISTS,
    browser_of,
    of,
    page_of,
    put,
    shown,
)

pytestmark = pytest.mark.django_db


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


def test_nobody_sees_gpus_of_clusters_that_are_not_theirs(staff: User, red: Cluster) -> None:
    put(red, n1=reading(card(0, name="NVIDIA L4")))
    put(make_cluster("blue-1"), n2=reading(card(1)))
    browser = browser_of(staff)
    for url in LISTS:
        assert shown(browser, url) == [], url
        assert "NVIDIA L4" not in page_of(browser, url)
    grant(staff, Role.VIEWER, make_cluster("green-1"))
    grant(staff, Role.VIEWER, Cluster.objects.get(name="blue-1"))
    for url in LISTS:
        assert len(shown(browser, url)) == 1, url
        page = page_of(browser, url)
        for never in ("red-1", str(red.pk), "n1", "NVIDIA L4"):
            assert never not in page, (url, never)
    hidden = (GpuNode, GpuCard, GpuClaim, GpuChange, GpuFeed)
    for kind in hidden:
        row = kind._default_manager.get(cluster=red)
        assert browser.get(of(row)).status_code == 302, kind


def test_pods_of_other_namespaces_are_on_no_page(staff: User, red: Cluster) -> None:
    processes = (GpuProcess(1, "mine", holder=SERVE), GpuProcess(2, "theirs", holder=TRAIN))
    slices = (part(1, holders=(SERVE,)), part(2, holders=(TRAIN,)))
    sliced = card(1, mig_enabled=True, mig_instances=slices, holders=(), processes=processes)
    put(red, n1=reading(card(0, holders=(TRAIN,)), sliced))
    grant(staff, Role.VIEWER, red, namespaces=["ml-serve"])
    browser = browser_of(staff)
    cards = list(GpuCard.objects.all())
    node = GpuNode.objects.get()
    pages = [page_of(browser, url) for url in (*LISTS, of(node), *map(of, cards))]
    assert len(pages) == 8
    for page in pages:
        for never in ("ml-train", "train-6c9f7b8d5c", "theirs"):
            assert never not in page
    of_slices = page_of(browser, of(GpuCard.objects.get(index=1)))
    assert "mine" in of_slices
    assert "ml-serve/serve-0" in of_slices
    assert len(shown(browser, CLAIMS)) == 1
    hidden = GpuClaim.objects.filter(namespace="ml-train").first()
    assert hidden is not None
    assert browser.get(of(hidden)).status_code == 302


def test_gpus_are_only_looked_at(admin: User, staff: User, red: Cluster) -> None:
    put(red, n1=reading(card(0)))
    grant(staff, Role.ADMIN, everywhere=True)
    kinds = (GpuNode, GpuCard, GpuClaim, GpuFeed)
    rows: list[Any] = [kind._default_manager.get() for kind in kinds]
    for user in (admin, staff):
        browser = browser_of(user)
        for url in LISTS:
            assert browser.get(f"{url}add/").status_code == 403
        for row in rows:
            assert browser.post(of(row), {"node_name": "x"}).status_code == 403
            assert browser.post(of(row, "delete/"), {"post": "yes"}).status_code == 403
            asked = {"action": "delete_selected", "_selected_action": [str(row.pk)]}
            browser.post(of(row).rsplit("/", 3)[0] + "/", {**asked, "post": "yes"})
            assert type(row)._default_manager.filter(pk=row.pk).exists()


def test_without_djangos_permissions_there_are_no_pages(red: Cluster) -> None:
    put(red, n1=reading(card(0)))
    user = make_user("bare", is_staff=True)
    grant(user, Role.ADMIN, everywhere=True)
    browser = browser_of(user)
    assert {browser.get(url).status_code for url in LISTS} == {403}
    user.user_permissions.set(Permission.objects.filter(codename="view_gpunode"))
    page = page_of(browser_of(user), of(GpuNode.objects.get()))
    assert "Its cards" not in page
