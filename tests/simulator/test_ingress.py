"""The way to a Prometheus: what passes, what is refused, and what its incidents look like."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web

from apps.simulator.certificates import Certificates
from apps.simulator.doors import Door
from apps.simulator.faults import Incidents, Interval
from apps.simulator.ingress import Ingress, Way
from apps.simulator.world import Cluster

GOOD = {"Authorization": "Bearer good"}
Open = Callable[[str], Awaitable[tuple[str, Ingress]]]


async def prometheus(request: web.BaseRequest) -> web.StreamResponse:
    """Stands in for Prometheus and says what reached it."""
    if request.path == "/api/v1/stream":
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await asyncio.Event().wait()
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path,
            "body": await request.text(),
            "headers": dict(request.headers),
        },
        status=422 if "bad" in request.raw_path else 200,
    )


@pytest.fixture
async def session(certified: Certificates) -> AsyncIterator[aiohttp.ClientSession]:
    trust = ssl.create_default_context(cadata=certified.ca_bundle())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session:
        yield session


@pytest.fixture
async def way_to(worlds: dict[str, Cluster], certified: Certificates) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:
        upstream = Door(prometheus)
        await upstream.open()
        stack.push_async_callback(upstream.shut)

        async def start(name: str) -> tuple[str, Ingress]:
            way = Way(worlds[name], 0, upstream.port, certified, "good", "other")
            ingress = Ingress(way)
            await ingress.open()
            stack.push_async_callback(ingress.close)
            scheme = "https" if worlds[name].is_openshift else "http"
            return f"{scheme}://127.0.0.1:{ingress.door.port}", ingress

        yield start


def on(fault: str, cluster: str, delay: float | None = 20.0) -> Incidents:
    return Incidents((Interval(fault, cluster, time.time() - 1, None, delay),))


async def test_a_question_passes_unchanged(session: aiohttp.ClientSession, way_to: Open) -> None:
    url, _ = await way_to("hub-frankfurt")
    path = "/api/v1/query?query=up%7Bjob%3D%22a%2Bb%22%7D"
    async with session.post(f"{url}{path}", data="x=1", headers=GOOD) as answer:
        told = await answer.json()
    assert (told["method"], told["path"], told["body"]) == ("POST", path, "x=1")
    assert "Authorization" not in told["headers"]


async def test_nothing_is_asked_that_the_client_did_not_ask_for(
    session: aiohttp.ClientSession, way_to: Open
) -> None:
    url, _ = await way_to("gpu-oregon")
    plain = {"Accept-Encoding", "Accept", "User-Agent"}
    async with session.get(f"{url}/api/v1/query", skip_auto_headers=plain) as answer:
        told = await answer.json()
    assert set(told["headers"]) == {"Host"}


async def test_the_status_of_prometheus_is_kept(
    session: aiohttp.ClientSession, way_to: Open
) -> None:
    url, _ = await way_to("gpu-oregon")
    async with session.get(f"{url}/api/v1/query?query=bad") as answer:
        assert answer.status == 422


async def test_a_body_arrives_as_it_is_made(session: aiohttp.ClientSession, way_to: Open) -> None:
    url, _ = await way_to("gpu-oregon")
    async with session.get(f"{url}/api/v1/stream") as answer:
        assert await asyncio.wait_for(answer.content.readany(), 5) == b"first"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/query", {}, 401),
        ("/api/v1/query", {"Authorization": "Bearer wrong"}, 401),
        ("/api/v1/query", {"Authorization": "Bearer other"}, 403),
        ("/-/ready", GOOD, 404),
        ("/apifoo", GOOD, 404),
        ("/api/v1/query", GOOD, 200),
    ],
)
async def test_an_openshift_route_shows_only_the_api_and_only_to_its_token(
    session: aiohttp.ClientSession,
    way_to: Open,
    path: str,
    headers: dict[str, str],
    status: int,
) -> None:
    url, _ = await way_to("hub-frankfurt")
    async with session.get(f"{url}{path}", headers=headers) as answer:
        assert answer.status == status


async def test_elsewhere_no_token_is_needed(session: aiohttp.ClientSession, way_to: Open) -> None:
    url, _ = await way_to("edge-tokyo")
    async with session.get(f"{url}/-/ready") as answer:
        assert answer.status == 200


async def test_openshifts_router_says_that_the_application_is_not_available(
    session: aiohttp.ClientSession, way_to: Open
) -> None:
    url, ingress = await way_to("hub-frankfurt")
    await ingress.suffer(on("prometheus-down", "hub-frankfurt"))
    async with session.get(f"{url}/api/v1/query", headers=GOOD) as answer:
        assert (answer.status, answer.content_type) == (503, "text/html")
        assert "Application is not available" in await answer.text()


async def test_the_incidents_of_another_part_are_not_its_own(
    session: aiohttp.ClientSession, way_to: Open
) -> None:
    url, ingress = await way_to("hub-frankfurt")
    await ingress.suffer(on("alertmanager-down", "hub-frankfurt"))
    async with session.get(f"{url}/api/v1/query", headers=GOOD) as answer:
        assert answer.status == 200


async def test_a_slow_prometheus_answers_after_its_delay(
    session: aiohttp.ClientSession, way_to: Open
) -> None:
    url, ingress = await way_to("gpu-oregon")
    await ingress.suffer(on("prometheus-slow", "gpu-oregon", 0.3))
    began = time.monotonic()
    async with session.get(f"{url}/api/v1/query") as answer:
        assert answer.status == 200
    assert time.monotonic() - began >= 0.3


async def test_one_that_never_answers_answers_once_healed(
    session: aiohttp.ClientSession, way_to: Open
) -> None:
    url, ingress = await way_to("gpu-oregon")
    await ingress.suffer(on("prometheus-slow", "gpu-oregon", None))

    async def ask() -> int:
        async with session.get(f"{url}/api/v1/query") as answer:
            return answer.status

    waiting = asyncio.create_task(ask())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting), 0.2)
    await ingress.suffer(Incidents())
    assert await waiting == 200


@pytest.mark.parametrize("name", ["hub-frankfurt", "gpu-oregon"])
async def test_a_prometheus_that_is_not_up_yet_is_unavailable(
    session: aiohttp.ClientSession,
    worlds: dict[str, Cluster],
    certified: Certificates,
    name: str,
    unused_tcp_port: int,
) -> None:
    ingress = Ingress(Way(worlds[name], 0, unused_tcp_port, certified, "good", "other"))
    await ingress.open()
    scheme = "https" if worlds[name].is_openshift else "http"
    url = f"{scheme}://127.0.0.1:{ingress.door.port}/api/v1/query"
    async with session.get(url, headers=GOOD) as answer:
        assert answer.status == 503
    await ingress.close()
