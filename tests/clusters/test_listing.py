"""Reading an API list by list: pages, moved lists, refusals, nonsense, and one deadline for all."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.clusters.kube import listing
from apps.clusters.kube.listing import Kind, Listed, Reader, Unread, read_list
from apps.clusters.kube.nodes import NODES
from apps.clusters.kube.survey import Findings, survey
from apps.clusters.kube.workloads import NAMESPACES, Named, Place, place_of
from apps.http import Upstream
from tests.clusters.fleet import Site
from tests.fakes import upstream as fake
from tests.fakes.upstream import Answer, Behaviour

PODS: Kind[Named, Place] = Kind("pods", "/api/v1/pods", Named, place_of)
EMPTY: Answer = (200, {"items": []})
FORBIDDEN: Answer = (403, {"kind": "Status", "reason": "Forbidden"})
API: dict[str, Answer] = {
    "/version": (200, {"gitVersion": "v1.33.5"}),
    "/apis": (200, {"groups": [{"name": "apps"}]}),
    "/api/v1/nodes": EMPTY,
    "/api/v1/namespaces": EMPTY,
    "/api/v1/services": EMPTY,
    "/api/v1/pods": EMPTY,
}


@pytest.fixture
def api() -> Iterator[fake.Upstream]:
    with fake.serve(API) as running:
        yield running


async def read(upstream: Upstream, kind: Kind[Any, Any] = PODS) -> Listed[Any] | Unread:
    return await read_list(Reader.within(upstream, 20), kind)


async def look(api: fake.Upstream, seconds: float = 20) -> Findings:
    found = await survey(Upstream(api.url), seconds)
    assert isinstance(found, Findings)
    return found


async def test_pages_are_read_to_the_end(
    sites: dict[str, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await read(sites["hub-frankfurt"].upstream)
    monkeypatch.setattr(listing, "PAGE_SIZE", 7)
    paged = await read(sites["hub-frankfurt"].upstream)
    assert isinstance(paged, Listed)
    assert len(paged.items) > 70
    assert paged == whole


async def test_a_list_that_moved_on_is_begun_anew_once(
    sites: dict[str, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = sites["hub-frankfurt"]
    whole = await read(site.upstream)
    monkeypatch.setattr(listing, "PAGE_SIZE", 20)
    # The clock is read twice a request: the token of the first page is too old for the second.
    site.clock.jumps = [0, 0, 301]
    found = await read(site.upstream)
    assert isinstance(found, Listed)
    assert found == whole


async def test_a_list_that_keeps_moving_is_unknown(
    sites: dict[str, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = sites["hub-frankfurt"]
    monkeypatch.setattr(listing, "PAGE_SIZE", 20)
    site.clock.jumps = [301] * 12
    found = await read(site.upstream)
    site.clock.jumps = []
    assert found == Unread("The list of pods kept changing while it was read (410).")


async def test_a_list_without_end_is_given_up(
    sites: dict[str, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 1)
    monkeypatch.setattr(listing, "MOST_PAGES", 3)
    found = await read(sites["hub-frankfurt"].upstream)
    assert found == Unread("There are more than 3 pods.", lasting=True)


async def test_a_forbidden_list_says_what_to_grant_and_hides_no_other(api: fake.Upstream) -> None:
    api.answers["/api/v1/nodes"] = FORBIDDEN
    found = await look(api)
    assert isinstance(found.nodes, Unread)
    assert found.nodes.lasting
    assert found.nodes.reason == (
        "Our token may not read the nodes (403). Grant it the right to list them."
    )
    assert found.services == Listed()


async def test_a_group_that_is_not_served_is_absent_and_not_asked_for(api: fake.Upstream) -> None:
    """A narrow role is refused before it hears that there is no such kind."""
    found = await look(api)
    assert found.releases == Listed(served=False)
    assert not any("openshift" in path for path in api.paths())


async def test_where_the_groups_are_hidden_a_404_means_absent(api: fake.Upstream) -> None:
    api.answers["/apis"] = FORBIDDEN
    found = await look(api)
    assert found.routes == Listed(served=False)
    assert any("route.openshift.io" in path for path in api.paths())


@pytest.mark.parametrize(
    "answer",
    [
        (200, "<html>"),
        (200, b"\xff\xfe\x00"),
        (200, "[]"),
        (200, "null"),
        (200, {"items": "many"}),
        (200, {"items": [{"metadata": {"name": 5}}]}),
        (200, {"items": [None]}),
        (200, {"metadata": {}}),
        (200, "[" * 100_000),
        (200, '{"items": [{"metadata": {"name": "a\\ud800"}}'),
    ],
)
async def test_nonsense_is_unknown_and_not_quoted(api: fake.Upstream, answer: Answer) -> None:
    api.answers["/api/v1/nodes"] = answer
    found = await read(Upstream(api.url), NODES)
    assert found == Unread(
        "What the API server answers when asked for the nodes cannot be understood."
    )


@pytest.mark.parametrize("items", [None, []])
async def test_an_empty_list_is_empty(api: fake.Upstream, items: object) -> None:
    api.answers["/api/v1/namespaces"] = (200, json.dumps({"items": items}))
    assert await read(Upstream(api.url), NAMESPACES) == Listed()


@pytest.mark.parametrize(("answer", "words"), [((500, ""), "500"), ((302, ""), "302")])
async def test_a_failing_list_may_be_asked_again(
    api: fake.Upstream, answer: Answer, words: str
) -> None:
    api.answers["/api/v1/nodes"] = answer
    found = await read(Upstream(api.url), NODES)
    assert isinstance(found, Unread)
    assert words in found.reason
    assert not found.lasting


@pytest.mark.parametrize("behaviour", [Behaviour.HANG, Behaviour.DRIP, Behaviour.CUT])
async def test_a_list_that_hangs_costs_itself_alone(
    api: fake.Upstream, behaviour: Behaviour
) -> None:
    api.answers["/api/v1/services"] = behaviour
    found = await look(api, seconds=1)
    assert isinstance(found.services, Unread)
    assert found.nodes == Listed()


async def test_one_deadline_is_for_all_pages(api: fake.Upstream) -> None:
    """A page that always leads to another costs no more than the deadline either."""
    api.answers["/api/v1/nodes"] = (200, {"items": [], "metadata": {"continue": "again"}})
    reader = Reader.within(Upstream(api.url), 0)
    assert await read_list(reader, NODES) == Unread("There was no time left to read the nodes.")


async def test_an_api_that_hangs_or_refuses_tells_nothing_at_all(api: fake.Upstream) -> None:
    api.answers["/version"] = (401, "{}")
    assert isinstance(await survey(Upstream(api.url), 5), Unread)
    api.answers["/version"] = Behaviour.HANG
    found = await survey(Upstream(api.url), 1)
    assert found == Unread("The version could not be read: no answer in 1 s.")


async def test_what_is_no_kubernetes_is_named_so() -> None:
    with fake.serve() as other:
        found = await survey(Upstream(other.url), 5)
    assert isinstance(found, Unread)
    assert "no Kubernetes API" in found.reason
