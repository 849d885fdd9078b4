"""A small stage: the three worlds at a fixed hour, and servers on free ports."""

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from apps.simulator import binaries, certificates, fleet, kube_api, sites
from apps.simulator.certificates import Certificates
from apps.simulator.kube_api import KubeApi
from apps.simulator.world import Cluster
from tests.simulator.serving import EDGE, Serve, Served, answers, end, exists, until

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


@pytest.fixture(scope="session")
def alertmanager_program() -> Path:
    return tool("alertmanager", "prometheus-alertmanager")


def tool(name: str, package: str = "prometheus") -> Path:
    found = binaries.find(name, REPOSITORY / "var")
    if found is None:
        pytest.skip(f"{name} is not installed; `apt-get install {package}` brings it")
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


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())

        async def start(environment: dict[str, str], *words: str) -> Served:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "manage.py",
                "simulate",
                "serve",
                *words,
                cwd=REPOSITORY,
                env={**os.environ, "AIOPS_VAR_DIR": str(tmp_path), **environment},
                stderr=asyncio.subprocess.PIPE,
            )
            stack.push_async_callback(end, process)
            served = Served(tmp_path, process, session)
            await until(lambda: exists(fleet.folder_of(tmp_path) / "fleet.json"))
            await until(lambda: answers(served, EDGE))
            return served

        yield start


@pytest.fixture
def prometheus_home(
    prometheus_program: Path, promtool: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """The folder of a fleet that finds the same Prometheus as these tests."""
    monkeypatch.setenv("AIOPS_TOOLS_DIR", str(prometheus_program.parent))
    return tmp_path
