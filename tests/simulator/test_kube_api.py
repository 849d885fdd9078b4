"""The Kubernetes API at the wire: who gets in, what is there, and how it refuses."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from kubernetes import client as kubernetes

from apps.simulator.faults import Incidents, Interval
from tests.simulator.conftest import NOW, TOKEN, Reader

Start = Callable[[str], Awaitable[Reader]]


async def test_the_version_is_told(reader_of: Start) -> None:
    status, version = await (await reader_of("gpu-oregon")).get("/version")
    assert (status, version["gitVersion"], version["minor"]) == (200, "v1.34.2", "34")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
async def test_a_check_says_ok_and_verbosely_why(reader_of: Start, path: str) -> None:
    reader = await reader_of("edge-tokyo")
    assert await reader.get(path) == (200, "ok")
    status, text = await reader.get(f"{path}?verbose")
    assert status == 200
    assert text.startswith("[+]ping ok\n")
    assert text.endswith(f"{path[1:]} check passed\n")


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}]
)
async def test_without_the_right_token_nothing_is_shown(
    reader_of: Start, headers: dict[str, str]
) -> None:
    status, body = await (await reader_of("edge-tokyo")).get("/version", headers=headers)
    assert status == 401
    assert (body["kind"], body["reason"], body["code"]) == ("Status", "Unauthorized", 401)


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", "/api/v1/secrets", 'cannot list resource "secrets" in API group "" at the cluster'),
        ("GET", "/api/v1/namespaces/kube-system/secrets/registry-pull", 'cannot get resource "sec'),
        ("POST", "/api/v1/namespaces/default/pods", 'cannot create resource "pods"'),
        ("DELETE", "/api/v1/nodes/tokyo-du-01", 'nodes "tokyo-du-01" is forbidden: User'),
        ("GET", "/api/v1/namespaces/default/pods/some/log", "cannot get resource"),
        ("GET", "/api/v1/pods?watch=true", 'cannot watch resource "pods"'),
    ],
)
async def test_the_reader_role_is_kept_to(
    reader_of: Start, method: str, path: str, words: str
) -> None:
    status, body = await (await reader_of("edge-tokyo")).ask(method, path)
    assert (status, body["reason"]) == (403, "Forbidden")
    assert words in body["message"]


async def test_secrets_are_readable_in_the_readers_own_namespace(reader_of: Start) -> None:
    reader = await reader_of("edge-tokyo")
    status, body = await reader.get("/api/v1/namespaces/aiops-system/secrets")
    assert status == 200
    assert [item["metadata"]["name"] for item in body["items"]] == ["aiops-reader", "aiops-webhook"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/api/v1/nodes/none", 'nodes "none" not found'),
        ("/apis/apps/v1/namespaces/default/deployments/none", 'deployments.apps "none" not found'),
        ("/apis/config.openshift.io/v1/clusterversions/version", "could not find the requested"),
        ("/apis/route.openshift.io/v1/namespaces/openshift-monitoring/routes", "could not find"),
        ("/nonsense", "could not find the requested resource"),
    ],
)
async def test_what_is_not_there_is_not_found(reader_of: Start, path: str, message: str) -> None:
    status, body = await (await reader_of("gpu-oregon")).get(path)
    assert (status, body["reason"]) == (404, "NotFound")
    assert message in body["message"]


async def test_a_method_without_meaning_is_not_allowed(reader_of: Start) -> None:
    reader = await reader_of("gpu-oregon")
    for method, path in (("POST", "/version"), ("PUT", "/apis"), ("PROPFIND", "/api/v1/pods")):
        status, body = await reader.ask(method, path)
        assert (status, body["reason"]) == (405, "MethodNotAllowed")


async def test_only_openshift_has_a_cluster_version_and_routes(reader_of: Start) -> None:
    reader = await reader_of("hub-frankfurt")
    _, version = await reader.get("/apis/config.openshift.io/v1/clusterversions/version")
    assert version["status"]["history"][0]["state"] == "Completed"
    _, routes = await reader.get(
        "/apis/route.openshift.io/v1/namespaces/openshift-monitoring/routes"
    )
    found = {route["metadata"]["name"]: route["spec"]["path"] for route in routes["items"]}
    assert found == dict.fromkeys(["alertmanager-main", "prometheus-k8s", "thanos-querier"], "/api")


async def test_gpu_nodes_offer_cards_and_slices(reader_of: Start) -> None:
    _, body = await (await reader_of("gpu-oregon")).get("/api/v1/nodes")
    offers = {item["metadata"]["name"]: item["status"]["capacity"] for item in body["items"]}
    assert [offers[f"gpu-worker-0{n}"]["nvidia.com/gpu"] for n in range(1, 5)] == [
        "8",
        "8",
        "8",
        "2",
    ]
    sliced = offers["gpu-worker-04"]
    assert (sliced["nvidia.com/mig-1g.10gb"], sliced["nvidia.com/mig-3g.40gb"]) == ("28", "4")


async def test_the_official_client_reads_the_cluster(reader_of: Start) -> None:
    reader = await reader_of("hub-frankfurt")

    def read() -> tuple[int, int, str, list[str]]:
        settings = kubernetes.Configuration(host=reader.api.url)
        settings.ssl_ca_cert = str(reader.api.config.certificates.authority)
        settings.api_key = {"authorization": f"Bearer {TOKEN}"}
        with kubernetes.ApiClient(settings) as connection:
            core = kubernetes.CoreV1Api(connection)
            nodes = core.list_node().items
            pods = core.list_pod_for_all_namespaces(limit=50)
            version = kubernetes.VersionApi(connection).get_code().git_version
            groups = [
                group.name for group in kubernetes.ApisApi(connection).get_api_versions().groups
            ]
            core.list_event_for_all_namespaces()
            core.list_service_for_all_namespaces()
            core.list_namespaced_secret("aiops-system")
            apps = kubernetes.AppsV1Api(connection)
            apps.list_deployment_for_all_namespaces()
            apps.list_stateful_set_for_all_namespaces()
            apps.list_daemon_set_for_all_namespaces()
            return len(nodes), len(pods.items), version, groups

    nodes, pods, version, groups = await asyncio.to_thread(read)
    assert (nodes, pods, version) == (6, 50, "v1.33.5")
    assert {"apps", "config.openshift.io", "route.openshift.io"} <= set(groups)


async def test_a_silent_kubelet_turns_its_node_unknown_and_its_pods_unready(
    reader_of: Start,
) -> None:
    reader = await reader_of("gpu-oregon")
    reader.api.suffer(Incidents((Interval("node-notready", "gpu-oregon", NOW - 60),)))
    _, node = await reader.get("/api/v1/nodes/gpu-worker-04")
    ready = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("Unknown", "NodeStatusUnknown")
    assert node["spec"]["taints"][0]["key"] == "node.kubernetes.io/unreachable"
    _, pods = await reader.get("/api/v1/pods?fieldSelector=spec.nodeName%3Dgpu-worker-04")
    states = [c for p in pods["items"] for c in p["status"]["conditions"] if c["type"] == "Ready"]
    assert states
    assert {state["status"] for state in states} == {"False"}


async def test_a_pod_that_crashes_waits_for_its_next_start(reader_of: Start) -> None:
    reader = await reader_of("hub-frankfurt")
    reader.api.suffer(Incidents((Interval("crash-loop", "hub-frankfurt", NOW - 95),)))
    _, body = await reader.get("/api/v1/namespaces/shop/pods")
    found = {
        pod["metadata"]["labels"]["app"]: pod["status"]["containerStatuses"][0]
        for pod in body["items"]
        if "waiting" in pod["status"]["containerStatuses"][0]["state"]
    }
    assert list(found) == ["checkout"]
    assert found["checkout"]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert found["checkout"]["restartCount"] == 3
    _, one = await reader.get("/apis/apps/v1/namespaces/shop/deployments/checkout")
    assert one["status"]["readyReplicas"] == 2


async def test_a_slow_api_accepts_and_answers_only_once_healed(reader_of: Start) -> None:
    reader = await reader_of("edge-tokyo")
    reader.api.suffer(Incidents((Interval("api-slow", "edge-tokyo", NOW),)))
    waiting = asyncio.create_task(reader.get("/version"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting), 0.2)
    reader.api.suffer(Incidents())
    status, _ = await waiting
    assert status == 200


async def test_a_shut_door_refuses_and_opens_again_at_the_same_port(reader_of: Start) -> None:
    reader = await reader_of("edge-tokyo")
    url = reader.api.url
    await reader.get("/version")
    await reader.api.door.shut()
    with pytest.raises(aiohttp.ClientConnectionError):
        await reader.get("/version")
    await reader.api.door.open()
    assert reader.api.url == url
    assert (await reader.get("/version"))[0] == 200
