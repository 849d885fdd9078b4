"""Secrets at the wire of the simulated API: as the official client and a real server know them."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from kubernetes import client as kubernetes
from kubernetes.client.exceptions import ApiException

from apps.simulator import kube_api
from apps.simulator.certificates import Certificates
from apps.simulator.kube.secrets import NAMESPACE, Mishap
from apps.simulator.kube_api import KubeApi
from apps.simulator.world import Cluster
from tests.simulator.conftest import NOW, TOKEN

KEEPER = "a-token-of-the-keeper"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"


@pytest.fixture
async def api(worlds: dict[str, Cluster], certified: Certificates) -> AsyncIterator[KubeApi]:
    world = worlds["edge-tokyo"]
    config = kube_api.Config(world, TOKEN, certified, clock=lambda: NOW, keeper_token=KEEPER)
    async with kube_api.serve(config) as running:
        yield running


@pytest.fixture
async def session(certified: Certificates) -> AsyncIterator[aiohttp.ClientSession]:
    trust = ssl.create_default_context(cadata=certified.ca_bundle())
    headers = {"Authorization": f"Bearer {KEEPER}"}
    connector = aiohttp.TCPConnector(ssl=trust)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as running:
        yield running


async def ask(
    session: aiohttp.ClientSession, api: KubeApi, method: str, path: str, body: Any = None
) -> tuple[int, Any]:
    async with session.request(method, f"{api.url}{path}", json=body) as answer:
        return answer.status, await answer.json()


def secret(name: str, **data: str) -> dict[str, Any]:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    about = {"name": name, "labels": {"of": "ours"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": about, "data": encoded}


async def test_the_official_client_keeps_secrets(api: KubeApi) -> None:
    def work() -> list[str]:
        settings = kubernetes.Configuration(host=api.url)
        settings.ssl_ca_cert = str(api.config.certificates.authority)
        settings.api_key = {"authorization": f"Bearer {KEEPER}"}
        with kubernetes.ApiClient(settings) as connection:
            core: Any = kubernetes.CoreV1Api(connection)
            core.create_namespaced_secret(NAMESPACE, secret("one", key="value"))
            found = core.read_namespaced_secret("one", NAMESPACE)
            found.data["other"] = base64.b64encode(b"more").decode()
            newer = core.replace_namespaced_secret("one", NAMESPACE, found)
            assert newer.metadata.uid == found.metadata.uid
            said = []
            for verb, arguments in (
                (core.replace_namespaced_secret, ["one", NAMESPACE, found]),
                (core.create_namespaced_secret, [NAMESPACE, secret("one")]),
                (core.read_namespaced_secret, ["none", NAMESPACE]),
                (core.list_namespaced_secret, ["default"]),
            ):
                with pytest.raises(ApiException) as refused:
                    verb(*arguments)
                said.append(f"{refused.value.status} {refused.value.body}")
            items = core.list_namespaced_secret(NAMESPACE, label_selector="of=ours", limit=5).items
            assert [sorted(item.data) for item in items] == [["key", "other"]]
            core.delete_namespaced_secret("one", NAMESPACE)
            assert core.list_namespaced_secret(NAMESPACE).items == []
            return said

    conflict, taken, missing, forbidden = await asyncio.to_thread(work)
    assert conflict.startswith("409")
    assert '"reason":"Conflict"' in conflict
    assert "please apply your changes to the latest version and try again" in conflict
    assert '"reason":"AlreadyExists"' in taken
    assert 'secrets \\"one\\" already exists' in taken
    assert missing.startswith("404")
    assert forbidden.startswith("403")
    assert "system:serviceaccount:aiops-nextgen:aiops-nextgen" in forbidden


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ({"data": {"a b": "eA=="}}, 422, "Invalid"),
        ({"data": {"a": "not base64"}}, 400, "BadRequest"),
        ({"metadata": {}}, 422, "Invalid"),
        ({"metadata": {"name": "one", "namespace": "default"}}, 400, "BadRequest"),
    ],
)
async def test_what_is_no_secret_is_refused(
    api: KubeApi, session: aiohttp.ClientSession, change: dict[str, Any], code: int, reason: str
) -> None:
    status, body = await ask(session, api, "POST", SECRETS, {**secret("one"), **change})
    assert (status, body["kind"], body["reason"]) == (code, "Status", reason)
    assert api.safe.secrets == {}


async def test_a_precondition_keeps_what_has_changed(
    api: KubeApi, session: aiohttp.ClientSession
) -> None:
    _, made = await ask(session, api, "POST", SECRETS, secret("one", key="value"))
    version = made["metadata"]["resourceVersion"]
    api.safe.put("one", data={})
    wanted = {"preconditions": {"resourceVersion": version}}
    status, body = await ask(session, api, "DELETE", f"{SECRETS}/one", wanted)
    assert (status, body["reason"]) == (409, "Conflict")
    status, _ = await ask(session, api, "DELETE", f"{SECRETS}/one")
    assert (status, api.safe.secrets) == (200, {})


async def test_mishaps_befall_the_next_change_alone(
    api: KubeApi, session: aiohttp.ClientSession
) -> None:
    api.safe.mishaps += [Mishap.RIVAL, Mishap.FAILS, Mishap.FAILS_LATE, Mishap.CUT]
    assert (await ask(session, api, "POST", SECRETS, secret("a")))[0] == 409
    assert (await ask(session, api, "POST", SECRETS, secret("b")))[0] == 500
    assert (await ask(session, api, "POST", SECRETS, secret("c")))[0] == 504
    with pytest.raises(aiohttp.ClientError):
        await ask(session, api, "POST", SECRETS, secret("d"))
    assert (await ask(session, api, "POST", SECRETS, secret("e")))[0] == 201
    assert sorted(api.safe.secrets) == ["a", "c", "d", "e"]


async def test_the_reader_and_the_keeper_are_two(
    api: KubeApi, session: aiohttp.ClientSession
) -> None:
    assert (await ask(session, api, "GET", "/api/v1/nodes"))[0] == 404
    reader = {"Authorization": f"Bearer {TOKEN}"}
    async with session.get(f"{api.url}{SECRETS}", headers=reader) as answer:
        assert answer.status == 403
