"""A simulated API server whose pods run commands, and tokens that may have them do it, or not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from apps.clusters.kube.executing import Container, NotRun, Ran, execute
from apps.clusters.kube.listing import Reader
from apps.clusters.kube.workloads import Place
from apps.http import Upstream
from apps.simulator import certificates, kube_api, sites
from apps.simulator.certificates import Certificates
from apps.simulator.faults import Incidents, Interval
from apps.simulator.kube.roles import READER, Role
from apps.simulator.kube_api import KubeApi
from apps.simulator.world import Cluster, Node, Pod
from tests.clusters.fleet import EPOCH, NOW

OREGON = "gpu-oregon"
DRIVER = "nvidia-driver-ctr"


@dataclass(frozen=True)
class Stage:
    """One cluster's API, and us before it with a token of a role."""

    api: KubeApi
    upstream: Upstream
    cluster: Cluster

    def suffer(self, *faults: str) -> None:
        name = self.cluster.name
        self.api.suffer(Incidents(tuple(Interval(fault, name, NOW - 600) for fault in faults)))

    def node(self, number: int) -> Node:
        return self.cluster.nodes[number - 1]

    def pod(self, app: str, node: int = 1) -> Pod:
        on = self.cluster.pods_on(self.node(node))
        return next(pod for pod in on if pod.labels["app"] == app)

    def driver(self, node: int = 1) -> Container:
        return of(self.pod("nvidia-driver-daemonset", node))

    def reader(self, seconds: float = 10) -> Reader:
        return Reader.within(self.upstream, seconds)

    async def run(
        self, *words: str, where: Container | None = None, seconds: float = 10
    ) -> Ran | NotRun:
        return await execute(self.reader(seconds), where or self.driver(), words)


def of(pod: Pod, container: str = "") -> Container:
    return Container(Place(pod.name, pod.namespace), container or pod.containers[0].name)


async def opened(
    stack: AsyncExitStack,
    certified: Certificates,
    name: str = OREGON,
    role: Role = READER,
    version: str = "",
) -> Stage:
    """Open the API of a cluster, of another version if one is given, until the stack is closed."""
    cluster = sites.fleet("tests", EPOCH)[name]
    cluster = replace(cluster, version=version or cluster.version)
    config = kube_api.Config(
        cluster, "not-ours", certified, clock=lambda: NOW, others={"a-token": role}
    )
    api = await stack.enter_async_context(kube_api.serve(config))
    return Stage(api, Upstream(api.url, certified.ca_bundle(), "a-token"), cluster)


Open = Callable[..., Awaitable[Stage]]


@pytest.fixture(scope="session")
def commanded_by(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder: Path = tmp_path_factory.mktemp("commanded")
    return certificates.prepare(folder, "tests", ["localhost"])


@pytest.fixture
async def opens(commanded_by: Certificates) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:
        yield partial(opened, stack, commanded_by)


@pytest.fixture
async def stage(opens: Open) -> Stage:
    return await opens()
