"""Which pods can be asked for nvidia-smi, of all that a GPU operator has in a cluster."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from apps.clusters.kube.gpu_agents import Agents, find_agents
from apps.clusters.kube.listing import Reader, Unread, read_list
from apps.clusters.kube.node_pods import NodePod, pods_on
from apps.clusters.kube.workloads import Place
from apps.http import Upstream
from tests.fakes import upstream as fakes

PLUGIN = "nvidia-device-plugin-daemonset"
EVERYWHERE = "/api/v1/pods"
OPERATOR = "/api/v1/namespaces/gpu-operator/pods"
OPENSHIFT = "/api/v1/namespaces/nvidia-gpu-operator/pods"


@pytest.fixture
def server() -> Iterator[fakes.Upstream]:
    with fakes.serve() as running:
        yield running


def pod(name: str, app: str = "nvidia-driver-daemonset", **changes: Any) -> dict[str, Any]:
    """A pod that runs; `changes` by the names of its parts, with None for no such thing."""
    said: dict[str, Any] = {
        "node": "node-1",
        "containers": ["nvidia-driver-ctr"],
        "labels": {"app": app},
        "phase": "Running",
        "ready": True,
        "deleted": None,
        "hostPID": True,
        "namespace": "gpu-operator",
    } | changes
    about = {"name": name, "namespace": said["namespace"], "labels": said["labels"]}
    if said["deleted"]:
        about["deletionTimestamp"] = said["deleted"]
    states = [{"name": one, "ready": said["ready"]} for one in said["containers"]]
    return {
        "metadata": about,
        "spec": {
            "nodeName": said["node"],
            "hostPID": said["hostPID"],
            "containers": [{"name": one} for one in said["containers"]],
        },
        "status": {"phase": said["phase"], "containerStatuses": states},
    }


def listed(*pods: dict[str, Any]) -> tuple[int, bytes]:
    return 200, json.dumps({"items": pods, "metadata": {}}).encode()


def found_at(server: fakes.Upstream) -> Agents | Unread:
    async def find() -> Agents | Unread:
        return await find_agents(Reader.within(Upstream(server.url), 5))

    return async_to_sync(find)()


def names_at(server: fakes.Upstream) -> dict[str, list[str]]:
    found = found_at(server)
    assert not isinstance(found, Unread), found
    return {
        node: [f"{agent.container.pod.name}/{agent.container.name}" for agent in agents]
        for node, agents in found.items()
    }


def test_openshifts_driver_is_known_by_its_component(server: fakes.Upstream) -> None:
    named = "nvidia-driver-daemonset-417.94.202410"
    labels = {"app": named, "app.kubernetes.io/component": "nvidia-driver"}
    both = ["openshift-driver-toolkit-ctr", "nvidia-driver-ctr"]
    server.answers[EVERYWHERE] = listed(pod(f"{named}-x", labels=labels, containers=both))
    assert names_at(server) == {"node-1": [f"{named}-x/nvidia-driver-ctr"]}
    asked = [request.query for request in server.requests]
    assert ["app.kubernetes.io%2Fcomponent%3Dnvidia-driver" in one for one in asked] == [
        True,
        False,
    ]


def test_of_each_kind_a_node_has_one_and_the_drivers_is_first(server: fakes.Upstream) -> None:
    server.answers[EVERYWHERE] = listed(
        pod("exporter", "nvidia-dcgm-exporter", containers=["nvidia-dcgm-exporter"]),
        pod(
            "plugin",
            "nvidia-device-plugin-daemonset",
            containers=["config", "nvidia-device-plugin"],
        ),
        pod("new", ready=False),
        pod("old"),
        pod("other", node="node-2"),
    )
    assert names_at(server) == {
        "node-1": [
            "old/nvidia-driver-ctr",
            "plugin/nvidia-device-plugin",
            "exporter/nvidia-dcgm-exporter",
        ],
        "node-2": ["other/nvidia-driver-ctr"],
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"phase": "Pending"},
        {"phase": "Succeeded"},
        {"deleted": "2026-11-24T10:00:00Z"},
        {"node": ""},
        {"containers": []},
        {"labels": {"app": "somebody-elses"}},
        {"labels": {}},
        {"namespace": "x/pods/y/exec?"},
        {"namespace": ".."},
        {"node": "n,metadata.name=x"},
        {"containers": ["../../secrets"]},
        {"containers": ["nvidia-driver-ctr&x=y", "other"]},
    ],
)
def test_a_pod_that_cannot_answer_is_none(server: fakes.Upstream, changes: dict[str, Any]) -> None:
    server.answers[EVERYWHERE] = listed(pod("gone", **changes))
    assert names_at(server) == {}


@pytest.mark.parametrize("name", ["../../../../c-2/api/v1/x", "a/../b", "A", "", "a" * 254, "a\n"])
def test_a_pod_whose_name_is_none_leads_us_nowhere(server: fakes.Upstream, name: str) -> None:
    """Behind one host there may be the APIs of several clusters, and our token may open more."""
    server.answers[EVERYWHERE] = listed(pod(name))
    assert names_at(server) == {}


def test_of_a_few_nodes_only_their_own_pods_are_listed(server: fakes.Upstream) -> None:
    server.answers[EVERYWHERE] = listed(pod("one"), pod("two", node="node-2"))

    async def find(only: list[str]) -> Any:
        return await find_agents(Reader.within(Upstream(server.url), 5), only)

    assert list(async_to_sync(find)(["node-2", "n o"])) == ["node-2"]
    assert ["fieldSelector=spec.nodeName%3Dnode-2" in one.query for one in server.requests] == [
        True,
        True,
    ]
    del server.requests[:]
    many = [f"node-{number}" for number in range(2, 20)]
    assert list(async_to_sync(find)(many)) == ["node-2"]
    assert not any("fieldSelector" in one.query for one in server.requests)


def test_without_host_pids_processes_are_not_seen(server: fakes.Upstream) -> None:
    server.answers[EVERYWHERE] = listed(pod("one", hostPID=False), pod("two", node="node-2"))
    found = found_at(server)
    assert not isinstance(found, Unread)
    assert [found[node][0].sees_processes for node in ("node-1", "node-2")] == [False, True]


def test_without_the_right_to_look_everywhere_the_usual_namespaces_are_looked_at(
    server: fakes.Upstream,
) -> None:
    server.answers[EVERYWHERE] = 403, {}
    server.answers[OPERATOR] = 403, {}
    server.answers[OPENSHIFT] = listed(pod("driver", namespace="nvidia-gpu-operator"))
    assert names_at(server) == {"node-1": ["driver/nvidia-driver-ctr"]}


def test_where_no_right_is_there_at_all_it_is_said(server: fakes.Upstream) -> None:
    for path in (EVERYWHERE, OPERATOR, OPENSHIFT):
        server.answers[path] = 403, {}
    found = found_at(server)
    assert isinstance(found, Unread)
    assert found.reason.startswith("Our token may not read the pods of the GPU operator (403).")


def test_other_trouble_is_not_taken_for_a_missing_right(server: fakes.Upstream) -> None:
    server.answers[EVERYWHERE] = 500, {}
    server.answers[OPERATOR] = listed(pod("driver"))
    found = found_at(server)
    assert isinstance(found, Unread)
    assert found.status == 500


def test_a_pod_without_a_name_is_nobodys(server: fakes.Upstream) -> None:
    about = {"name": "x" * 300, "namespace": "y", "uid": "u"}
    server.answers[EVERYWHERE] = listed({"metadata": about, "status": {}})

    async def read() -> Any:
        return await read_list(Reader.within(Upstream(server.url), 5), pods_on("node-1"))

    assert [one.uids for one in async_to_sync(read)().items] == [frozenset()]


def test_the_pods_of_a_node_are_known_by_all_their_names(server: fakes.Upstream) -> None:
    states = {
        "containerStatuses": [{"name": "main", "containerID": f"containerd://{'a' * 64}"}],
        "initContainerStatuses": [{"name": "first", "containerID": f"cri-o://{'b' * 64}"}],
        "ephemeralContainerStatuses": [{"name": "none-yet"}],
    }
    about = {
        "name": "static",
        "namespace": "kube-system",
        "uid": "the-apis",
        "annotations": {"kubernetes.io/config.hash": "the-kubelets"},
    }
    server.answers[EVERYWHERE] = listed({"metadata": about, "status": states})

    async def read() -> Any:
        return await read_list(Reader.within(Upstream(server.url), 5), pods_on("node-1"))

    assert async_to_sync(read)().items == (
        NodePod(
            Place("static", "kube-system"),
            frozenset({"the-apis", "the-kubelets"}),
            {"a" * 64: "main", "b" * 64: "first"},
        ),
    )
    assert "fieldSelector=spec.nodeName%3Dnode-1" in server.requests[0].query
