"""A small stage: the three worlds at a fixed hour, and servers on free ports."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from apps.simulator import binaries, certificates, kube_api, sites
from apps.simulator.certificates import Certificates
from apps.simulator.kube_api import KubeApi
from apps.simulator.world import Cluster

EPOCH = 1_790_000_000.0
NOW = EPOCH + 20 * 86_400
TOKEN = "a-token-of-the-reader"
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def worlds() -> dict[str, Cluster]:
    return sites.fleet("tests", EPOCH)


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.prepare(tmp_path_factory.mktemp("ca"), "tests", ["localhost"])


@pytest.fixture(scope="session")
def promtool() -> Path:
    return tool("promtool")


@pytest.fixture(scope="session")
def prometheus_program() -> Path:
    return tool("prometheus")


def tool(name: str) -> Path:
    found = binaries.find(name, REPOSITORY / "var")
    if found is None:
        pytest.skip(f"{name} is not installed; `apt-get install prometheus` brings it")
    return found


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Reader:
    """Asks one API as its reader does."""

    api: KubeApi
    session: aiohttp.ClientSession
    clock: Clock

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        return await self.ask("GET", path, **options)

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        options.setdefault("headers", {"Authorization": f"Bearer {TOKEN}"})
        async with self.session.request(method, f"{self.api.url}{path}", **options) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else await answer.text()


@pytest.fixture
async def reader_of(
    worlds: dict[str, Cluster], certified: Certificates
) -> AsyncIterator[Callable[[str], Awaitable[Reader]]]:
    """Start the API of a cluster by its name."""
    trust = ssl.create_default_context(cadata=certified.ca_bundle())
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(ssl=trust)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))

        async def start(name: str) -> Reader:
            clock = Clock()
            config = kube_api.Config(worlds[name], TOKEN, certified, clock=clock)
            api = await stack.enter_async_context(kube_api.serve(config))
            return Reader(api, session, clock)

        yield start
