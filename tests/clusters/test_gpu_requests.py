"""What the pods of a node ask for of GPUs, from the API's list of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from apps.clusters.kube.gpu_requests import GpuRequest, requests_on
from apps.clusters.kube.listing import Listed, Reader, Unread, read_list
from apps.clusters.kube.workloads import Place
from apps.http import Upstream
from tests.fakes import upstream as fakes

POD = Place("train-0", "ml")


@pytest.fixture
def server() -> Iterator[fakes.Upstream]:
    with fakes.serve() as running:
        yield running


def container(name: str = "main", **resources: Any) -> dict[str, Any]:
    return {"name": name, "resources": resources}


def pod(*containers: dict[str, Any], phase: str = "Running", **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "train-0", "namespace": "ml"},
        "spec": {"nodeName": "node-1", "containers": list(containers), **spec},
        "status": {"phase": phase},
    }


@pytest.fixture
def asked(server: fakes.Upstream) -> Any:
    def read(*pods: dict[str, Any]) -> Listed[tuple[GpuRequest, ...]] | Unread:
        server.answers["/api/v1/pods"] = 200, {"items": list(pods), "metadata": {}}

        @async_to_sync
        async def ask() -> Listed[tuple[GpuRequest, ...]] | Unread:
            return await read_list(Reader.within(Upstream(server.url), 5), requests_on("node-1"))

        return ask()

    return read


def test_devices_are_read_from_limits_and_requests_and_nothing_else_is(asked: Any) -> None:
    found = asked(
        pod(
            container("whole", limits={"nvidia.com/gpu": "2", "cpu": "8"}),
            container("slice", requests={"nvidia.com/mig-1g.10gb.me": 1, "memory": "1Gi"}),
            container("shared", limits={"nvidia.com/gpu.shared": "1"}, requests=None),
            container("none", limits={"nvidia.com/gpu": "0"}),
            container("other", limits={"amd.com/gpu": "1", "nvidia.com/gpumem": "4"}),
            {"name": "bare"},
        )
    )
    assert found.items == (
        (
            GpuRequest(POD, "whole", "nvidia.com/gpu", 2),
            GpuRequest(POD, "slice", "nvidia.com/mig-1g.10gb.me", 1),
            GpuRequest(POD, "shared", "nvidia.com/gpu.shared", 1),
        ),
    )


def test_it_is_the_nodes_own_pods_that_are_asked_for_from_memory(
    server: fakes.Upstream, asked: Any
) -> None:
    asked()
    query = server.requests[0].query
    assert "fieldSelector=spec.nodeName%3Dnode-1%2Cstatus.phase%21%3DSucceeded" in query
    assert "resourceVersion=0" in query


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_holds_nothing(asked: Any, phase: str) -> None:
    one = container(limits={"nvidia.com/gpu": "1"})
    assert asked(pod(one, phase=phase)).items == ((),)
    assert asked(pod(one, phase="Pending")).items != ((),)


def test_of_what_runs_first_only_what_stays_holds(asked: Any) -> None:
    limits = {"limits": {"nvidia.com/gpu": "1"}}
    beside = container("beside", **limits) | {"restartPolicy": "Always"}
    inits = [container("first", **limits), beside]
    (found,) = asked(pod(container(), initContainers=inits)).items
    assert [one.container for one in found] == ["beside"]


@pytest.mark.parametrize("amount", ["lots", "1.5", "-1", "99999", "", 1e300])
def test_an_amount_that_is_none_is_no_request(asked: Any, amount: Any) -> None:
    assert asked(pod(container(limits={"nvidia.com/gpu": amount}))).items == ((),)
