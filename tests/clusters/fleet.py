"""The simulated clusters' API servers behind real TLS, on a loop and thread of their own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from apps.clusters.actions import registration
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.models import Cluster
from apps.clusters.vault.secrets import Secrets
from apps.http import Upstream
from apps.simulator import certificates, kube_api, sites
from tests.fakes import in_a_thread

EPOCH = 1_790_000_000.0
NOW = EPOCH + 20 * 86_400
TOKEN = "a-token-of-the-reader"


@dataclass(slots=True)
class Clock:
    """Stands still, but for the jumps that a test asks for: one at each time it is read."""

    now: float = NOW
    jumps: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        if self.jumps:
            self.now += self.jumps.pop(0)
        return self.now


@dataclass(frozen=True, slots=True)
class Site:
    name: str
    url: str
    ca_bundle: str
    clock: Clock

    @property
    def upstream(self) -> Upstream:
        return Upstream(self.url, self.ca_bundle, TOKEN)

    def register(self, **fields: object) -> Cluster:
        credential = NewCredential(Secrets(token=TOKEN), self.ca_bundle)
        return registration.register(
            {"name": self.name, "api_server_url": self.url, **fields}, credential
        )


@contextmanager
def serve(folder: Path) -> Iterator[dict[str, Site]]:
    """Run the API servers of the whole simulated fleet until the block ends."""
    with in_a_thread.serve(_fleet(certificates.prepare(folder, "tests", ["localhost"]))) as running:
        yield running


@asynccontextmanager
async def _fleet(certified: certificates.Certificates) -> AsyncIterator[dict[str, Site]]:
    running: dict[str, Site] = {}
    async with AsyncExitStack() as stack:
        for name, world in sites.fleet("tests", EPOCH).items():
            clock = Clock()
            config = kube_api.Config(world, TOKEN, certified, clock=clock)
            api = await stack.enter_async_context(kube_api.serve(config))
            running[name] = Site(name, api.url, certified.ca_bundle(), clock)
        yield running
