"""Simulated API servers that know tokens of several roles, and roles as our manifest has them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from apps.clusters.kube.listing import Unread
from apps.clusters.permissions import PermissionReport, review
from apps.clusters.reader_role import manifest
from apps.http import Upstream
from apps.simulator import certificates, kube_api, sites
from apps.simulator.certificates import Certificates
from apps.simulator.kube.roles import BASIC, MONITORING, Role, Rule
from tests.clusters.fleet import EPOCH, NOW

PLATFORMS = {
    "hub-frankfurt": "OPENSHIFT",
    "gpu-oregon": "KUBERNETES",
    "edge-tokyo": "MICROSHIFT",
}

Start = Callable[[str, Role], Awaitable[Upstream]]


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder: Path = tmp_path_factory.mktemp("permitted")
    return certificates.prepare(folder, "tests", ["localhost"])


@pytest.fixture
async def api_of(certified: Certificates) -> AsyncIterator[Start]:
    """Sign us in to the API of a simulated cluster with a token that has this role."""
    worlds = sites.fleet("tests", EPOCH)
    running: dict[str, tuple[str, dict[str, Role]]] = {}
    async with AsyncExitStack() as stack:

        async def start(name: str, role: Role) -> Upstream:
            if name not in running:
                roles: dict[str, Role] = {}
                config = kube_api.Config(
                    worlds[name], "not-ours", certified, clock=lambda: NOW, others=roles
                )
                api = await stack.enter_async_context(kube_api.serve(config))
                running[name] = api.url, roles
            url, roles = running[name]
            token = f"a-token-of-role-{len(roles)}"
            roles[token] = role
            return Upstream(url, certified.ca_bundle(), token)

        yield start


async def report_of(
    upstream: Upstream, platform: str = "OPENSHIFT", *, for_monitoring: bool = False
) -> PermissionReport:
    found = await review(upstream, 10, platform, for_monitoring=for_monitoring)
    assert isinstance(found, PermissionReport), found
    return found


async def unread(upstream: Upstream, seconds: float = 10) -> Unread:
    found = await review(upstream, seconds, "KUBERNETES")
    assert isinstance(found, Unread)
    return found


def documents(platform: str, exec_in: str = "") -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(manifest(platform, exec_in=exec_in)))


def role_by_manifest(platform: str, exec_in: str = "") -> Role:
    """What the account of the manifest may do, once a server has taken it."""
    rules = [
        _rule(rule, found["metadata"].get("namespace", ""))
        for found in documents(platform, exec_in)
        for rule in found.get("rules", ())
    ]
    given = MONITORING if platform == "OPENSHIFT" else ()
    return Role((*BASIC, *rules, *given))


def _rule(said: dict[str, Any], namespace: str) -> Rule:
    return Rule(
        verbs=tuple(said["verbs"]),
        groups=tuple(said.get("apiGroups", ())),
        resources=tuple(said.get("resources", ())),
        names=tuple(said.get("resourceNames", ())),
        paths=tuple(said.get("nonResourceURLs", ())),
        namespace=namespace,
    )
