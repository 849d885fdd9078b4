"""Which resources an API serves on which platform, and what discovery says about them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from apps.simulator.kube import extras, nodes, pods
from apps.simulator.kube.metadata import Json, Moment
from apps.simulator.world import Cluster


@dataclass(frozen=True, slots=True)
class Resource:
    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    objects: Callable[[Moment], list[Json]]
    serves: Callable[[Cluster], bool] = lambda cluster: True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


def is_openshift(cluster: Cluster) -> bool:
    return cluster.is_openshift


TABLE = (
    Resource("", "v1", "namespaces", "Namespace", False, nodes.namespaces),
    Resource("", "v1", "nodes", "Node", False, nodes.nodes),
    Resource("", "v1", "pods", "Pod", True, pods.pods),
    Resource("", "v1", "events", "Event", True, pods.events),
    Resource("", "v1", "secrets", "Secret", True, extras.secrets),
    Resource("", "v1", "services", "Service", True, extras.services),
    Resource(
        "apps", "v1", "deployments", "Deployment", True, partial(pods.workloads, kind="Deployment")
    ),
    Resource(
        "apps",
        "v1",
        "statefulsets",
        "StatefulSet",
        True,
        partial(pods.workloads, kind="StatefulSet"),
    ),
    Resource(
        "apps", "v1", "daemonsets", "DaemonSet", True, partial(pods.workloads, kind="DaemonSet")
    ),
    Resource(
        "config.openshift.io",
        "v1",
        "clusterversions",
        "ClusterVersion",
        False,
        extras.cluster_versions,
        is_openshift,
    ),
    Resource("route.openshift.io", "v1", "routes", "Route", True, extras.routes, is_openshift),
    Resource(
        "sriovnetwork.openshift.io",
        "v1",
        "sriovnetworknodepolicies",
        "SriovNetworkNodePolicy",
        True,
        extras.sriov_policies,
        extras.has_radio,
    ),
    Resource(
        "ptp.openshift.io",
        "v1",
        "ptpconfigs",
        "PtpConfig",
        True,
        extras.ptp_configs,
        extras.has_radio,
    ),
)


def served(cluster: Cluster) -> list[Resource]:
    return [resource for resource in TABLE if resource.serves(cluster)]


def find(cluster: Cluster, group: str, version: str, plural: str) -> Resource | None:
    wanted = (group, version, plural)
    return next((r for r in served(cluster) if (r.group, r.version, r.plural) == wanted), None)


def groups(cluster: Cluster) -> list[str]:
    return list(dict.fromkeys(r.group for r in served(cluster) if r.group))


def group_object(group: str) -> Json:
    version = {"groupVersion": f"{group}/v1", "version": "v1"}
    return {"name": group, "versions": [version], "preferredVersion": version}


def discovery(cluster: Cluster, parts: list[str]) -> Json | None:
    """Answer /api, /apis, /apis/GROUP, /api/v1 and /apis/GROUP/v1."""
    match parts:
        case ["api"]:
            addresses = [
                {"clientCIDR": "0.0.0.0/0", "serverAddress": f"{cluster.nodes[0].ip}:6443"}
            ]
            return {
                "kind": "APIVersions",
                "versions": ["v1"],
                "serverAddressByClientCIDRs": addresses,
            }
        case ["apis"]:
            known = [group_object(group) for group in groups(cluster)]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": known}
        case ["apis", group] if group in groups(cluster):
            return {"kind": "APIGroup", "apiVersion": "v1", **group_object(group)}
        case ["api", "v1"]:
            return resource_list(cluster, "")
        case ["apis", group, "v1"] if group in groups(cluster):
            return resource_list(cluster, group)
    return None


def resource_list(cluster: Cluster, group: str) -> Json:
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/v1" if group else "v1",
        "resources": [
            {
                "name": resource.plural,
                "singularName": resource.kind.lower(),
                "namespaced": resource.namespaced,
                "kind": resource.kind,
                "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
            }
            for resource in served(cluster)
            if resource.group == group
        ],
    }
