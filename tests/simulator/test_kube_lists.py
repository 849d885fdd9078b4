"""Lists of the Kubernetes API: pages, expired tokens, selectors."""

from collections.abc import Awaitable, Callable

import pytest

from apps.simulator.world import Cluster
from tests.simulator.conftest import Reader

Start = Callable[[str], Awaitable[Reader]]


async def test_pages_follow_each_other_without_loss_or_repetition(
    reader_of: Start, worlds: dict[str, Cluster]
) -> None:
    reader = await reader_of("hub-frankfurt")
    names: list[str] = []
    token, total = "", len(worlds["hub-frankfurt"].pods)
    while True:
        _, body = await reader.get("/api/v1/pods", params={"limit": "20", "continue": token})
        names += [f"{i['metadata']['namespace']}/{i['metadata']['name']}" for i in body["items"]]
        token = body["metadata"].get("continue", "")
        if not token:
            break
        assert body["metadata"]["remainingItemCount"] == total - len(names)
        reader.clock.now += 30
    assert len(names) == len(set(names)) == total
    assert names == sorted(names)


async def test_all_pages_carry_the_version_of_the_first(reader_of: Start) -> None:
    reader = await reader_of("hub-frankfurt")
    _, first = await reader.get("/api/v1/pods?limit=5")
    reader.clock.now += 60
    _, second = await reader.get(
        "/api/v1/pods", params={"limit": "5", "continue": first["metadata"]["continue"]}
    )
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_an_old_continue_token_is_gone_but_says_how_to_go_on(reader_of: Start) -> None:
    reader = await reader_of("hub-frankfurt")
    _, first = await reader.get("/api/v1/pods?limit=5")
    reader.clock.now += 301
    query = {"limit": "5", "continue": first["metadata"]["continue"]}
    status, body = await reader.get("/api/v1/pods", params=query)
    assert (status, body["reason"], body["code"]) == (410, "Expired", 410)
    status, _ = await reader.get(
        "/api/v1/pods", params={"limit": "5", "continue": body["metadata"]["continue"]}
    )
    assert status == 200


@pytest.mark.parametrize(
    "query",
    [
        {"continue": "no-token"},
        {"limit": "many"},
        {"fieldSelector": "spec.colour=red"},
        {"labelSelector": "a=b=c"},
    ],
)
async def test_nonsense_in_a_query_is_a_bad_request(
    reader_of: Start, query: dict[str, str]
) -> None:
    status, body = await (await reader_of("edge-tokyo")).get("/api/v1/pods", params=query)
    assert (status, body["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("app=storefront", 4),
        ("app in (storefront, checkout)", 7),
        ("app=storefront,app!=storefront", 0),
        ("app,app notin (storefront)", 10),
        ("!app", 0),
    ],
)
async def test_label_selectors_choose(reader_of: Start, selector: str, expected: int) -> None:
    reader = await reader_of("hub-frankfurt")
    path = "/api/v1/namespaces/shop/pods"
    _, body = await reader.get(path, params={"labelSelector": selector})
    assert len(body["items"]) == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("spec.nodeName=gpu-worker-04,status.phase=Running", "gpu-worker-04"),
        ("metadata.name=finetune-nemotron", None),
        ("status.phase!=Running", None),
    ],
)
async def test_field_selectors_choose(
    reader_of: Start, selector: str, expected: str | None
) -> None:
    reader = await reader_of("gpu-oregon")
    _, body = await reader.get("/api/v1/pods", params={"fieldSelector": selector})
    assert {item["spec"]["nodeName"] for item in body["items"]} == (
        {expected} if expected else set()
    )


async def test_a_namespace_that_does_not_exist_has_an_empty_list(reader_of: Start) -> None:
    status, body = await (await reader_of("edge-tokyo")).get("/api/v1/namespaces/none/pods")
    assert (status, body["items"]) == (200, [])
