"""The cluster that the platform itself runs in, simulated: it keeps credentials as Secrets."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.simulator import certificates, kube_api, sites
from apps.simulator.faults import Incidents, Interval
from apps.simulator.kube.secrets import NAMESPACE, Safe
from apps.simulator.kube_api import KubeApi
from tests.clusters.fleet import EPOCH, NOW
from tests.fakes import in_a_thread

TOKEN = "a-token-of-the-keeper"


@dataclass(frozen=True, slots=True)
class Keeper:
    """A running API, what the platform needs to reach it, and ways to break it."""

    api: KubeApi
    loop: asyncio.AbstractEventLoop
    folder: Path

    @property
    def safe(self) -> Safe:
        return self.api.safe

    @property
    def location(self) -> dict[str, str]:
        """What the settings say of it."""
        return {
            "url": self.api.url,
            "namespace": NAMESPACE,
            "token_file": str(self.folder / "token"),
            "ca_file": str(self.folder / "ca.crt"),
        }

    def write_token(self, token: str) -> None:
        (self.folder / "token").write_text(f"{token}\n")

    def shut(self) -> None:
        self._do(self.api.door.shut())

    def open(self) -> None:
        self._do(self.api.door.open())

    def suffer(self, fault: str = "") -> None:
        """Have an incident, or none."""
        intervals = (Interval(fault, self.api.config.cluster.name, NOW),) if fault else ()
        self.loop.call_soon_threadsafe(self.api.suffer, Incidents(intervals))

    def mend(self) -> None:
        """Be as new, with nothing kept."""
        self.open()
        self.suffer()
        self.write_token(TOKEN)
        self.safe.secrets.clear()
        self.safe.mishaps.clear()
        self.safe.asked.clear()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)


@contextmanager
def serve(folder: Path) -> Iterator[Keeper]:
    """Run the API until the block ends."""
    certified = certificates.prepare(folder, "tests", ["localhost"])
    (folder / "ca.crt").write_text(certified.ca_bundle())
    world = sites.fleet("tests", EPOCH)["hub-frankfurt"]
    config = kube_api.Config(world, "no-reader", certified, clock=lambda: NOW, keeper_token=TOKEN)
    with in_a_thread.serve(_running(config)) as (api, loop):
        yield Keeper(api, loop, folder)


@asynccontextmanager
async def _running(
    config: kube_api.Config,
) -> AsyncIterator[tuple[KubeApi, asyncio.AbstractEventLoop]]:
    async with kube_api.serve(config) as api:
        yield api, asyncio.get_running_loop()
